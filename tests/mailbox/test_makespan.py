"""The bound by hand-counted cases, a timelapse that leaps, and a night that comes close to both."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.makespan import Load, Part, spend
from benchmarks.policy_bound import BUSINESS, CONSUMER, ELSE, Domain, least_time
from sandbox.timelapse import Timelapse

YES, NO = True, False


def domain(exists: str, row: object = ELSE, **more: object) -> Domain:
    known = Domain("owner", ELSE, "192.0.2.1", tuple(letter == "y" for letter in exists))
    return replace(known, row=row, **more)


SENTINELS = [
    pytest.param(domain("yyy"), (YES, NO, YES, YES, NO), id="one after the first, one at the end"),
    pytest.param(domain("y"), (YES, NO), id="one is first and last"),
    pytest.param(domain("ny"), (NO, YES, NO), id="a refusal before the first spares one"),
    pytest.param(domain("yyn"), (YES, NO, YES, NO), id="a refusal at the end spares the last"),
    pytest.param(domain("yn"), (YES, NO, NO), id="who comes next is not known beforehand"),
    pytest.param(domain("nn"), (NO, NO), id="nobody there, none needed"),
    pytest.param(domain("yy", BUSINESS), (YES, NO, YES), id="business hosts: only the first"),
    pytest.param(domain("yy", CONSUMER), (YES, YES), id="honest consumers: none"),
]


@pytest.mark.parametrize(("of", "asked"), SENTINELS)
def test_a_domain_is_asked_with_the_sentinels_that_the_table_demands(
    of: Domain, asked: tuple[bool, ...]
) -> None:
    assert of.asks() == asked


BOUNDS = [
    # 12 RCPTs of 5 a session: three sessions, two seconds apart, the last of 5 replies
    pytest.param([domain("y" * 10)], 2.25, "spacing", id="spacing"),
    # 6 refusals of 2 a session: three sessions
    pytest.param([domain("n" * 6)], 2.25, "spacing", id="refusals end sessions"),
    # one connection: 2 refusals of 5 s and 6 replies in all
    pytest.param([domain("nn", per_refusal=5.0)], 10.3, "connections", id="slow hosts"),
    # ten refusals an hour: who has used them up asks nobody
    pytest.param([domain("n" * 11)], 3_600.25, "refusals an hour", id="an hour's refusals"),
    pytest.param([domain("n" * 10)], 4.25, "spacing", id="exactly an hour's refusals"),
    pytest.param([domain("n" * 10 + "y")], 3_600.25, "refusals an hour", id="one may be refused"),
    pytest.param([domain("n", put_off=360.0)], 360.25, "greylisting", id="put off once"),
    pytest.param([domain("y", put_off=360.0)], 720.25, "greylisting", id="its sentinel too"),
]


@pytest.mark.parametrize(("domains", "seconds", "why"), BOUNDS)
def test_the_bound_is_what_can_be_counted_by_hand(
    domains: list[Domain], seconds: float, why: str
) -> None:
    bound = least_time(domains, 0.05)
    assert bound.seconds == pytest.approx(seconds)
    assert bound.why.startswith(why)


def test_a_provider_has_four_connections_over_all_its_addresses() -> None:
    many = [
        replace(domain("y" * 200, CONSUMER), address=f"192.0.2.{n}", owner="gmail")
        for n in range(9)
    ]
    bound = least_time(many, 1.0)
    assert bound.seconds == pytest.approx(9 * (200 + 10 * 4) / 4)
    assert bound.why == "connections at gmail"


def test_a_timelapse_leaps_over_waits_and_keeps_their_order() -> None:
    heard: list[tuple[str, float]] = []

    async def wait(name: str, seconds: float) -> None:
        await asyncio.sleep(seconds)
        heard.append((name, timelapse.clock.now()))

    async def main() -> None:
        await asyncio.gather(wait("day", 86_400.0), wait("minute", 60.0))
        await timelapse.clock.sleep_until(100_000.0)

    with Timelapse(0.0) as timelapse:
        timelapse.run(main())
        assert timelapse.clock.now() == pytest.approx(100_000.0)
    assert heard == [("minute", pytest.approx(60.0)), ("day", pytest.approx(86_400.0))]


NIGHTS = [
    pytest.param((Part("exim", 20, 10, 0.3),), id="small hosts"),
    pytest.param((Part("gmail", 1, 400, 0.03),), id="a big provider"),
    pytest.param((Part("hostinger_titan", 12, 12, 0.08),), id="many domains at one host"),
    pytest.param((Part("exchange", 6, 8, 0.25),), id="slow hosts"),
    pytest.param((Part("postgrey", 10, 8, 0.2),), id="greylisting"),
]


@pytest.mark.parametrize("parts", NIGHTS)
def test_a_night_takes_hardly_longer_than_the_policy_demands(
    parts: tuple[Part, ...], tmp_path: Path
) -> None:
    load = Load(parts)
    night = spend(load, 0.05, tmp_path)
    assert night.makespan <= 1.15 * least_time(load.domains(), 0.05).seconds
    assert (night.wrong, night.violations) == (0, 0)
    assert night.verdicts["unknown"] == 0
