"""What somebody who knows the truth says of scores and lists: calibration, and the best list."""

from __future__ import annotations

import datetime as dt
from typing import Final

import numpy as np
import polars as pl

BINS: Final = 15
LEAST_OF_A_CLASS: Final = 100  # with fewer messages a rate would half tell single truths
AGES: Final = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)
"""Bounds in years of the age bands that tell classes apart."""

COARSE: Final = ("provider", "reason")
FINE: Final = (*COARSE, "score_basis", "source", "age", "is_confirmed")
"""Raw observables that make a class of messages; no score is among them."""


def calibration_error(scores: pl.Series, ends: pl.Series, bins: int = BINS) -> float:
    """Return the expected calibration error over bins of equal mass.

    >>> calibration_error(pl.Series([0.9, 0.9]), pl.Series([True, False]), bins=1)
    0.4
    """
    order = scores.arg_sort()
    score, end = scores.gather(order).to_numpy(), ends.gather(order).cast(pl.Float64).to_numpy()
    parts = zip(np.array_split(score, bins), np.array_split(end, bins), strict=True)
    return float(sum(abs(one.mean() - two.mean()) * one.size for one, two in parts) / score.size)


def with_classes(listed: pl.DataFrame, contacts: pl.DataFrame, as_of: dt.date) -> pl.DataFrame:
    """Return debtors of a list (`debtor_id, email, provider, score_basis`) with their classes.

    `contacts` has `debtor_id, email, reason, source, source_date, confirmed_at`.
    """
    seen = pl.max_horizontal("source_date", pl.col("confirmed_at").dt.date())
    years = (pl.lit(as_of) - seen).dt.total_days() / 365.25
    known = contacts.unique(["debtor_id", "email"], keep="any").select(
        "debtor_id",
        "email",
        "reason",
        "source",
        sum(((years > bound).cast(pl.Int64) for bound in AGES), pl.lit(0)).alias("age"),
        pl.col("confirmed_at").is_not_null().alias("is_confirmed"),
    )
    return listed.join(known, on=["debtor_id", "email"], how="left")


def with_true_rates(classed: pl.DataFrame) -> pl.DataFrame:
    """Add `true_rate`: the share of `is_hard` in each class, in its coarse class if it is small."""
    hard = pl.col("is_hard").cast(pl.Float64).mean()
    return classed.with_columns(
        pl.when(pl.len().over(FINE) >= LEAST_OF_A_CLASS)
        .then(hard.over(FINE))
        .otherwise(hard.over(COARSE))
        .alias("true_rate"),
    )


def best_list(rated: pl.DataFrame, limit: float) -> pl.DataFrame:
    """Return the largest part of a list whose `true_rate` keeps the limit, large amounts first.

    >>> rated = pl.DataFrame({"true_rate": [0.04, 0.01, 0.01, 0.1], "amount": [5, 1, 2, 9]})
    >>> best_list(rated, 0.02)["amount"].to_list()
    [2, 1, 5]
    """
    ranked = rated.sort("true_rate", "amount", descending=[False, True], nulls_last=True)
    means = ranked["true_rate"].cum_sum().to_numpy() / np.arange(1, ranked.height + 1)
    return ranked.head(int((means <= limit + 1e-12).sum()))
