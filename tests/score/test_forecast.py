"""The predicted hard-bounce rate against the exact distribution and against chance."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.score import Loss, predict_bounces
from data.reference.score import load_score_model

if TYPE_CHECKING:
    from numpy.typing import NDArray

NOTHING = {"asked": 0.0, "history": 0.0, "prior": 0.0}
SURE = replace(load_score_model(), spread=NOTHING, loss=Loss(NOTHING, permanent=1.0))
"""Scores that no class is wrong about, in a world in which every loss is a hard bounce."""


def listed(scores: NDArray[np.float64] | list[float], basis: str = "asked") -> pl.DataFrame:
    return pl.DataFrame({"score": np.asarray(scores, dtype=np.float64)}).with_columns(
        pl.format("{}@gmail.com", pl.int_range(pl.len())).alias("email"),
        pl.lit("gmail").alias("provider"),
        pl.lit(basis).alias("score_basis"),
    )


def exact_quantile(scores: NDArray[np.float64], share: float) -> int:
    """Return the quantile of the number of bounces by convolving one message after another."""
    chances = np.array([1.0])
    for score in scores:
        chances = np.convolve(chances, [score, 1.0 - score])
    return int(np.searchsorted(np.cumsum(chances), share))


CASES = [
    # messages, lowest score, highest score
    (20, 0.90, 0.99),
    (100, 0.95, 0.999),
    (300, 0.98, 0.999),
    (500, 0.80, 0.99),
    (1000, 0.97, 0.999),
    (1000, 0.999, 0.9999),  # a single bounce expected
]


@pytest.mark.parametrize(("messages", "lowest", "highest"), CASES)
def test_the_interval_agrees_with_the_exact_distribution_to_a_message(
    messages: int,
    lowest: float,
    highest: float,
) -> None:
    scores = np.linspace(highest, lowest, messages)
    predicted = predict_bounces(listed(scores), SURE)
    assert abs(predicted.low * messages - exact_quantile(scores, 0.025)) <= 1.0 + 1e-9
    assert abs(predicted.high * messages - exact_quantile(scores, 0.975)) <= 1.0 + 1e-9
    assert predicted.rate == pytest.approx(1.0 - scores.mean())


def test_observed_rates_lie_within_the_interval_as_often_as_it_says() -> None:
    """With 200 seeds, 95 % of them give between 91 and 98.5 % (two standard deviations)."""
    rng = np.random.default_rng(20261120)
    scores = rng.uniform(0.93, 0.999, 5000)
    predicted = predict_bounces(listed(scores), SURE)
    inside = [
        predicted.low <= (rng.random(5000) > scores).mean() <= predicted.high for _ in range(200)
    ]
    assert 0.91 <= np.mean(inside) <= 0.985
    binomial = 2 * 1.96 * np.sqrt(predicted.rate * (1 - predicted.rate) / 5000)
    assert predicted.high - predicted.low <= 1.5 * binomial


def test_what_a_class_may_be_wrong_by_widens_the_interval() -> None:
    scores = np.full(10_000, 0.98)
    sure = predict_bounces(listed(scores), SURE)
    unsure = predict_bounces(
        listed(scores, "prior"), replace(SURE, spread={**NOTHING, "prior": 0.25})
    )
    assert unsure.rate == sure.rate
    assert unsure.high - unsure.low > 2 * (sure.high - sure.low)


@pytest.mark.parametrize("debtors", [2, 5, 40])
def test_messages_to_one_mailbox_bounce_together(debtors: int) -> None:
    """A thousand mailboxes of several debtors each are as unsure as a thousand messages."""
    rng = np.random.default_rng(debtors)
    scores = rng.uniform(0.93, 0.999, 1000)
    alone = predict_bounces(listed(scores), SURE)
    together = pl.concat([listed(scores)] * debtors).sample(fraction=1.0, shuffle=True, seed=1)
    shared = predict_bounces(together, SURE)
    assert shared.rate == pytest.approx(alone.rate)
    assert shared.low == pytest.approx(alone.low, abs=1e-3)
    assert shared.high == pytest.approx(alone.high, abs=1e-3)


def test_whether_loss_is_put_off_matters_only_where_some_of_it_must_be_dead() -> None:
    """Of mailboxes so good that all loss may be temporary it leaves nothing open how much is."""
    loss = Loss({"asked": 0.01, "history": 0.01, "prior": 0.01}, 0.9, {"asked": 0.5})
    doubting, sure = (replace(SURE, loss=each) for each in (loss, replace(loss, doubt={})))
    good, worse = listed(np.full(10_000, 0.995)), listed(np.full(10_000, 0.95))
    assert predict_bounces(good, doubting) == predict_bounces(good, sure)
    assert predict_bounces(worse, doubting).high > predict_bounces(worse, sure).high


def test_an_empty_list_has_nothing_to_bounce() -> None:
    assert predict_bounces(listed([]), SURE).messages == 0


@settings(max_examples=60, deadline=None)
@given(scores=st.lists(st.floats(0.0, 1.0), min_size=1, max_size=60))
def test_the_expected_rate_lies_inside_its_interval(scores: list[float]) -> None:
    predicted = predict_bounces(listed(scores), SURE)
    assert 0.0 <= predicted.low <= predicted.high <= 1.0
    one = 1.0 / len(scores)
    assert predicted.low - one <= predicted.rate <= predicted.high + one
