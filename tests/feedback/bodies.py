"""Providers' webhook bodies in their real shapes, one event each."""

from __future__ import annotations

import hmac
import json
from typing import Any, Final

from tests.feedback.mails import KEY

MAIL: Final = {
    "timestamp": "2026-11-20T12:00:00.000Z",
    "source": "x@send.example",
    "messageId": "00000137860315fd",
    "destination": ["ana@a.test"],
    "tags": {"ses:operation": ["SendEmail"], "message_key": [KEY]},
}
PERSON: Final = {"emailAddress": "ana@a.test", "action": "failed", "status": "5.1.1"}


def ses(kind: str, part: str = "", /, *, mail: object = MAIL, **content: object) -> dict[str, Any]:
    """Return an SES event record."""
    timed = {"timestamp": "2026-11-20T12:00:05.123Z"} | content
    return {"eventType": kind, "mail": mail} | ({part: timed} if part else {})


def ses_bounce(kind: str, subtype: str, diagnostic: str | None = None) -> dict[str, Any]:
    """Return an SES bounce of one recipient."""
    people = [PERSON | ({"diagnosticCode": diagnostic} if diagnostic else {})]
    told = {"bounceType": kind, "bounceSubType": subtype, "bouncedRecipients": people}
    return ses("Bounce", "bounce", feedbackId="f-1", **told)


def sns(message: object) -> dict[str, Any]:
    """Return an SNS notification around a message."""
    text = message if isinstance(message, str) else json.dumps(message, indent=2)
    return {
        "Type": "Notification",
        "MessageId": "q",
        "Timestamp": "2026-11-20T12:00:06Z",
        "Message": text,
    }


def sendgrid(event: str, **content: object) -> dict[str, Any]:
    """Return a SendGrid event."""
    own = {"sg_event_id": "e-1", "sg_message_id": "m-1.filter", "smtp-id": "<1@geopod>"}
    return {"email": "ana@a.test", "timestamp": 1795176005, "event": event} | own | content


def mailgun(event: str, **content: object) -> dict[str, Any]:
    """Return the data of a Mailgun event."""
    own = {"id": "i-1", "log-level": "info", "recipient": "ana@a.test", "flags": {}}
    return own | {"event": event, "timestamp": 1795176005.329574} | content


def signed(key: bytes, event: dict[str, Any]) -> dict[str, Any]:
    """Return a Mailgun webhook with its signature."""
    digest = hmac.digest(key, b"1795176005token", "sha256").hex()
    signature = {"timestamp": "1795176005", "token": "token", "signature": digest}
    return {"signature": signature, "event-data": event}


def postmark(record: str, **content: object) -> dict[str, Any]:
    """Return a Postmark webhook."""
    return {"RecordType": record, "MessageID": "m-1", "Metadata": {"message_key": KEY}} | content


def postmark_bounce(kind: str, details: str = "") -> dict[str, Any]:
    """Return a Postmark bounce."""
    own = {
        "ID": 4323372036854775807,
        "TypeCode": 1,
        "BouncedAt": "2026-11-20T09:00:05.9070259-03:00",
    }
    return postmark("Bounce", Type=kind, Email="ana@a.test", Details=details, **own)


def brevo(event: str, **content: object) -> dict[str, Any]:
    """Return a Brevo webhook; its `date` and `ts` are of the account's zone."""
    times = {"ts": 1795168805, "ts_epoch": 1795176005000, "date": "2026-11-20 10:00:05"}
    own = {"email": "ana@a.test", "id": 12, "message-id": "<1@relay>"}
    return {"event": event} | own | times | content
