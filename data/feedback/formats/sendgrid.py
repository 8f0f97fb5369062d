"""SendGrid's event webhook (Twilio SendGrid, "Event Webhook Reference")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import polars as pl

from data.feedback.formats.shape import JsonFormat, code_in, enhanced_in, listed, status_of
from data.feedback.times import moment_of_epoch

_EVENTS: Final = {
    "processed": "sent",
    "deferred": "deferred",
    "delivered": "delivered",
    "bounce": "bounced",
    "blocked": "bounced",
    "open": "opened",
    "click": "clicked",
    "spamreport": "complained",
    "unsubscribe": "unsubscribed",
    "group_unsubscribe": "unsubscribed",
}
# A dropped message was not sent: SendGrid remembered an earlier wish, or an earlier bounce.
_DROPPED: Final = {
    "Spam Reporting Address": "complained",
    "Unsubscribed Address": "unsubscribed",
    "Bounced Address": "suppressed",
    "Invalid": "suppressed",
}


def _marks(item: Mapping[str, object]) -> bool:
    own = item.keys() & {"sg_event_id", "sg_message_id"}
    return bool(own) and {"event", "email", "timestamp"} <= item.keys()


def _read(frame: pl.DataFrame) -> pl.DataFrame:
    event, said = pl.col("event"), pl.coalesce("reason", "response")
    by_machine = event.eq("open") & pl.col("sg_machine_open").eq("true")
    is_bounce = event.is_in(["bounce", "blocked"])
    # type "blocked" (also "block"): turned away for now, for reputation or content
    lasting = pl.col("type").fill_null("bounce").eq("bounce") & event.eq("bounce")
    return frame.select(
        "line",
        "email",
        "message_key",
        event=pl.when(by_machine)
        .then(pl.lit("machine_opened"))
        .when(event == "dropped")
        .then(listed(_DROPPED, pl.col("reason")).fill_null("blocked"))
        .otherwise(listed(_EVENTS, event)),
        occurred_at=moment_of_epoch(pl.col("timestamp"), "s"),
        permanence=pl.when(is_bounce & lasting)
        .then(pl.lit("hard"))
        .when(is_bounce)
        .then(pl.lit("soft")),
        smtp_code=code_in(said),
        enhanced=pl.coalesce(status_of(pl.col("status")), enhanced_in(said)),
        diagnostic=said,
        link=pl.when(event == "click").then("url"),
        provider_id="sg_event_id",
    )


SENDGRID: Final = JsonFormat(
    name="sendgrid",
    marks=_marks,
    schema=pl.Schema(
        dict.fromkeys(
            (
                "email",
                "event",
                "message_key",  # custom arguments stand among the keys
                "timestamp",
                "reason",
                "response",
                "status",
                "type",
                "sg_machine_open",
                "url",
                "sg_event_id",
            ),
            pl.String(),
        )
    ),
    read=_read,
)
"""Custom arguments are flattened into the object, so `message_key` is a key of its own."""
