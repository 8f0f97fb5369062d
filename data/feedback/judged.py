"""Events with what each means for its address, incidents held: what history and lists rest on."""

from __future__ import annotations

import polars as pl

from data.feedback.effect import effect_of_event
from data.feedback.incident import hold_incidents


def judge_events(events: pl.DataFrame, providers: pl.DataFrame | None = None) -> pl.DataFrame:
    """Return EVENTS, each once, with `effect`: delivered, hard, soft, confirmed, or null."""
    distinct = events.unique(("creditor_id", "event_id"))
    return hold_incidents(distinct.with_columns(effect_of_event()), providers)
