"""Complaints: feedback reports in the Abuse Reporting Format (RFC 5965)."""

from __future__ import annotations

from typing import Final

from data.feedback.mail.keys import find_key
from data.feedback.mail.moments import first_moment
from data.feedback.mail.parts import Fields, Part, read_fields
from data.feedback.mail.told import Told

KIND: Final = "message/feedback-report"

# "virus", "other" and "not-spam" (RFC 6430) are no complaint; "auth-failure" (RFC 6591) is about us
_EVENTS: Final = {"abuse": "complained", "fraud": "complained", "opt-out": "unsubscribed"}


def read_complaint(report: Fields, feedback: Part, returned: Fields) -> Told:
    """Return who complained and when (RFC 5965 section 3)."""
    fields = read_fields(feedback.body.strip())
    times = (
        fields.first("arrival-date"),
        fields.first("received-date"),  # older drafts of the format
        report.first("date"),
    )
    return Told(
        message_key=find_key(report, returned, fields.first("original-envelope-id")),
        email=fields.first("original-rcpt-to") or None,
        event=_EVENTS.get(fields.first("feedback-type").strip().lower()),
        occurred_at=first_moment(times),
    )
