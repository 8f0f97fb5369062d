"""The providers' own formats of delivery events: a new one is one file and one line here."""

from __future__ import annotations

from typing import Final

from data.feedback.formats.brevo import BREVO
from data.feedback.formats.mailgun import MAILGUN
from data.feedback.formats.postmark import POSTMARK
from data.feedback.formats.sendgrid import SENDGRID
from data.feedback.formats.ses import SES
from data.feedback.formats.shape import JsonFormat

FORMATS: Final[tuple[JsonFormat, ...]] = (SES, MAILGUN, POSTMARK, SENDGRID, BREVO)
"""Asked in this order whether an object is theirs."""

__all__ = ["FORMATS", "JsonFormat"]
