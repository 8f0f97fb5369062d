"""Budgets slide, stop at a share, and three providers that refuse us end all probing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.mailbox.alarm import Alarm
from checks.mailbox.budget import DAY, HOUR, Budget, Window
from data.reference.providers import load_providers

LIMITS = load_providers().named("other").limits  # 10 an hour, 100 a day, 20 % from 50 on


def spent(*refused_at: float, asked: int = 0) -> Budget:
    budget = Budget(LIMITS)
    for moment in sorted([*refused_at, *([0.0] * asked)]):
        budget.count(moment, refused=moment in refused_at)
    return budget


def test_an_hour_of_refusals_opens_again_one_by_one() -> None:
    budget = spent(*(float(n) for n in range(10)))
    assert budget.refusals_left(9.0) == 0
    assert budget.opens_at(9.0) == HOUR
    assert budget.refusals_left(HOUR) == 1
    assert budget.refusals_left(HOUR + 9) == 10


def test_a_day_of_refusals_is_a_limit_of_its_own() -> None:
    budget = Budget(replace(LIMITS, unknown_share=1.0))
    for n in range(100):
        budget.count(n * HOUR / 10, refused=True)
    now = 10 * HOUR
    assert budget.refusals_left(now) == 0
    assert budget.opens_at(now) == DAY


@pytest.mark.parametrize(
    ("asked", "unknown", "stopped"),
    [
        (49, 40, False),  # too few to judge
        (50, 10, False),  # at the limit
        (50, 11, True),
        (200, 41, True),
    ],
)
def test_the_share_of_unknown_recipients_stops_for_a_day(
    asked: int,
    unknown: int,
    *,
    stopped: bool,
) -> None:
    budget = Budget(replace(LIMITS, refusals_per_hour=1_000, refusals_per_day=1_000))
    for n in range(asked):
        budget.count(0.0, refused=n >= asked - unknown)
    assert (budget.refusals_left(1.0) == 0) is stopped
    assert (budget.opens_at(1.0) >= DAY) is stopped
    assert budget.refusals_left(2 * DAY) > 0


def test_before_the_share_is_known_only_so_many_are_asked() -> None:
    assert spent(asked=30).recipients_left(0.0) == 20
    assert spent(asked=50).recipients_left(0.0) is None


@given(st.lists(st.floats(0, 3 * DAY), max_size=60), st.floats(0, 4 * DAY), st.integers(1, 20))
def test_a_window_counts_what_lies_inside_and_knows_when_it_opens(
    moments: list[float],
    later: float,
    limit: int,
) -> None:
    window, ordered = Window(HOUR), sorted(moments)
    for moment in ordered:
        window.add(moment)
    now = (ordered[-1] if ordered else 0.0) + later
    inside = [m for m in ordered if m + HOUR > now]
    assert window.count(now) == len(inside)
    opens = window.opens_at(now, limit)
    assert opens >= now
    assert window.count(opens) < limit


def test_three_providers_within_an_hour_ring_and_two_do_not() -> None:
    alarm = Alarm([(0.0, "uol"), (10.0, "uol"), (20.0, "terra")])
    assert not alarm.rings(HOUR)
    alarm.add(HOUR, "gmail")
    assert alarm.rings(HOUR + 1)
    assert alarm.rings(9 * DAY)  # until a person looks


def test_a_sign_that_is_heard_of_late_rings_from_its_moment_on() -> None:
    alarm = Alarm([(0.0, "uol"), (HOUR, "gmail"), (2 * HOUR, "icloud")])
    assert not alarm.rings(DAY)
    alarm.add(10.0, "terra")
    assert (alarm.rings(HOUR), alarm.rings(HOUR + 1)) == (False, True)
    assert alarm.providers == ["gmail", "icloud", "terra", "uol"]


def test_three_providers_over_a_day_do_not_ring() -> None:
    assert not Alarm([(0.0, "uol"), (2 * HOUR, "terra"), (4 * HOUR, "gmail")]).rings(DAY)
