"""Waiting on the policy clock: it jumps only when everybody waits; connects keep their distance."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TypeVar

import pytest

from checks.mailbox.pace import JumpClock, Pace, PolicyClock, Spacing, WallClock

T = TypeVar("T")


def paced(clock: PolicyClock | None = None) -> Pace:
    return Pace(clock or JumpClock())


def test_a_virtual_clock_waits_for_whoever_still_works() -> None:
    pace, heard = paced(), list[tuple[str, float]]()

    async def waits() -> None:
        await pace.until(100.0)
        heard.append(("waits", pace.now()))

    async def works() -> None:
        await asyncio.sleep(0.05)  # real work: the clock must stand still
        heard.append(("works", pace.now()))

    asyncio.run(gather(pace, waits(), works()))
    assert heard == [("works", 0.0), ("waits", 100.0)]


async def gather(pace: Pace, *workers: Coroutine[object, object, T]) -> list[T]:
    return await pace.gather(workers)


def test_nested_workers_hand_their_place_on() -> None:
    pace = paced()

    async def leaf(moment: float) -> float:
        await pace.until(moment)
        return pace.now()

    async def branch(*moments: float) -> list[float]:
        first = await pace.gather([leaf(moment) for moment in moments])
        await pace.until(1_000.0)
        return [*first, pace.now()]

    assert asyncio.run(gather(pace, branch(5.0, 9.0), branch(7.0))) == [
        [5.0, 9.0, 1_000.0],
        [7.0, 1_000.0],
    ]


def test_the_first_failure_is_raised_as_it_is() -> None:
    pace = paced()

    async def fails() -> None:
        message = "the disk is full"
        raise OSError(message)

    async def waits() -> None:
        await pace.until(9.0)

    with pytest.raises(OSError, match="full"):
        asyncio.run(gather(pace, waits(), fails()))


def turns(pace: Pace, spacing: Spacing, *ips: str) -> list[float]:
    async def turn(ip: str) -> float:
        await spacing.turn(ip)
        return pace.now()

    return asyncio.run(gather(pace, *(turn(ip) for ip in ips)))


def test_connects_to_one_address_are_a_second_apart_in_order() -> None:
    pace = paced()
    assert turns(pace, Spacing(pace, 1.0, {}), "a", "b", "a", "a") == [0.0, 0.0, 1.0, 2.0]


def test_a_connect_before_a_restart_counts() -> None:
    pace = paced(JumpClock(10.0))
    assert turns(pace, Spacing(pace, 1.0, {"a": 9.5}), "a", "b") == [10.5, 10.0]


def test_the_wall_clock_keeps_the_distance_in_real_time() -> None:
    pace = paced(WallClock())
    first, second, third = sorted(turns(pace, Spacing(pace, 0.05, {}), "a", "a", "a"))
    assert second - first >= 0.05
    assert third - second >= 0.05


def test_a_wall_clock_that_is_set_moves_nobody() -> None:
    wall, steady = [1_000_000.0], [50.0]
    clock = WallClock(lambda: wall[0], lambda: steady[0])
    assert clock.now() == 1_000_000.0
    wall[0], steady[0] = 5.0, 51.5  # set back by days, a second and a half later
    assert clock.now() == 1_000_001.5


def test_connects_of_a_clock_that_was_set_back_stop_nobody_for_a_day() -> None:
    pace = paced(JumpClock(1_000.0))
    spacing = Spacing(pace, 1.0, {"192.0.2.1": 90_000.0})
    asyncio.run(gather(pace, spacing.turn("192.0.2.1")))
    assert pace.now() == 1_001.0
