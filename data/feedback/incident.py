"""Provider incidents: a day on which one provider refuses everybody proves nothing of anybody."""

from __future__ import annotations

from typing import Final

import polars as pl

from data.feedback.effect import DELIVERED, HARD, SOFT

LEAST_HARD: Final = 20
"""Hard bounces of a day below which chance explains them."""

LEAST_KNOWN: Final = 100
"""Events of other days below which a provider has no baseline, and nothing is held."""

TIMES_BASELINE: Final = 3.0
"""How far above its own baseline a provider's day of hard bounces counts as an incident."""


def hold_incidents(judged: pl.DataFrame, providers: pl.DataFrame | None = None) -> pl.DataFrame:
    """Return the events with hard bounces of an incident turned soft.

    `judged` is EVENTS with `effect`; `providers` tells `provider` by `domain`, without it a
    domain is its own. A provider's UTC day is an incident where at least 20 hard bounces make
    more than three times the share of its other days. All days are looked at, whichever came
    first, so the order of files does not matter.
    """
    domain = pl.col("address").str.extract("@([^@]+)$")
    place = pl.struct(day=pl.col("occurred_at").dt.date(), provider=pl.col("provider"))
    known = pl.DataFrame(schema={"domain": pl.String, "provider": pl.String})
    rows = judged.with_columns(domain=domain).join(
        providers.select("domain", "provider") if providers is not None else known,
        on="domain",
        how="left",
    )
    rows = rows.with_columns(pl.coalesce("provider", "domain").alias("provider"))
    rows = rows.with_columns(place=place)
    incident = pl.col("place").is_in(_incidents(rows)["place"].implode())
    held = pl.when(incident & (pl.col("effect") == HARD)).then(pl.lit(SOFT))
    return rows.with_columns(effect=held.otherwise("effect")).select(judged.columns)


def _incidents(rows: pl.DataFrame) -> pl.DataFrame:
    counted = rows.filter(pl.col("effect").is_in([DELIVERED, HARD, SOFT]))
    hard = (pl.col("effect") == HARD).sum()
    days = counted.group_by("place", "provider").agg(hard=hard, events=pl.len())
    other_hard = pl.col("hard").sum().over("provider") - pl.col("hard")
    other_events = pl.col("events").sum().over("provider") - pl.col("events")
    share, baseline = pl.col("hard") / pl.col("events"), other_hard / other_events
    return days.filter(
        (pl.col("hard") >= LEAST_HARD)
        & (other_events >= LEAST_KNOWN)
        & (share > TIMES_BASELINE * baseline)
    )
