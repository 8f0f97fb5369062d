"""Mailboxes that nobody empties: full again and again, and nothing gets in between."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import polars as pl

from checks.model import DecisionReason, Reason
from data.feedback.effect import DELIVERED

TIMES_FULL: Final = 3
"""On so many different days, within `WINDOW`, before a mailbox counts as abandoned."""

WINDOW: Final = timedelta(days=30)
REST: Final = timedelta(days=90)
"""How long an abandoned mailbox is let alone: the owner may come back."""

_WHO: Final = ("creditor_id", "address")


def abandoned_mailboxes(judged: pl.DataFrame) -> pl.DataFrame:
    """Return `creditor_id, address, reason, since, until` of mailboxes found full three times.

    `judged` is EVENTS with `reason` and `effect`. Reports of one day count once, for a bounce may
    be told twice; a delivery after the first of the three days shows an owner.
    """
    when = pl.col("occurred_at")
    full = judged.filter(pl.col("reason") == Reason.MAILBOX_FULL.value)
    days = full.group_by(*_WHO, when.dt.date().alias("day")).agg(since=when.max())
    first = pl.col("since").shift(TIMES_FULL - 1).over(_WHO)
    delivered = (
        judged.filter(pl.col("effect") == DELIVERED).group_by(_WHO).agg(delivered=when.max())
    )
    return (
        days.sort(*_WHO, "day")
        .with_columns(first=first)
        .filter(pl.col("since") - pl.col("first") <= WINDOW)
        .join(delivered, on=_WHO, how="left")
        .filter(pl.col("delivered").is_null() | (pl.col("delivered") < pl.col("first")))
        .group_by(_WHO)
        .agg(since=pl.col("since").max())
        .with_columns(
            reason=pl.lit(DecisionReason.SUPPRESS_BOUNCED.value), until=pl.col("since") + REST
        )
    )
