"""Nights with kills, restarts and blocks on a virtual clock: what the servers saw stays polite."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

import pytest

from checks.mailbox.domain_run import Outcome
from checks.mailbox.plan import Target
from checks.mailbox.recall import remember
from checks.mailbox.settings import Memory
from checks.model import VERDICT_OF, Reason, Verdict
from tests.mailbox.simulation import (
    DAY,
    HOUR,
    PROVIDERS,
    Night,
    Seen,
    World,
    check_limits,
    check_verdicts,
)

PLACES = {"gmail": 0, "uol": 1, "google_workspace": 2, "cpanel_shared": 3, "cisco": 4, "other": 5}
KINDS = ("honest", "honest", "honest", "grey", "all", "flips", "dead", "busy", "drops", "blocks")
SEEDS_AT_ONCE = 100


def make_case(seed: int) -> tuple[random.Random, list[Target], World]:
    """Draw up to eight domains at hosts of every kind, some of them sharing an address."""
    draw = random.Random(seed)  # noqa: S311 - a case, not a secret
    kinds: dict[str, str] = {}
    targets = []
    for number in range(draw.randint(1, 8)):
        provider = draw.choice((*PLACES, "other", "other"))
        known = PROVIDERS.named(provider)
        ips = [f"127.7.{PLACES[provider]}.{draw.randint(1, 3)}" for _ in range(draw.randint(1, 2))]
        for ip in ips:
            kind = draw.choice(KINDS)
            lies = kind == "all" and not known.needs_sentinel  # known not to
            lies |= kind == "flips" and not known.needs_closing_sentinel
            kinds.setdefault(ip, "honest" if lies else kind)
        good, bad = draw.randint(0, 30), draw.randint(0, 12)
        people = [f"ok-{n}@d{number}.example" for n in range(good)]
        people += [f"bad-{n}@d{number}.example" for n in range(bad)]
        draw.shuffle(people)
        targets.append(Target(f"d{number}.example", provider, tuple(ips), tuple(people)))
    return draw, targets, World(kinds, step=draw.choice((0.0, 0.05, 0.7, 11.0)))


def sleep_through(draw: random.Random, night: Night, now: float) -> int:
    """Run a night to its end with up to four kills; return how many sessions they cut."""
    cut = 0
    for _ in range(draw.randint(0, 4)):
        now = night.run(now, events=draw.randint(1, 300)) + draw.uniform(0.01, 100.0)
        cut += night.cut
    night.run(now)
    return cut


def left_over(targets: list[Target], outcomes: Mapping[str, Outcome]) -> list[Target]:
    """Return what a later night asks: whoever has no answer yet."""
    return [
        replace(target, recipients=people)
        for target in targets
        if (
            people := tuple(
                address
                for address in target.recipients
                if VERDICT_OF[outcomes[address].reason] is Verdict.UNKNOWN
            )
        )
    ]


def check_repeats(seen_tonight: Sequence[Seen], cut: int) -> None:
    """Fail where more was asked again than the kills left in doubt."""
    told = Counter(seen.address for seen in seen_tonight if seen.told)
    assert sum(told.values()) - len(told) <= cut


def spend_three_nights(seed: int) -> None:
    draw, targets, world = make_case(seed)
    journals: list[list[Mapping[str, Any]]] = []
    begins = 0.0
    while targets and len(journals) < 3:
        memory = remember(chain.from_iterable(journals), PROVIDERS)
        night = Night(targets, world, memory=memory)
        before = len(world.seen)
        cut = sleep_through(draw, night, begins)
        check_repeats(world.seen[before:], cut)
        assert set(night.outcomes) == {r for target in targets for r in target.recipients}
        check_verdicts(night.outcomes, world)
        journals.append(night.journal)
        targets = left_over(targets, night.outcomes)
        begins += draw.choice((9 * HOUR, DAY, DAY + HOUR))
    check_limits(world)


@pytest.mark.parametrize("block", range(10))
def test_three_nights_with_kills_break_no_limit(block: int) -> None:
    for seed in range(block * SEEDS_AT_ONCE, (block + 1) * SEEDS_AT_ONCE):
        spend_three_nights(seed)


@pytest.mark.long
@pytest.mark.parametrize("block", range(10, 1_000))
def test_a_hundred_thousand_times_three_nights_break_no_limit(block: int) -> None:
    test_three_nights_with_kills_break_no_limit(block)


def one_host(people: str, provider: str = "other") -> list[Target]:
    words = people.split()
    recipients = tuple(f"{word}@firma.example" for word in words)
    return [Target("firma.example", provider, ("127.7.1.1",), recipients)]


def many(word: str, number: int) -> str:
    return " ".join(f"{word}-{n:04}" for n in range(number))


def test_refusals_a_day_are_counted_over_nights() -> None:
    """Twelve hours later the day's hundred refusals are still used up, a day later they are not."""
    world = World({"127.7.1.1": "honest"})
    free = replace(PROVIDERS.named("other").limits, unknown_share=1.0, refusals_per_hour=100)
    lax = replace(
        PROVIDERS,
        by_name={**PROVIDERS.by_name, "other": replace(PROVIDERS.named("other"), limits=free)},
    )
    first = Night(one_host(many("bad", 150)), world, providers=lax)
    first.run(0.0)
    assert sum(seen.refused for seen in world.seen) == 100
    later = Night(
        one_host(many("bad", 150)), world, providers=lax, memory=remember(first.journal, lax)
    )
    later.run(12 * HOUR)
    assert sum(seen.refused for seen in world.seen) == 100
    assert {outcome.reason for outcome in later.outcomes.values()} == {Reason.NOT_ASKED_BUDGET}
    both = [*first.journal, *later.journal]
    next_day = Night(one_host(many("new", 50)), world, providers=lax, memory=remember(both, lax))
    next_day.run(DAY + HOUR)
    assert sum(seen.refused for seen in world.seen) == 150


