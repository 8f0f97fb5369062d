"""Which contact of a debtor is the best one: the same order for choosing and for overriding."""

from __future__ import annotations

from typing import Final

import polars as pl

from checks.model import Decision

DEBTOR_KEY: Final = ["creditor_id", "debtor_id"]

_PREFERENCE: Final = {
    Decision.SEND.value: 0,
    Decision.SEND_NEUTRAL.value: 1,
    Decision.HOLD.value: 2,  # solves itself
    Decision.REVIEW.value: 3,  # costs a person's time
}
"""Decisions that make a contact worth choosing, best first; others leave the debtor without."""


PAYING_DEPARTMENT: Final = 0.05
"""How much less likely to reach its debtor a company's own paying department may be than another
address, and yet be chosen: there a bill is paid (rule L04), elsewhere it is at best passed on."""


def best_first(contacts: pl.DataFrame) -> pl.DataFrame:
    """Return DECIDED contacts by debtor, best first, with the `rank` of their decision.

    Best is the better decision (`rank` null: one that leaves the debtor without), then the higher
    product of both scores, a paying department's raised, then the newer source, then the address.
    """
    rank = pl.col("decision").replace_strict(_PREFERENCE, default=None, return_dtype=pl.Int64)
    paying = pl.col("is_paying").fill_null(value=False).cast(pl.Float64)
    worth = (pl.col("score") * pl.col("ownership") + paying * PAYING_DEPARTMENT).round(9)
    newest = pl.max_horizontal(pl.col("source_date"), pl.col("confirmed_at").dt.date())
    return contacts.with_columns(
        rank.alias("rank"), worth.alias("worth"), newest.alias("newest")
    ).sort(
        *DEBTOR_KEY, "rank", "worth", "newest", "address", "email_raw",
        descending=[False, False, False, True, True, False, False],
        nulls_last=True,
    )  # fmt: skip
