"""What became of each message: its events, brought back to the list and the run that made it."""

from __future__ import annotations

from typing import Final

import polars as pl

from checks.frames import shaped
from data.feedback.effect import CONFIRMED, DELIVERED, HARD, SOFT
from data.feedback.judged import judge_events
from data.tables import EVERY_CREDITOR

ENDINGS: Final = pl.Schema(
    {
        "creditor_id": pl.String(),
        "run_id": pl.String(),
        "debtor_id": pl.String(),
        "address": pl.String(),
        "delivered": pl.Boolean(),  # false: bounced, hard or soft; null: nothing is known
        "is_hard": pl.Boolean(),  # bounced, and for good; null: nothing is known
        "is_owner": pl.Boolean(),  # who answered: the owner, or a stranger; null: nobody
    },
)
"""One row per message of a registered list."""

_BOUNCED: Final = (HARD, SOFT)
_MESSAGE: Final = ["list_id", "message_key"]


def endings_of(messages: pl.DataFrame, lists: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    """Return ENDINGS from MESSAGES, the register of lists and EVENTS, sorted by run and debtor.

    `lists` has `creditor_id, list_number, list_id, run_id, registered_at`. The last delivery or
    bounce tells how a message ended, a bounce where both are of one moment; a human answer proves
    a delivery. An event that names an address only belongs to the newest list with that address
    on or before the day of the event. Where that list has several messages to the address, nobody
    knows which of them was answered: it tells how one ended, and not who answered.
    """
    newest = lists.sort("list_number").unique(["creditor_id", "list_id"], keep="last")
    sent = messages.join(newest, on=["creditor_id", "list_id"], how="inner")
    told = judge_events(events).select(
        "creditor_id", "message_key", "address", "event", "occurred_at", "effect"
    )
    ended = pl.concat([_by_key(told, sent), _by_address(told, sent)])
    return shaped(
        sent.join(_last_word(ended), on=_MESSAGE, how="left"),
        ENDINGS,
    ).sort("run_id", "creditor_id", "debtor_id", "address")


def _by_key(told: pl.DataFrame, sent: pl.DataFrame) -> pl.DataFrame:
    keyed = told.drop_nulls("message_key").drop("creditor_id", "address")
    return keyed.join(sent.select(_MESSAGE), on="message_key").select(
        *_MESSAGE, "event", "occurred_at", "effect", pl.lit(value=True).alias("names_message")
    )


def _by_address(told: pl.DataFrame, sent: pl.DataFrame) -> pl.DataFrame:
    loose = told.filter(pl.col("message_key").is_null()).drop("message_key")
    everyone = loose.filter(pl.col("creditor_id") == EVERY_CREDITOR).drop("creditor_id")
    of_each = everyone.join(sent.select("creditor_id").unique(), how="cross")
    own = pl.concat(
        [loose.filter(pl.col("creditor_id") != EVERY_CREDITOR), of_each.select(loose.columns)]
    )
    key = ["creditor_id", "address"]
    by_day = sent.with_columns(
        day=pl.col("registered_at").dt.date(),
        names_message=pl.len().over("list_id", *key) == 1,
    ).sort("day", "list_number", "debtor_id")
    found = (
        own.with_columns(day=pl.col("occurred_at").dt.date())
        .sort("day")
        .join_asof(
            by_day.select(*key, "day", *_MESSAGE, "names_message"),
            on="day",
            by=key,
            strategy="backward",
            check_sortedness=False,
        )
    )
    return found.drop_nulls("list_id").select(
        *_MESSAGE, "event", "occurred_at", "effect", "names_message"
    )


def _last_word(ended: pl.DataFrame) -> pl.DataFrame:
    """Return how each message ended, and who answered; a stranger's word outweighs a click.

    One refusal for good outweighs every message that was only put off.
    """
    effect, when = pl.col("effect"), pl.col("occurred_at")
    good, bad = effect.is_in([DELIVERED, CONFIRMED]), effect.is_in(_BOUNCED)
    last_good, last_bad = when.filter(good).max(), when.filter(bad).max()
    strange, answered = pl.col("event") == "wrong_person", effect == CONFIRMED
    stranger = (strange & pl.col("names_message")).any()
    owner = (answered & pl.col("names_message")).any()
    return (
        ended.group_by(_MESSAGE)
        .agg(
            delivered=pl.when(last_bad.is_null() & last_good.is_null())
            .then(None)
            .when((answered | strange).any())
            .then(pl.lit(value=True))
            .otherwise((last_good > last_bad).fill_null(last_bad.is_null())),
            was_refused=(effect == HARD).any(),
            is_owner=pl.when(stranger)
            .then(pl.lit(value=False))
            .when(owner)
            .then(pl.lit(value=True)),
        )
        .with_columns(is_hard=~pl.col("delivered") & pl.col("was_refused"))
    )
