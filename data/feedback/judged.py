"""Events with what each means for its address: what history and suppressions rest on."""

from __future__ import annotations

import polars as pl

from data.feedback.diagnostics import read_diagnostics
from data.feedback.effect import effect_of_event
from data.feedback.incident import hold_incidents
from data.feedback.machines import machine_clicks


def judge_events(events: pl.DataFrame, providers: pl.DataFrame | None = None) -> pl.DataFrame:
    """Return EVENTS, each once, with the `reason` read in it and its `effect`.

    Effects are delivered, hard, soft, confirmed, or null. Machines' clicks have none, and hard
    bounces of a provider's incident are soft. All is judged from what events say, anew each
    time: better rules read old events too.
    """
    distinct = events.unique(("creditor_id", "event_id"))
    read = distinct.with_columns(reason=read_diagnostics(distinct)).with_columns(effect_of_event())
    by_machine = machine_clicks(read).with_columns(by_machine=pl.lit(value=True))
    told = read.join(by_machine, on=["creditor_id", "event_id"], how="left").with_columns(
        effect=pl.when(pl.col("by_machine").is_null()).then("effect")
    )
    return hold_incidents(told.drop("by_machine"), providers)
