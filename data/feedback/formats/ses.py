"""Amazon SES notifications and events, bare or in an SNS envelope.

(Amazon SES developer guide, "Notification contents" and "Event publishing record contents".)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import polars as pl

from data.feedback.formats.shape import JsonFormat, code_in, enhanced_in, listed, status_of
from data.feedback.times import moment_of_iso

_EVENTS: Final = {
    "Send": "sent",
    "Delivery": "delivered",
    "DeliveryDelay": "deferred",
    "Bounce": "bounced",
    "Complaint": "complained",
    "Reject": "blocked",
    "Rendering Failure": "blocked",
    "Open": "opened",
    "Click": "clicked",
}
_PERMANENCES: Final = {"Permanent": "hard", "Transient": "soft", "Undetermined": "none"}
_BOUNCES: Final = {
    # not sent at all: an earlier bounce or complaint is remembered by the account
    "Suppressed": "suppressed",
    "OnAccountSuppressionList": "suppressed",
    "UnsubscribedRecipient": "unsubscribed",
    # about the message
    "MessageTooLarge": "blocked",
    "ContentRejected": "blocked",
    "AttachmentRejected": "blocked",
    "CustomTimeoutExceeded": "bounced",
}
_TIMED: Final = (
    "bounce",
    "complaint",
    "delivery",
    "deliveryDelay",
    "open",
    "click",
    "subscription",
)

_RECIPIENT: Final = pl.Struct(
    dict.fromkeys(("emailAddress", "status", "diagnosticCode"), pl.String())
)
_PEOPLE: Final = pl.List(_RECIPIENT)


def _marks(item: Mapping[str, object]) -> bool:
    if item.get("Type") == "Notification" and isinstance(item.get("Message"), str):
        return True
    return "mail" in item and bool(item.keys() & {"notificationType", "eventType"})


def _unwrap(objects: pl.Series) -> pl.Series:
    """Take the message out of each SNS envelope; leave bare objects as they are."""
    wrapped = objects.str.contains('"Message"', literal=True)
    message = pl.col("text").str.json_path_match("$.Message").str.replace_all("[\r\n]+", " ")
    return (
        objects.to_frame("text")
        .with_columns(wrapped=wrapped)
        .select(pl.when("wrapped").then(pl.coalesce(message, "text")).otherwise("text"))
        .to_series()
    )


def _read(frame: pl.DataFrame) -> pl.DataFrame:
    kind = pl.coalesce("eventType", "notificationType")
    reported = pl.coalesce(
        pl.col("bounce").struct.field("bouncedRecipients"),
        pl.col("complaint").struct.field("complainedRecipients"),
        pl.col("deliveryDelay").struct.field("delayedRecipients"),
        _as_people(pl.col("delivery").struct.field("recipients")),
        _as_people(_recipients_of(pl.col("mail").struct.field("destination"), kind)),
    )
    each = frame.with_columns(kind=kind, person=reported).explode("person", keep_nulls=True)
    return each.with_columns(
        text=pl.coalesce(
            pl.col("person").struct.field("diagnosticCode").str.replace(r"^\s*[\w-]+\s*;\s*", ""),
            pl.col("delivery").struct.field("smtpResponse"),
        ),
        time=pl.coalesce(*(pl.col(name).struct.field("timestamp") for name in _TIMED)),
    ).select(
        "line",
        message_key=pl.col("mail").struct.field("tags").struct.field("message_key").list.first(),
        email=pl.col("person").struct.field("emailAddress"),
        event=_event(),
        occurred_at=moment_of_iso(pl.coalesce("time", pl.col("mail").struct.field("timestamp"))),
        permanence=listed(_PERMANENCES, pl.col("bounce").struct.field("bounceType")),
        smtp_code=code_in(pl.col("text")),
        enhanced=pl.coalesce(
            status_of(pl.col("person").struct.field("status")), enhanced_in(pl.col("text"))
        ),
        diagnostic="text",
        link=pl.col("click").struct.field("link"),
        provider_id=pl.coalesce(
            pl.col("bounce").struct.field("feedbackId"),
            pl.col("complaint").struct.field("feedbackId"),
            pl.col("mail").struct.field("messageId"),
        ),
    )


def _recipients_of(destination: pl.Expr, kind: pl.Expr) -> pl.Expr:
    """Of a message with several recipients an open or click does not say whose it was."""
    is_told = ~kind.is_in(["Open", "Click", "Subscription"]) | (destination.list.len() == 1)
    return pl.when(is_told).then(destination)


def _as_people(addresses: pl.Expr) -> pl.Expr:
    absent = pl.lit(None, pl.String)
    person = pl.struct(emailAddress=pl.element(), status=absent, diagnosticCode=absent)
    return addresses.list.eval(person)


def _event() -> pl.Expr:
    kind, bounce, complaint = pl.col("kind"), pl.col("bounce").struct, pl.col("complaint").struct
    remembered = complaint.field("complaintSubType").eq("OnAccountSuppressionList")
    no_spam = complaint.field("complaintFeedbackType").eq("not-spam")
    all_off = (
        pl.col("subscription")
        .struct.field("newTopicPreferences")
        .struct.field("unsubscribeAll")
        .eq("true")
    )
    return (
        pl.when(kind.eq("Bounce") & bounce.field("bounceType").is_null())
        .then(None)
        .when(kind == "Bounce")
        .then(listed(_BOUNCES, bounce.field("bounceSubType")).fill_null("bounced"))
        .when(kind.eq("Complaint") & remembered)
        .then(pl.lit("suppressed"))
        .when(kind.eq("Complaint") & no_spam)
        .then(None)
        .when(kind.eq("Subscription") & all_off)
        .then(pl.lit("unsubscribed"))
        .otherwise(listed(_EVENTS, kind))
    )


_TIME: Final = {"timestamp": pl.String()}

SES: Final = JsonFormat(
    name="ses",
    marks=_marks,
    schema=pl.Schema(
        {
            "notificationType": pl.String(),
            "eventType": pl.String(),
            "mail": pl.Struct(
                {
                    **_TIME,
                    "messageId": pl.String(),
                    "destination": pl.List(pl.String()),
                    "tags": pl.Struct({"message_key": pl.List(pl.String())}),
                }
            ),
            "bounce": pl.Struct(
                {
                    **_TIME,
                    **dict.fromkeys(("bounceType", "bounceSubType", "feedbackId"), pl.String()),
                    "bouncedRecipients": _PEOPLE,
                }
            ),
            "complaint": pl.Struct(
                {
                    **_TIME,
                    **dict.fromkeys(
                        ("complaintSubType", "complaintFeedbackType", "feedbackId"), pl.String()
                    ),
                    "complainedRecipients": _PEOPLE,
                }
            ),
            "delivery": pl.Struct(
                {**_TIME, "smtpResponse": pl.String(), "recipients": pl.List(pl.String())}
            ),
            "deliveryDelay": pl.Struct({**_TIME, "delayedRecipients": _PEOPLE}),
            "open": pl.Struct(_TIME),
            "click": pl.Struct({**_TIME, "link": pl.String()}),
            "subscription": pl.Struct(
                {
                    **_TIME,
                    "newTopicPreferences": pl.Struct({"unsubscribeAll": pl.String()}),
                }
            ),
        }
    ),
    read=_read,
    unwrap=_unwrap,
)
"""An event tells its recipients; opens and clicks do not say which of a message's it was."""