def test_refusals_an_hour_survive_a_restart() -> None:
    world = World({"127.7.1.1": "honest"}, step=0.05)
    night = Night(one_host(many("bad", 30)), world)
    at = 0.0
    for _ in range(5):
        at = night.run(at, events=40) + 30.0
    night.run(at)
    check_limits(world)
    refused = [seen.at for seen in world.seen if seen.refused]
    assert 30 <= len(refused) <= 35  # each kill may repeat the one that it left in doubt
    assert refused[10] - refused[0] >= HOUR


def test_a_host_that_blocks_us_is_not_called_again_for_a_day() -> None:
    world = World({"127.7.1.1": "blocks"})
    memory = Memory()
    journals: list[Mapping[str, Any]] = []
    for begins in (0.0, HOUR, 9 * HOUR, 23 * HOUR, DAY - 1, DAY + 1):
        night = Night(one_host("ok-1 ok-2"), world, memory=memory)
        night.run(begins)
        assert {o.reason for o in night.outcomes.values()} == {Reason.OUR_SIDE_BLOCKED}
        journals += night.journal
        memory = remember(journals, PROVIDERS)
    assert [one.at for one in world.connections] == [0.0, DAY + 1]


def test_a_provider_that_blocks_us_is_left_alone_at_all_its_addresses() -> None:
    world = World({"127.7.1.1": "blocks", "127.7.2.1": "honest"})
    targets = [
        Target("a.example", "locaweb", ("127.7.1.1",), ("ok-1@a.example",)),
        Target("b.example", "locaweb", ("127.7.2.1",), ("ok-1@b.example",)),
    ]
    first = Night(targets[:1], world)
    first.run(0.0)
    second = Night(targets[1:], world, memory=remember(first.journal, PROVIDERS))
    second.run(HOUR)
    assert len(world.connections) == 1
    assert {o.reason for o in second.outcomes.values()} == {Reason.OUR_SIDE_BLOCKED}


def blocked_everywhere() -> tuple[list[Target], World]:
    """Make three providers that name a blocklist one after the other, and a host that does not."""
    kinds = {"127.7.1.1": "blocks", "127.7.2.1": "blocks", "127.7.3.1": "blocks"}
    names = ("uol", "terra", "gmail")
    targets = [
        Target(f"{name}.example", name, (ip,), (f"ok-1@{name}.example",))
        for name, ip in zip(names, kinds, strict=True)
    ]
    people = tuple(f"ok-{n}@late.example" for n in range(400))
    targets.append(Target("late.example", "google_workspace", ("127.7.9.1",), people))
    return targets, World({**kinds, "127.7.9.1": "honest"}, step=0.3)


def test_three_providers_that_block_us_stop_everything_within_a_second() -> None:
    targets, world = blocked_everywhere()
    night = Night(targets, world)
    night.run(0.0)
    third = sorted(one.until for one in world.connections if one.blocked)[2]
    assert all(one.at <= third + 1.0 for one in world.connections)
    assert Counter(o.reason for o in night.outcomes.values())[Reason.OUR_SIDE_BLOCKED] > 300
    check_limits(world)


@pytest.mark.parametrize("later", [HOUR, 23 * HOUR, 9 * DAY])
def test_the_stop_does_not_end_by_itself(later: float) -> None:
    targets, world = blocked_everywhere()
    night = Night(targets, world)
    night.run(0.0)
    before = len(world.connections)
    again = Night(targets[-1:], world, memory=remember(night.journal, PROVIDERS))
    again.run(later)
    assert len(world.connections) == before


def test_a_provider_with_passes_of_its_own_is_asked_again_after_them() -> None:
    world = World({"127.7.1.1": "grey"})
    mimecast = replace(PROVIDERS.named("mimecast"), retry_after=(301.0,))
    providers = replace(PROVIDERS, by_name={**PROVIDERS.by_name, "mimecast": mimecast})
    night = Night(one_host("bad-1", "mimecast"), world, providers=providers)
    night.run(0.0)
    assert [seen.at for seen in world.seen] == [0.0, 301.0]


def test_sessions_of_one_journal_are_not_taken_for_another_s() -> None:
    """Sessions are named by shard and number, the same every night."""
    world = World({"127.7.1.1": "honest"})
    journals: list[Mapping[str, Any]] = []
    for begins in (0.0, 40 * HOUR):
        night = Night(one_host("bad-1 bad-2"), world)
        night.run(begins)
        journals += night.journal
    asked = remember(journals, PROVIDERS).asked["127.7.1.1"]
    assert [moment for moment, _ in asked] == [seen.at for seen in world.seen]
