"""The limit of exposure: how many of a list's debts may be expected to be told to a stranger.

Every contact of a list is above the limits of rule L01, and yet many that are only just above them
tell some debts to the wrong person. So the list as a whole is held to a share: who is least likely
the owner gets a notice without debt content instead (decision 0606).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from checks.model import Decision, DecisionReason

EXPOSURE: Final = 0.002
"""Two of a thousand debts, the default limit."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """What the limit did to one list.

    `expected` is the share of the debts still told that are expected to reach a stranger, as the
    model believes; `told` counts them, `noticed` those that became notices.
    """

    limit: float
    expected: float
    told: int
    noticed: int


def limit_exposure(debtors: pl.DataFrame, limit: float) -> tuple[pl.DataFrame, Exposure]:
    """Return one creditor's DECIDED_DEBTORS, in their order, within the limit, and what it took.

    Of the debtors with decision `send` the longest part stays, surest owner first, then amount,
    then debtor id, whose mean of `1 - ownership` is at most `limit`; the others become
    `send_neutral`. Bare list rows, without name and invoice, have no debt to expose; what a person
    decided (rule L22) stays and is not counted. Gate the list first: what it holds tells nothing.

    >>> rows = pl.DataFrame({
    ...     "debtor_id": ["a", "b", "c"], "name": ["Ana", "Bia", "Caio"], "invoices": [1, 1, 1],
    ...     "amount": [10, 20, 30], "decision": ["send"] * 3, "decision_reason": ["confident"] * 3,
    ...     "ownership": [0.97, 0.999, 0.998]})
    >>> limited, exposure = limit_exposure(rows, 0.002)
    >>> limited["decision"].to_list(), exposure.noticed, round(exposure.expected, 4)
    (['send_neutral', 'send', 'send'], 1, 0.0015)
    """
    told = (
        (pl.col("decision") == Decision.SEND)
        & (pl.col("name").is_not_null() | (pl.col("invoices") > 0))
        & (pl.col("decision_reason") != DecisionReason.OVERRIDDEN)
    )
    ranked = _ranked(debtors.filter(told))
    # the mean rises along the rank, so those within the limit come first
    kept = ranked.filter(pl.col("mean").round(9) <= limit)
    exposed = ranked.slice(kept.height)["debtor_id"].implode()
    noticed = told & pl.col("debtor_id").is_in(exposed)
    limited = debtors.with_columns(
        pl.when(noticed)
        .then(pl.lit(Decision.SEND_NEUTRAL.value))
        .otherwise("decision")
        .alias("decision"),
        pl.when(noticed)
        .then(pl.lit(DecisionReason.NEUTRAL_OWNERSHIP.value))
        .otherwise("decision_reason")
        .alias("decision_reason"),
    )
    expected = float(kept["mean"][-1]) if kept.height else 0.0
    return limited, Exposure(limit, expected, kept.height, ranked.height - kept.height)


def _ranked(told: pl.DataFrame) -> pl.DataFrame:
    """Return `debtor_id` and the `mean` risk of all up to it, surest owner first."""
    return (
        told.select("debtor_id", "amount", (1.0 - pl.col("ownership")).alias("risk"))
        .sort("risk", "amount", "debtor_id", descending=[False, True, False], nulls_last=True)
        .with_columns((pl.col("risk").cum_sum() / pl.int_range(1, pl.len() + 1)).alias("mean"))
    )
