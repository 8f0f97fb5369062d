"""Which addresses must not be written to again, by what was reported of them."""

from __future__ import annotations

from typing import Final

import polars as pl

from checks.frames import SUPPRESSIONS, shaped
from checks.model import DecisionReason
from data.feedback.abandoned import abandoned_mailboxes
from data.feedback.effect import DELIVERED, HARD
from data.feedback.judged import judge_events
from data.hashing import keyed_hash
from data.tables import EVERY_CREDITOR

FROM_EVENTS: Final = "events"
"""The `source` of suppressions that events caused."""

_WISHES: Final = {
    "complained": DecisionReason.SUPPRESS_COMPLAINT.value,
    "unsubscribed": DecisionReason.SUPPRESS_OPT_OUT.value,
    "wrong_person": DecisionReason.SUPPRESS_WRONG_PERSON.value,
}


def suppressions_from(
    events: pl.DataFrame, hash_key: bytes, providers: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Return SUPPRESSIONS that EVENTS cause, sorted by creditor and key.

    A complaint, an opt-out and a wrong person silence the address for every creditor (L15), from
    the first report on. A hard bounce suppresses it for the event's creditor, unless something
    was delivered there later; bounces of a provider's incident do not (`providers` as in
    `hold_incidents`). A mailbox that nobody empties rests for a while. Give all events known: the
    result depends on no order.
    """
    judged = judge_events(events, providers)
    bounced = _bounces(judged)
    abandoned = abandoned_mailboxes(judged).join(bounced, on=["creditor_id", "address"], how="anti")
    found = pl.concat([_wishes(judged), bounced, abandoned], how="diagonal")
    return shaped(
        found.with_columns(
            subject=pl.lit("address"),
            key=keyed_hash(hash_key, found["address"]),
            source=pl.lit(FROM_EVENTS),
        ),
        SUPPRESSIONS,
    ).sort("creditor_id", "key", "reason")


def _wishes(judged: pl.DataFrame) -> pl.DataFrame:
    reason = pl.col("event").replace_strict(_WISHES, default=None, return_dtype=pl.String)
    return (
        judged.with_columns(reason=reason, creditor_id=pl.lit(EVERY_CREDITOR))
        .drop_nulls("reason")
        .group_by("creditor_id", "address", "reason")
        .agg(since=pl.col("occurred_at").min())
    )


def _bounces(judged: pl.DataFrame) -> pl.DataFrame:
    effect, when = pl.col("effect"), pl.col("occurred_at")
    return (
        judged.group_by("creditor_id", "address")
        .agg(
            since=when.filter(effect == HARD).max(),
            delivered=when.filter(effect == DELIVERED).max(),
        )
        .filter(pl.col("since").is_not_null())
        .filter(pl.col("delivered").is_null() | (pl.col("delivered") <= pl.col("since")))
        .select(
            "creditor_id",
            "address",
            reason=pl.lit(DecisionReason.SUPPRESS_BOUNCED.value),
            since="since",
        )
    )
