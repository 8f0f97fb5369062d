"""How long asking takes, before it is done: bounds by the policy's own numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.mailbox.forecast import Bound, Load, forecast_load
from checks.mailbox.providers import BudgetScope, Courtesy, Honesty, Limits, Provider

CONSUMER = Limits(20, 3, 2, 4, 4, 120, 1_000, BudgetScope.PROVIDER, 0.10, 50)
ELSE = Limits(5, 2, 1, 4, 0, 10, 100, BudgetScope.ADDRESS, 0.20, 50)


def provider(limits: Limits, honesty: Honesty) -> Provider:
    """Return a provider that is asked."""
    return Provider("x", "X", "x", honesty, asked=True, limits=limits)


HONEST = provider(CONSUMER, Honesty.HONEST)
UNPROVEN = provider(ELSE, Honesty.UNPROVEN)

# 8 hours hold 8 x 120 = 960 refusals: at 8 % unknown that is 12,000 recipients.
LOADS = [
    pytest.param(HONEST, Load((0.05,) * 100), 100, Bound.NOTHING, id="a hundred fit any night"),
    pytest.param(HONEST, Load((0.08,) * 30_000), 12_000, Bound.REFUSALS, id="refusals an hour"),
    pytest.param(HONEST, Load((0.16,) * 30_000), 50, Bound.UNKNOWN_SHARE, id="stopped at 10 %"),
    pytest.param(HONEST, Load((0.0,) * 300_000), 48_000, Bound.TIME, id="nothing but time"),
    # two sentinels and ten refusals of fifty are over 20 %, but fifty is not more than fifty
    pytest.param(UNPROVEN, Load((0.2,) * 48), 48, Bound.NOTHING, id="a small domain"),
    pytest.param(UNPROVEN, Load((0.3,) * 1_000), 50, Bound.UNKNOWN_SHARE, id="a bad domain"),
    # 2 % of 900, then half of the rest: 10 % is passed at the 1,081st
    pytest.param(
        HONEST,
        Load((0.02,) * 900 + (0.5,) * 900),
        1_081,
        Bound.UNKNOWN_SHARE,
        id="the likeliest went first",
    ),
    pytest.param(
        HONEST,
        Load((0.5,) * 900 + (0.02,) * 900),
        50,
        Bound.UNKNOWN_SHARE,
        id="the likeliest went last",
    ),
]


@pytest.mark.parametrize(("whom", "load", "first_night", "bound"), LOADS)
def test_a_night_asks_what_its_tightest_bound_lets(
    whom: Provider, load: Load, first_night: int, bound: Bound
) -> None:
    found = forecast_load(load, whom, Courtesy())
    assert (found.by_night[0], found.bound) == (first_night, bound)


def test_more_addresses_of_everyone_else_share_the_budget() -> None:
    one = forecast_load(Load((0.1,) * 2_000, hosts=1), UNPROVEN, Courtesy())
    two = forecast_load(Load((0.1,) * 2_000, hosts=2), UNPROVEN, Courtesy())
    assert two.by_night[0] == pytest.approx(2 * one.by_night[0], abs=2)


@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=3_000),
    st.integers(1, 5),
    st.sampled_from([HONEST, UNPROVEN]),
)
def test_every_load_comes_to_an_end_and_no_night_is_longer_than_itself(
    unknown: list[float], hosts: int, whom: Provider
) -> None:
    found = forecast_load(Load(tuple(unknown), hosts=hosts), whom, Courtesy())
    assert sum(found.by_night) == len(unknown)
    assert min(found.by_night) >= 1
    assert 0 <= found.hours <= 8
    assert (found.bound is Bound.NOTHING) == (found.nights == 1)
