"""The fit itself: what a logistic regression must find, and which width of prior is likelier."""

from __future__ import annotations

import numpy as np
import pytest

from checks.score.newton import Counts, maximise, maximise_widest


def test_of_equal_fits_the_narrow_prior_is_likelier() -> None:
    """Ten groups of a hundred, half of them good: just what the start says."""
    table = np.eye(10)
    half = Counts(sent=np.full(10, 100.0), good=np.full(10, 50.0))
    tilted = Counts(sent=np.full(10, 100.0), good=np.full(10, 90.0))

    def width(counts: Counts) -> float:
        fitted = maximise_widest(
            lambda here: (table @ here, table),
            np.zeros(10),
            [(np.full(10, 0.1), 0.0), (np.ones(10), 0.0)],
            counts,
        )
        return float(fitted.covariance[0, 0])

    assert width(half) < 0.01 < width(tilted)


def test_newton_finds_a_plain_logistic_regression() -> None:
    """Two groups with 3 of 10 and 9 of 10: without pull their log-odds follow from the counts."""
    table = np.eye(2)
    fitted = maximise(
        lambda here: (table @ here, table),
        np.zeros(2),
        np.full(2, 1e3),
        Counts(sent=np.array([10.0, 10.0]), good=np.array([3.0, 9.0])),
    )
    assert fitted.parameters == pytest.approx([np.log(3 / 7), np.log(9)], abs=1e-4)
    assert np.diag(fitted.covariance) == pytest.approx([1 / 2.1, 1 / 0.9], rel=1e-3)
