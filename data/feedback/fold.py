"""Events folded into the history of each address: counts and last times, in any order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from checks.frames import HISTORY, shaped
from data.feedback.effect import CONFIRMED, DELIVERED, HARD, SOFT
from data.feedback.judged import judge_events
from data.tables import EVERY_CREDITOR

_COUNTS: Final = {"delivered": DELIVERED, "soft_bounces": SOFT, "hard_bounces": HARD}
_LAST_TIMES: Final = {
    "last_delivered_at": DELIVERED,
    "last_soft_at": SOFT,
    "last_hard_at": HARD,
    "confirmed_at": CONFIRMED,
}


def fold_history(
    events: pl.DataFrame, creditor_ids: Sequence[str], providers: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Return HISTORY of the given creditors from EVENTS, sorted by creditor and address.

    Events whose creditor is not told ("*") count for each of them. Sums and maxima know no
    order, and an event counts once however often it stands there. `providers` as in
    `hold_incidents`.
    """
    own = _told_apart(events, creditor_ids)
    judged = judge_events(own, providers).drop_nulls("effect")
    effect, when = pl.col("effect"), pl.col("occurred_at")
    folded = judged.group_by("creditor_id", "address").agg(
        *(effect.eq(word).sum().cast(pl.Int64).alias(name) for name, word in _COUNTS.items()),
        *(when.filter(effect.eq(word)).max().alias(name) for name, word in _LAST_TIMES.items()),
    )
    return shaped(folded, HISTORY).sort("creditor_id", "address")


def _told_apart(events: pl.DataFrame, creditor_ids: Sequence[str]) -> pl.DataFrame:
    """Give each creditor its own events and a copy of those that nobody claims."""
    wanted = pl.DataFrame({"creditor_id": list(creditor_ids)}, schema={"creditor_id": pl.String})
    own = events.join(wanted, on="creditor_id", how="semi")
    unclaimed = events.filter(pl.col("creditor_id").eq(EVERY_CREDITOR)).drop("creditor_id")
    copies = unclaimed.join(wanted, how="cross").select(events.columns)
    return pl.concat([own, copies])
