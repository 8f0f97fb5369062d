"""The planner against random worlds on a virtual clock: no limit broken, nobody forgotten.

Sessions are held by the real conversation against a scripted world without sockets; what the
servers saw is checked against the table of limits by arithmetic of its own.
"""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from checks.mailbox.domain_run import Outcome
from checks.mailbox.plan import Target, make_plan, network_of
from checks.mailbox.settings import Memory
from checks.mailbox.shard_run import ShardRun, Wave
from checks.model import Reason
from tests.mailbox.simulation import (
    DAY,
    HOUR,
    PROVIDERS,
    RULES,
    SETTINGS,
    Night,
    World,
    check_limits,
    check_verdicts,
)

NAMES = ["gmail", "uol", "google_workspace", "cpanel_shared", "cisco", "other", "other", "other"]
HONEST = {"gmail", "uol"}
KINDS = ["honest", "honest", "grey", "all", "flips", "dead", "busy", "drops", "blocks"]


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Target], World]:
    kinds: dict[str, str] = {}
    targets = []
    for number in range(draw(st.integers(1, 12))):
        provider = draw(st.sampled_from(NAMES))
        block = NAMES.index(provider)
        hosts = draw(st.lists(st.integers(1, 3), min_size=1, max_size=2, unique=True))
        ips = tuple(f"127.7.{block}.{host}" for host in hosts)
        for ip in ips:
            kind = draw(st.sampled_from(KINDS))
            lies = kind == "all" and provider in HONEST  # known not to
            lies |= kind == "flips" and not PROVIDERS.named(provider).needs_closing_sentinel
            kinds.setdefault(ip, "honest" if lies else kind)
        good, bad = draw(st.integers(0, 60)), draw(st.integers(0, 40))
        people = tuple(
            [f"ok-{n}@d{number}.example" for n in range(good)]
            + [f"bad-{n}@d{number}.example" for n in range(bad)]
        )
        targets.append(Target(f"d{number}.example", provider, ips, people))
    return targets, World(kinds, step=draw(st.sampled_from([0.0, 0.05, 0.7])))


def probe_all(targets: list[Target], world: World) -> dict[str, Outcome]:
    night = Night(targets, world)
    night.run(0.0)
    return night.outcomes


@settings(max_examples=60, deadline=None)
@given(worlds())
def test_everybody_gets_one_outcome_and_no_limit_is_broken(
    case: tuple[list[Target], World],
) -> None:
    targets, world = case
    outcomes = probe_all(targets, world)
    assert set(outcomes) == {r for t in targets for r in t.recipients}
    check_verdicts(outcomes, world)
    check_limits(world)


def test_the_same_world_gives_the_same_outcomes_whatever_the_order_of_targets() -> None:
    people = tuple(
        f"{w}-{n}@d{d}.example" for d in range(6) for n in range(9) for w in ("ok", "bad")
    )
    targets = [
        Target(f"d{d}.example", "other", (f"127.7.1.{d % 2}",), people[d * 18 : d * 18 + 18])
        for d in range(6)
    ]
    world = {"127.7.1.0": "grey", "127.7.1.1": "honest"}
    forward = probe_all(targets, World(dict(world)))
    backward = probe_all(targets[::-1], World(dict(world)))
    assert forward == backward


def one(provider: str, kind: str, people: str, **kinds: str) -> tuple[dict[str, str], World]:
    """Probe one domain at one address; return reasons by local part."""
    world = World({"127.7.1.1": kind, **kinds})
    target = Target(
        "firma.example",
        provider,
        tuple(world.kinds),
        tuple(f"{p}@firma.example" for p in people.split()),
    )
    outcomes = probe_all([target], world)
    return {a.split("@")[0]: o.reason.value for a, o in outcomes.items()}, world


def test_an_honest_consumer_is_asked_no_sentinel() -> None:
    reasons, world = one("gmail", "honest", "ok-1 ok-2")
    assert set(reasons.values()) == {"mailbox_accepted"}
    assert len(world.seen) == 2


def test_a_business_host_is_asked_one_sentinel_a_domain() -> None:
    reasons, world = one("google_workspace", "honest", "ok-1 ok-2 ok-3")
    assert set(reasons.values()) == {"mailbox_accepted"}
    assert len(world.seen) == 4


def test_everyone_else_is_asked_a_sentinel_first_and_last() -> None:
    reasons, world = one("other", "honest", "ok-1 ok-2 ok-3")
    assert set(reasons.values()) == {"mailbox_accepted"}
    assert len(world.seen) == 5


def test_a_refused_recipient_spares_the_sentinel() -> None:
    reasons, world = one("google_workspace", "honest", "bad-1 ok-1 ok-2")
    assert reasons == {
        "bad-1": "mailbox_not_found",
        "ok-1": "mailbox_accepted",
        "ok-2": "mailbox_accepted",
    }
    assert len(world.seen) == 3


def test_a_host_that_accepts_all_is_asked_no_more_than_needed() -> None:
    reasons, world = one("other", "all", "ok-1 ok-2 ok-3 bad-4 bad-5 bad-6")
    assert set(reasons.values()) == {"accepts_all"}
    assert len(world.seen) == 2


def test_a_host_that_turns_to_accepting_all_is_found_out() -> None:
    reasons, world = one("cisco", "flips", "ok-1 ok-2 ok-3")
    # The first sentinel was refused after ok-1; the closing one is accepted.
    assert reasons == {
        "ok-1": "mailbox_accepted",
        "ok-2": "acceptance_unproven",
        "ok-3": "acceptance_unproven",
    }
    assert len(world.connections) == 1


