"""The referee: calibration by bins, classes without single truths, the best list."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import polars as pl
import pytest

from sandbox.referee import (
    LEAST_OF_A_CLASS,
    best_list,
    calibration_error,
    with_classes,
    with_true_rates,
)

AS_OF = date(2026, 11, 21)


def test_honest_scores_have_hardly_any_calibration_error() -> None:
    rng = np.random.default_rng(1)
    scores = rng.random(60_000)
    ends = pl.Series(rng.random(60_000) < scores)
    assert calibration_error(pl.Series(scores), ends) < 0.01
    assert calibration_error(pl.Series(scores * 0.5), ends) == pytest.approx(0.25, abs=0.01)


def test_classes_are_told_by_what_anybody_can_see() -> None:
    listed = pl.DataFrame({"debtor_id": ["1", "2"], "email": ["a@x.example", "b@x.example"]})
    contacts = pl.DataFrame(
        {
            "debtor_id": ["1", "2"],
            "email": ["a@x.example", "b@x.example"],
            "reason": ["not_asked_smtp_off"] * 2,
            "source": ["debtor", "bureau"],
            "source_date": [date(2026, 10, 1), None],
            "confirmed_at": [None, datetime(2023, 1, 1, tzinfo=UTC)],
        }
    )
    classed = with_classes(listed, contacts, AS_OF)
    assert classed.select("source", "age", "is_confirmed").rows() == [
        ("debtor", 0, False),
        ("bureau", 5, True),
    ]


def test_small_classes_do_not_tell_single_truths() -> None:
    """Seven at a rare source all bounce: the oracle knows its provider's rate and not theirs."""
    common = LEAST_OF_A_CLASS * 2
    classed = pl.DataFrame(
        {
            "provider": "gmail",
            "reason": "not_asked_smtp_off",
            "score_basis": "prior",
            "source": ["debtor"] * common + ["bureau"] * 7,
            "age": 0,
            "is_confirmed": False,
            "is_hard": [row % 10 == 0 for row in range(common)] + [True] * 7,
        }
    )
    rates = with_true_rates(classed).group_by("source").agg(pl.col("true_rate").first())
    found = dict(rates.iter_rows())
    assert found["debtor"] == pytest.approx(0.1)
    assert found["bureau"] == pytest.approx(27 / 207)


def test_the_best_list_is_the_longest_that_keeps_the_limit() -> None:
    rated = pl.DataFrame({"true_rate": [0.0, 0.01, 0.05, 0.06], "amount": [1, 2, 3, 4]})
    assert best_list(rated, 0.02)["amount"].to_list() == [1, 2, 3]
    assert best_list(rated.clear(), 0.02).is_empty()
