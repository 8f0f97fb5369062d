"""Delivery events as a table: what happened to a message, when, and how sure that is."""

from __future__ import annotations

from typing import Final

import polars as pl

from checks.frames import MOMENT

EVENTS: Final = pl.Schema(
    {
        "creditor_id": pl.String(),  # "*": the file did not say whose message it was
        "event_id": pl.String(),  # a hash of the event: the same event has the same one
        "message_key": pl.String(),  # null: the event names an address
        "address": pl.String(),
        "event": pl.String(),  # one of EVENT_TYPES
        "occurred_at": MOMENT,
        "permanence": pl.String(),  # hard | soft | none
        "smtp_code": pl.Int64(),  # null: not given
        "enhanced": pl.String(),  # null: not given
        "diagnostic": pl.String(),  # addresses scrubbed; null: not given
    },
)
"""One row per event; distinct per (creditor_id, event_id)."""

MESSAGES: Final = pl.Schema(
    {
        "creditor_id": pl.String(),
        "message_key": pl.String(),
        "list_id": pl.String(),
        "debtor_id": pl.String(),
        "address": pl.String(),
        "neutral": pl.Boolean(),  # whether it is on the neutral list
    },
)
"""One row per message of a published list: whom a message key stands for."""

EVENT_TYPES: Final = frozenset(
    {
        "sent",
        "delivered",
        "deferred",
        "bounced",
        "blocked",
        "complained",
        "opened",
        "machine_opened",
        "clicked",
        "downloaded",
        "unsubscribed",
        "suppressed",
        "replied",
        "auto_reply",
        "wrong_person",
        "paid",
    },
)
"""The words of an event file; see `Effect` for what each does."""
