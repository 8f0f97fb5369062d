"""Bounces: delivery status notifications (RFC 3464)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from data.feedback.mail.keys import find_key
from data.feedback.mail.moments import first_moment
from data.feedback.mail.parts import Fields, Part, read_fields
from data.feedback.mail.told import Told

KINDS: Final = frozenset({"message/delivery-status", "message/global-delivery-status"})  # RFC 6533

_EVENTS: Final = {
    "failed": "bounced",
    "delayed": "deferred",
    "delivered": "delivered",
    "relayed": "sent",  # handed to a host that reports nothing
    "expanded": "sent",  # went to a list's members
}
_PERMANENCES: Final = {"4": "soft", "5": "hard"}
_MOST_GROUPS: Final = 50
_BLANK_LINE: Final = re.compile(rb"\r?\n[ \t]*\r?\n")
_STATUS: Final = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_TYPE: Final = re.compile(r"[\w.-]{1,40}\s{0,9};\s{0,9}")  # "smtp;", "rfc822;"
_SMTP: Final = re.compile(r"([245]\d\d)(?:[ -]|$)")


def read_bounce(report: Fields, status: Part, returned: Fields) -> Iterator[Told]:
    """Return what a report says of each recipient (RFC 3464 sections 2.2 and 2.3)."""
    groups = [read_fields(block) for block in _groups(status.body)]
    message = groups[0] if groups else Fields(())
    key = find_key(report, returned, message.first("original-envelope-id"))
    about = [group for group in groups if group.first("action")]
    for group in about:
        code = _STATUS.match(group.first("status"))
        diagnostic = _untyped(group.first("diagnostic-code"))
        smtp = _SMTP.match(diagnostic)
        event = _EVENTS.get(group.first("action").split(";")[0].strip().lower())
        times = (
            group.first("last-attempt-date"),
            message.first("arrival-date"),
            report.first("date"),
        )
        recipient = group.first("original-recipient") or group.first("final-recipient")
        yield Told(
            message_key=key,
            email=_untyped(recipient) or None,
            event=event,
            occurred_at=first_moment(times),
            permanence=_PERMANENCES.get(code[0][0]) if code and event == "bounced" else None,
            smtp_code=smtp[1] if smtp else None,
            enhanced=code[0] if code else None,
            diagnostic=diagnostic or None,
        )


def _untyped(value: str) -> str:
    """Return a value without the type that stands before it (RFC 3464 section 2.1.2)."""
    named = _TYPE.match(value)
    return value[named.end() :] if named else value


def _groups(body: bytes) -> list[bytes]:
    return [
        block for block in _BLANK_LINE.split(body.strip(), _MOST_GROUPS)[:_MOST_GROUPS] if block
    ]
