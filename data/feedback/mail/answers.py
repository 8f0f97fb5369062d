"""Answers: a person's reply, or an absence notice that is no bounce."""

from __future__ import annotations

import re
from email.header import decode_header, make_header
from typing import Final

from data.feedback.mail.keys import key_of_answer
from data.feedback.mail.moments import first_moment
from data.feedback.mail.parts import Fields
from data.feedback.mail.told import Told

_LONGEST_SUBJECT: Final = 500
_AUTO_FIELDS: Final = (
    "x-autoreply",
    "x-autorespond",
    "x-auto-response-suppress",  # Exchange puts it on what it writes itself
    "list-id",
    "x-loop",
)
_AUTO_PRECEDENCES: Final = frozenset({"bulk", "junk", "list", "auto_reply"})
_MACHINES: Final = re.compile(r"\b(?:mailer-daemon|postmaster|no-?reply|bounces?)\b", re.IGNORECASE)
_AUTO_SUBJECTS: Final = re.compile(
    r"\s*(?:auto(?:matic)?[ -]?(?:reply|response)|auto:|out of (?:the )?office|away from|"
    r"resposta autom|resposta de aus|aus[eê]ncia|fora do escrit|"
    r"respuesta autom|fuera de (?:la )?oficina|ausente)",
    re.IGNORECASE,
)


def read_answer(fields: Fields) -> Told | None:
    """Return a reply or an automatic one to a message of ours; None: neither can be told.

    Whoever wrote by a machine's marks (RFC 3834 section 5 and what is seen besides) is no person.
    """
    key = key_of_answer(fields)
    by_machine = _is_automatic(fields)
    is_bounce = _MACHINES.search(fields.first("from")) is not None
    is_report = fields.first("return-path") == "<>" and not by_machine
    if key is None or is_bounce or is_report:
        return None
    return Told(
        message_key=key,
        event="auto_reply" if by_machine else "replied",
        occurred_at=first_moment((fields.first("date"),)),
    )


def _is_automatic(fields: Fields) -> bool:
    submitted = fields.first("auto-submitted").split(";")[0].strip().lower()
    precedence = fields.first("precedence").strip().lower()
    return (
        submitted not in {"", "no"}
        or precedence in _AUTO_PRECEDENCES
        or any(fields.first(name) for name in _AUTO_FIELDS)
        or _AUTO_SUBJECTS.match(_readable(fields.first("subject"))) is not None
    )


def _readable(subject: str) -> str:
    """Return a subject with its encoded words (RFC 2047) decoded, as far as they can be."""
    try:
        return str(make_header(decode_header(subject[:_LONGEST_SUBJECT])))
    except (ValueError, LookupError):  # broken words, unknown charsets
        return subject
