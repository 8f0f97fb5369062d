"""Dates of messages (RFC 5322 section 3.3)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

_LONGEST: Final = 100


def first_moment(texts: Iterable[str]) -> datetime | None:
    """Return the first of the texts that is a date, in UTC.

    >>> first_moment(["", "soon", "Sat, 21 Nov 2026 10:00:00 -0300 (BRT)"]).isoformat()
    '2026-11-21T13:00:00+00:00'
    """
    return next(filter(None, map(_moment, texts)), None)


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text[:_LONGEST])
        # -0000: a time in UTC of a host that does not tell its zone
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
