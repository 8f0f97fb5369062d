"""Clicks that no person made: link scanners follow at once, and follow every link."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import polars as pl

from data.feedback.effect import DELIVERED

LEAST_READING: Final = timedelta(seconds=2)
"""Less time after the delivery than a person needs to open a message and find its link."""

BURST: Final = timedelta(seconds=1)
"""Clicks no further apart than this are one burst; a burst on several links is a scanner's."""

_WHO: Final = ("creditor_id", "address")
_CLICKS: Final = ("clicked", "downloaded")


def machine_clicks(judged: pl.DataFrame) -> pl.DataFrame:
    """Return `creditor_id, event_id` of the clicks and downloads in EVENTS that machines made.

    All events are looked at together, so the order in which they came does not matter. `judged`
    has `effect`; links are told apart by `diagnostic`, which holds their hashes.
    """
    clicks = judged.filter(pl.col("event").is_in(_CLICKS)).sort(*_WHO, "occurred_at", "event_id")
    at_once = _soon_after_delivery(clicks, judged.filter(pl.col("effect") == DELIVERED))
    return pl.concat([at_once, _bursts(clicks)]).unique()


def _soon_after_delivery(clicks: pl.DataFrame, deliveries: pl.DataFrame) -> pl.DataFrame:
    delivered = deliveries.select(*_WHO, occurred_at="occurred_at", delivered_at="occurred_at")
    paired = clicks.sort("occurred_at").join_asof(
        delivered.sort("occurred_at"), on="occurred_at", by=list(_WHO), check_sortedness=False
    )
    soon = pl.col("occurred_at") - pl.col("delivered_at") < LEAST_READING
    return paired.filter(soon).select("creditor_id", "event_id")


def _bursts(clicks: pl.DataFrame) -> pl.DataFrame:
    apart = pl.col("occurred_at").diff().over(_WHO) > BURST
    bursts = clicks.with_columns(burst=apart.fill_null(value=True).cum_sum())
    several = pl.col("diagnostic").n_unique().over(*_WHO, "burst") > 1
    return bursts.filter(several).select("creditor_id", "event_id")
