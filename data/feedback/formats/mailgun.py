"""Mailgun's webhooks and events (Mailgun documentation, "Tracking Messages", "Webhooks")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import polars as pl

from data.feedback.formats.shape import JsonFormat, code_in, enhanced_in, listed, status_of
from data.feedback.times import moment_of_epoch

_EVENTS: Final = {
    "accepted": "sent",
    "rejected": "blocked",
    "delivered": "delivered",
    "opened": "opened",
    "clicked": "clicked",
    "unsubscribed": "unsubscribed",
    "complained": "complained",
}
_SUPPRESSED: Final = {
    "suppress-bounce": "suppressed",
    "suppress-unsubscribe": "unsubscribed",
    "suppress-complaint": "complained",
}
_NO_MX: Final = "498"  # Mailgun's own code: no MX answered, which condemns no mailbox

_EVENT: Final = {
    "id": pl.String(),
    "event": pl.String(),
    "recipient": pl.String(),
    "timestamp": pl.String(),
    "severity": pl.String(),
    "reason": pl.String(),
    "url": pl.String(),
    "delivery-status": pl.Struct(
        dict.fromkeys(("code", "message", "description", "enhanced-code"), pl.String())
    ),
    "client-info": pl.Struct({"bot": pl.String()}),
    "user-variables": pl.Struct({"message_key": pl.String()}),
}


def _marks(item: Mapping[str, object]) -> bool:
    is_event = {"event", "recipient", "timestamp"} <= item.keys()
    return "event-data" in item or (is_event and bool(item.keys() & {"delivery-status", "flags"}))


def _read(frame: pl.DataFrame) -> pl.DataFrame:
    inner = pl.col("event-data")
    flat = frame.select(
        "line",
        "signature",
        *(pl.coalesce(inner.struct.field(name), pl.col(name)).alias(name) for name in _EVENT),
    ).unnest("delivery-status", "client-info", "user-variables")
    event, text = pl.col("event"), pl.coalesce(_filled("message"), _filled("description"))
    failed, lasting = event.eq("failed"), pl.col("severity").eq("permanent")
    no_mx = pl.col("code").eq(_NO_MX).fill_null(value=False)
    by_machine = event.is_in(["opened", "clicked"]) & pl.col("bot").fill_null("").ne("")
    is_code = pl.col("code").str.contains(r"^[245]\d\d$") & ~no_mx
    code = pl.coalesce(code_in(text), pl.when(is_code).then("code"))
    signed = pl.col("signature").struct
    return flat.select(
        "line",
        "message_key",
        email="recipient",
        event=pl.when(failed & lasting)
        .then(listed(_SUPPRESSED, pl.col("reason")).fill_null("bounced"))
        .when(failed)
        .then(pl.lit("deferred"))
        .when(by_machine)
        .then(pl.lit("machine_opened"))
        .otherwise(listed(_EVENTS, event)),
        occurred_at=moment_of_epoch(pl.col("timestamp"), "s"),
        permanence=pl.when(failed & lasting & ~no_mx)
        .then(pl.lit("hard"))
        .when(failed)
        .then(pl.lit("soft")),
        smtp_code=code,
        enhanced=pl.coalesce(status_of(pl.col("enhanced-code")), enhanced_in(text)),
        diagnostic=text,
        link=pl.when(event == "clicked").then("url"),
        # unique for a day only, so the identity needs the time as well, which it has
        provider_id="id",
        signed=signed.field("timestamp") + signed.field("token"),
        signature=signed.field("signature"),
    )


def _filled(name: str) -> pl.Expr:
    return pl.when(pl.col(name) != "").then(name)


MAILGUN: Final = JsonFormat(
    name="mailgun",
    marks=_marks,
    schema=pl.Schema(
        {
            "signature": pl.Struct(dict.fromkeys(("timestamp", "token", "signature"), pl.String())),
            "event-data": pl.Struct(_EVENT),
            **_EVENT,
        }
    ),
    read=_read,
    is_signed=True,
)
"""Webhook bodies, and the bare events of the events API."""
