"""Log-odds that add up: apply steps to a frame, keep each one, give them back as rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from checks.frames import STEPS, empty

TOTAL: Final = "log_odds_so_far"
"""The column that holds the sum while steps are applied; a step's expression may read it."""

SLICE_ROWS: Final = 200_000
"""Rows whose steps exist side by side at a time: thirty numbers a row would fill the memory."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that moves a score.

    `word` is its machine word; with `detail` (a String expression) the stored word is
    `word:detail`. `log_odds` may read `TOTAL`, the sum of the steps before it; null counts as 0.
    A step of 0 is stored only where `said` holds: something was said, and it weighed nothing.
    """

    word: str
    log_odds: pl.Expr
    detail: pl.Expr | None = None
    said: pl.Expr | None = None

    def name(self) -> pl.Expr:
        """Return the expression of the stored word."""
        if self.detail is None:
            return pl.lit(self.word)
        return pl.format("{}:{}", pl.lit(self.word), self.detail)


def logistic(log_odds: pl.Expr) -> pl.Expr:
    """Return the probability of log-odds."""
    return 1.0 / (1.0 + (-log_odds).exp())


def log_odds_of(probability: pl.Expr) -> pl.Expr:
    """Return the log-odds of a probability, kept off 0 and 1 by one in a million."""
    kept = probability.clip(1e-6, 1.0 - 1e-6)
    return (kept / (1.0 - kept)).log()


def scaled(factor: pl.Expr) -> pl.Expr:
    """Return the log-odds that multiply the probability reached so far by a factor."""
    return log_odds_of(logistic(pl.col(TOTAL)) * factor) - pl.col(TOTAL)


def column_of(position: int) -> str:
    """Name the working column of the step at a position."""
    return f"step_{position}"


def scores_of(frame: pl.DataFrame, steps: Sequence[Step], score: str) -> pl.Series:
    """Return the score of each row, rounded to six decimals, named `score`.

    >>> frame = pl.DataFrame({"bounces": [0, 2]})
    >>> two = [Step("prior", pl.lit(2.0)), Step("bounce", pl.col("bounces") * -1.0)]
    >>> scores_of(frame, two, "score").to_list()
    [0.880797, 0.5]
    """
    total = [_applied(part, steps)[TOTAL] for part in frame.iter_slices(SLICE_ROWS)]
    sums = pl.concat(total) if total else pl.Series(TOTAL, [], pl.Float64())
    return sums.to_frame().select(logistic(pl.col(TOTAL)).round(6).alias(score))[score]


def steps_of(
    frame: pl.DataFrame,
    steps: Sequence[Step],
    *,
    score: str,
    debtor_id: pl.Expr,
) -> pl.DataFrame:
    """Return STEPS in the frame's row order: the first step always, others where they are not 0.

    The frame has what the steps read, `creditor_id` and `address`.
    """
    parts = [
        _unroll_slice(_applied(part, steps), steps, score=score, debtor_id=debtor_id)
        for part in frame.iter_slices(SLICE_ROWS)
    ]
    return pl.concat(parts) if parts else empty(STEPS)


def _applied(part: pl.DataFrame, steps: Sequence[Step]) -> pl.DataFrame:
    """Add one `step_<n>` column per step and their sum."""
    part = part.with_columns(pl.lit(0.0).alias(TOTAL))
    for position, step in enumerate(steps):
        column = column_of(position)
        part = part.with_columns(step.log_odds.fill_null(0.0).cast(pl.Float64).alias(column))
        part = part.with_columns(pl.col(TOTAL) + pl.col(column))
    return part


def _unroll_slice(
    part: pl.DataFrame,
    steps: Sequence[Step],
    *,
    score: str,
    debtor_id: pl.Expr,
) -> pl.DataFrame:
    part = part.with_row_index("row").with_columns(pl.lit(0).alias("kept_before"))
    rows = []
    for number, step in enumerate(steps):
        weight = pl.col(column_of(number))
        kept = pl.lit(value=True) if number == 0 else weight != 0.0
        if step.said is not None:
            kept |= step.said
        rows.append(
            part.filter(kept).select(
                "row",
                "creditor_id",
                debtor_id.alias("debtor_id"),
                "address",
                pl.lit(score).alias("score"),
                pl.col("kept_before").cast(pl.Int64).alias("position"),
                step.name().alias("step"),
                weight.alias("log_odds"),
            ),
        )
        part = part.with_columns(pl.col("kept_before") + kept.cast(pl.Int32))
    return pl.concat(rows).sort("row", "position").drop("row")
