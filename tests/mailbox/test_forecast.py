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
    pytest.param(HONEST, Load(100), 0.05, 100, Bound.NOTHING, id="a hundred fit any night"),
    pytest.param(HONEST, Load(30_000), 0.08, 12_000, Bound.REFUSALS, id="refusals an hour"),
    pytest.param(HONEST, Load(30_000), 0.16, 50, Bound.UNKNOWN_SHARE, id="stopped at 10 %"),
    pytest.param(HONEST, Load(300_000), 0.0, 48_000, Bound.TIME, id="nothing but time"),
    # two sentinels and ten refusals of fifty are over 20 %, but fifty is not more than fifty
    pytest.param(UNPROVEN, Load(48), 0.2, 48, Bound.NOTHING, id="a small domain"),
    pytest.param(UNPROVEN, Load(1_000), 0.3, 49, Bound.UNKNOWN_SHARE, id="a large bad domain"),
]


@pytest.mark.parametrize(("whom", "load", "unknown", "a_night", "bound"), LOADS)
def test_a_night_asks_what_its_tightest_bound_lets(
    whom: Provider, load: Load, unknown: float, a_night: int, bound: Bound
) -> None:
    found = forecast_load(load, whom, Courtesy(), unknown=unknown)
    assert (found.a_night, found.bound) == (a_night, bound)


def test_more_addresses_of_everyone_else_share_the_budget() -> None:
    one = forecast_load(Load(2_000, hosts=1), UNPROVEN, Courtesy(), unknown=0.1)
    two = forecast_load(Load(2_000, hosts=2), UNPROVEN, Courtesy(), unknown=0.1)
    assert two.a_night == pytest.approx(2 * one.a_night, abs=2)


@given(
    st.integers(1, 10**6), st.integers(1, 5), st.floats(0, 1), st.sampled_from([HONEST, UNPROVEN])
)
def test_every_load_comes_to_an_end_and_no_night_is_longer_than_itself(
    recipients: int, hosts: int, unknown: float, whom: Provider
) -> None:
    found = forecast_load(Load(recipients, hosts=hosts), whom, Courtesy(), unknown=unknown)
    assert 1 <= found.a_night <= recipients
    assert found.a_night * found.nights >= recipients
    assert found.a_night * (found.nights - 1) < recipients
    assert 0 <= found.hours <= 8
    assert (found.bound is Bound.NOTHING) == (found.nights == 1)
