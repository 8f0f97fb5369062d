"""Brevo's transactional webhooks (Brevo developer documentation, "Transactional webhooks")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import polars as pl

from data.feedback.formats.shape import JsonFormat, code_in, enhanced_in, listed
from data.feedback.times import moment_of_epoch

_EVENTS: Final = {
    "request": "sent",
    "sent": "sent",
    "delivered": "delivered",
    "hard_bounce": "bounced",
    "soft_bounce": "bounced",
    "invalid_email": "bounced",
    "deferred": "deferred",
    "blocked": "suppressed",  # the address is on the account's own block list
    "spam": "complained",
    "complaint": "complained",
    "opened": "opened",
    "unique_opened": "opened",
    "proxy_open": "machine_opened",
    "unique_proxy_open": "machine_opened",
    "click": "clicked",
    "unsubscribe": "unsubscribed",
    "unsubscribed": "unsubscribed",
    "error": "blocked",
}
_PERMANENCES: Final = {"hard_bounce": "hard", "invalid_email": "hard", "soft_bounce": "soft"}
_KEY_IN_CUSTOM: Final = r'message_key"?\s{0,4}[:=]\s{0,4}"?([A-Za-z0-9_.-]{1,128})'


def _marks(item: Mapping[str, object]) -> bool:
    times = item.keys() & {"ts_epoch", "ts_event"}
    return bool(times) and {"event", "email"} <= item.keys()


def _read(frame: pl.DataFrame) -> pl.DataFrame:
    event, text = pl.col("event"), pl.col("reason").str.strip_chars()
    # `date` and `ts` are of the account's zone and do not say which; these two are UTC
    time = pl.coalesce(
        moment_of_epoch(pl.col("ts_epoch"), "ms"), moment_of_epoch(pl.col("ts_event"), "s")
    )
    return frame.select(
        "line",
        "email",
        message_key=pl.col("X-Mailin-custom").str.extract(_KEY_IN_CUSTOM),
        event=listed(_EVENTS, event),
        occurred_at=time,
        permanence=listed(_PERMANENCES, event),
        smtp_code=code_in(text),
        enhanced=enhanced_in(text),
        diagnostic=text,
        link=pl.when(event == "click").then("link"),
        provider_id="message-id",  # of the message: events have none
    )


BREVO: Final = JsonFormat(
    name="brevo",
    marks=_marks,
    schema=pl.Schema(
        dict.fromkeys(
            (
                "email",
                "event",
                "ts_epoch",
                "ts_event",
                "reason",
                "link",
                "message-id",
                "X-Mailin-custom",
            ),
            pl.String(),
        )
    ),
    read=_read,
)
"""One object a webhook call, or an array where batching is on."""
