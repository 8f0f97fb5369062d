"""What one message tells: the columns of ROWS that mail can fill."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that happened to one message; it counts by its key alone, for mail is forged."""

    message_key: str | None = None
    email: str | None = None
    event: str | None = None
    occurred_at: datetime | None = None
    permanence: str | None = None
    smtp_code: str | None = None
    enhanced: str | None = None
    diagnostic: str | None = None
