"""A person's decision in place of the rules', with name and reason kept elsewhere (rule L22).

LGPD art. 20 gives the debtor a person's look at an automated decision; this is what that person's
answer does. It goes over judgement, never over law: where a debtor or a mailbox is suppressed
(rules L12, L15) nobody is written to, and what the law wants named or proven first (L13, L16) is
set in the configuration, not overridden.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from checks.model import Decision, DecisionReason
from checks.score.choice import DEBTOR_KEY, best_first

OVERRIDES: Final = pl.Schema(
    {
        "creditor_id": pl.String(),
        "debtor_id": pl.String(),
        "wanted": pl.String(),  # a Decision
    },
)
"""What persons decided, one row per debtor; only overrides that hold at the run's moment."""

OVERRIDING_RULE: Final = "L22"
_SILENCE: Final = ("L12", "L15")
_LAW: Final = (*_SILENCE, "L13", "L16")
_SENDABLE: Final = (Decision.SEND.value, Decision.SEND_NEUTRAL.value)


def override_contacts(decided: pl.DataFrame, overrides: pl.DataFrame) -> pl.DataFrame:
    """Return DECIDED contacts with what OVERRIDES say of their debtors, in the same order.

    To be written to, a debtor needs a contact of possible shape that no law forbids: the best
    such one is taken, and with `send_neutral` no other keeps a `send`. Any other decision holds
    for all contacts of the debtor that the law has not silenced.
    """
    facts = decided.join(overrides, on=DEBTOR_KEY, how="left", maintain_order="left")
    wanted, sendable = pl.col("wanted"), pl.col("wanted").is_in(_SENDABLE)
    may_be_written_to = pl.col("email").is_not_null() & ~pl.col("rule").is_in(_LAW)
    best = (
        best_first(facts.filter(sendable & may_be_written_to))
        .unique(DEBTOR_KEY, keep="first", maintain_order=True)
        .select(*DEBTOR_KEY, "email_raw", pl.lit(value=True).alias("is_best"))
    )
    facts = facts.join(best, on=[*DEBTOR_KEY, "email_raw"], how="left", maintain_order="left")
    stronger = (wanted == Decision.SEND_NEUTRAL) & (pl.col("decision") == Decision.SEND)
    takes = (
        pl.when(sendable)
        .then(pl.col("is_best").fill_null(value=False) | stronger)
        .otherwise(wanted.is_not_null() & ~pl.col("rule").is_in(_SILENCE))
    )
    return facts.with_columns(
        pl.when(takes).then(wanted).otherwise("decision").alias("decision"),
        pl.when(takes)
        .then(pl.lit(DecisionReason.OVERRIDDEN.value))
        .otherwise("decision_reason")
        .alias("decision_reason"),
        pl.when(takes).then(pl.lit(OVERRIDING_RULE)).otherwise("rule").alias("rule"),
    ).select(decided.columns)


def decided_by_person(overrides: pl.DataFrame) -> pl.DataFrame:
    """Return the OVERRIDES that keep a debtor from being written to: they need no contact."""
    return overrides.filter(~pl.col("wanted").is_in(_SENDABLE))


def without_effect(debtors: pl.DataFrame, overrides: pl.DataFrame) -> pl.DataFrame:
    """Return the OVERRIDES that DECIDED_DEBTORS do not show: the law or a missing address.

    Debtors that are not in the portfolio are not named.
    """
    unchanged = debtors.filter(pl.col("decision_reason") != DecisionReason.OVERRIDDEN)
    return overrides.join(unchanged, on=DEBTOR_KEY, how="semi", maintain_order="left")
