"""Postmark's webhooks (Postmark developer documentation, "Webhooks", "Bounce API")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import polars as pl

from data.feedback.formats.shape import JsonFormat, code_in, enhanced_in, listed
from data.feedback.times import moment_of_iso

_RECORDS: Final = {
    "Delivery": "delivered",
    "Open": "opened",
    "Click": "clicked",
    "SpamComplaint": "complained",
}
_BOUNCES: Final = {
    "HardBounce": "bounced",
    "BadEmailAddress": "bounced",
    "SoftBounce": "bounced",
    "DnsError": "bounced",
    "Unknown": "bounced",
    "Undeliverable": "bounced",
    "Transient": "deferred",
    "AutoResponder": "auto_reply",
    "ChallengeVerification": "auto_reply",
    "AddressChange": "auto_reply",
    "Unsubscribe": "unsubscribed",
    "SpamComplaint": "complained",
    "ManuallyDeactivated": "suppressed",
    "Blocked": "blocked",
    "SpamNotification": "blocked",
    "VirusNotification": "blocked",
    "DMARCPolicy": "blocked",
    "SMTPApiError": "blocked",
    "InboundError": "blocked",
    "TemplateRenderingFailed": "blocked",
}
_PERMANENCES: Final = {
    "HardBounce": "hard",
    "BadEmailAddress": "hard",
    "SoftBounce": "soft",
    "DnsError": "soft",
    "Undeliverable": "soft",
}
# of a subscription that was switched off; the other two reasons were events of their own before
_SWITCHED_OFF: Final = {"ManualSuppression": "unsubscribed", "SpamComplaint": "complained"}


def _marks(item: Mapping[str, object]) -> bool:
    return "RecordType" in item


def _read(frame: pl.DataFrame) -> pl.DataFrame:
    record, text = pl.col("RecordType"), pl.col("Details")
    bounce, change = record.eq("Bounce"), record.eq("SubscriptionChange")
    switched_off = change & pl.col("SuppressSending").eq("true")
    off = listed(_SWITCHED_OFF, pl.col("SuppressionReason")).fill_null("suppressed")
    return frame.select(
        "line",
        message_key=pl.col("Metadata").struct.field("message_key"),
        email=pl.coalesce("Email", "Recipient"),
        event=pl.when(bounce)
        .then(listed(_BOUNCES, pl.col("Type")))
        .when(switched_off)
        .then(off)
        .otherwise(listed(_RECORDS, record)),
        occurred_at=moment_of_iso(
            pl.coalesce("BouncedAt", "DeliveredAt", "ReceivedAt", "ChangedAt")
        ),
        permanence=pl.when(bounce).then(listed(_PERMANENCES, pl.col("Type"))),
        smtp_code=pl.when(bounce).then(code_in(text)),
        enhanced=pl.when(bounce).then(enhanced_in(text)),
        diagnostic=text,
        link=pl.when(record == "Click").then("OriginalLink"),
        provider_id=pl.coalesce("ID", "MessageID"),
    )


POSTMARK: Final = JsonFormat(
    name="postmark",
    marks=_marks,
    schema=pl.Schema(
        {
            **dict.fromkeys(
                (
                    "RecordType",
                    "ID",
                    "MessageID",
                    "Type",
                    "Email",
                    "Recipient",
                    "Details",
                    "BouncedAt",
                    "DeliveredAt",
                    "ReceivedAt",
                    "ChangedAt",
                    "OriginalLink",
                    "SuppressSending",
                    "SuppressionReason",
                ),
                pl.String(),
            ),
            "Metadata": pl.Struct({"message_key": pl.String()}),
        }
    ),
    read=_read,
)
"""One object a webhook call; opens say nothing of machines."""