def test_greylisting_is_waited_out_in_the_same_run() -> None:
    reasons, world = one("other", "grey", "ok-1 bad-2")
    assert reasons == {"ok-1": "mailbox_accepted", "bad-2": "mailbox_not_found"}
    assert max(s.at for s in world.seen) >= 300


def test_the_next_mx_is_asked_where_the_first_is_dead() -> None:
    reasons, _ = one("other", "dead", "ok-1 bad-2", **{"127.7.2.1": "honest"})
    assert reasons == {"ok-1": "mailbox_accepted", "bad-2": "mailbox_not_found"}


def test_the_next_mx_is_not_asked_where_the_first_refuses_us() -> None:
    reasons, world = one("other", "blocks", "ok-1 bad-2", **{"127.7.2.1": "honest"})
    assert set(reasons.values()) == {"our_side_blocked"}
    assert len(world.connections) == 1


def test_a_blocked_host_is_left_alone_by_later_runs_too() -> None:
    shard = make_plan(
        [Target("firma.example", "other", ("127.7.1.1",), ("ok-1@firma.example",))], PROVIDERS
    ).shards[0]
    ruling = RULES.enhanced["5.7"].ruling
    memory = Memory(blocked={"127.7.1.1": (DAY, ruling)})
    run = ShardRun(shard, PROVIDERS, SETTINGS, memory, 0.0)
    assert run.next_move(0.0) is None
    assert [o.reason for o in run.outcomes()] == [ruling.reason]


def test_budgets_of_earlier_runs_still_count() -> None:
    shard = make_plan(
        [Target("firma.example", "other", ("127.7.1.1",), ("ok-1@firma.example",))], PROVIDERS
    ).shards[0]
    memory = Memory(asked={"127.7.1.1": tuple((-60.0 * n, True) for n in range(10, 0, -1))})
    run = ShardRun(shard, PROVIDERS, SETTINGS, memory, 0.0)
    assert run.next_move(0.0) == -600.0 + HOUR


def test_a_fresh_sentinel_of_an_earlier_run_is_not_asked_again() -> None:
    target = Target("firma.example", "google_workspace", ("127.7.1.1",), ("ok-1@firma.example",))
    memory = Memory(proven={("127.7.1.1", "firma.example"): -29 * DAY})
    world = World({"127.7.1.1": "honest"})
    night = Night([target], world, memory=memory)
    night.run(0.0)
    assert [o.reason for o in night.outcomes.values()] == [Reason.MAILBOX_ACCEPTED]
    assert len(world.seen) == 1


def test_no_more_is_asked_once_probing_was_stopped() -> None:
    target = Target("firma.example", "other", ("127.7.1.1",), ("ok-1@firma.example",))
    run = ShardRun(make_plan([target], PROVIDERS).shards[0], PROVIDERS, SETTINGS, Memory(), 0.0)
    assert run.next_move(0.0, stopped=True) is None
    assert [o.reason for o in run.outcomes()] == [Reason.OUR_SIDE_BLOCKED]


def test_addresses_beyond_the_night_are_left_to_the_budget() -> None:
    reasons, world = one("uol", "honest", " ".join(f"bad-{n}" for n in range(400)))
    assert Counter(reasons.values())["not_asked_budget"] > 300
    assert len(world.seen) < 60


def test_one_network_is_one_shard_and_named_providers_are_another() -> None:
    targets = [
        Target("a.example", "other", ("127.7.1.1",), ("x@a.example",)),
        Target("b.example", "other", ("127.7.1.200",), ("x@b.example",)),
        Target("c.example", "other", ("127.7.2.1",), ("x@c.example",)),
        Target("d.example", "gmail", ("127.7.3.1",), ("x@d.example",)),
        Target("e.example", "gmail", ("127.7.4.1",), ("x@e.example",)),
        Target("f.example", "other", ("127.7.9.1", "127.7.4.9"), ("x@f.example",)),
    ]
    shards = make_plan(targets, PROVIDERS).shards
    assert [[t.domain for t in shard.targets] for shard in shards] == [
        ["a.example", "b.example"],
        ["c.example"],
        ["d.example", "e.example", "f.example"],  # f's backup lies in Gmail's network
    ]


def test_many_mx_names_at_one_address_are_one_address() -> None:
    target = Target("a.example", "other", ("127.7.1.1",) * 50, ("ok-1@a.example",))
    far = Target("b.example", "other", tuple(f"127.8.{n}.1" for n in range(50)), ("ok@b.example",))
    plan = make_plan([target, far], PROVIDERS)
    assert [t.mx_addresses for s in plan.shards for t in s.targets] == [
        ("127.7.1.1",),
        tuple(f"127.8.{n}.1" for n in range(5)),
    ]


def test_a_network_is_burdened_by_four_connections_at_most() -> None:
    targets = [
        Target(f"d{n}.example", "other", (f"127.7.1.{n}",), (f"ok-1@d{n}.example",))
        for n in range(9)
    ]
    run = ShardRun(make_plan(targets, PROVIDERS).shards[0], PROVIDERS, SETTINGS, Memory(), 0.0)
    wave = run.next_move(0.0)
    assert isinstance(wave, Wave)
    assert len(wave.sessions) == 4
    assert {network_of(plan.mx_address) for plan in wave.sessions} == {"127.7.1.0/24"}
