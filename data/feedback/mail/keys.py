"""The message key that a report proves itself by: whoever has it was sent the message."""

from __future__ import annotations

import re
from typing import Final

from data.feedback.mail.parts import Fields

KEY_FIELD: Final = "x-entrega-key"

_KEY: Final = r"[0-9a-f]{32}"
_WHOLE_KEY: Final = re.compile(r"[A-Za-z0-9_.-]{1,128}")
_RETURN_PATH: Final = re.compile(rf"[+=]({_KEY})@")
_MESSAGE_ID: Final = re.compile(rf"<({_KEY})@")
_WAYS_BACK: Final = ("to", "delivered-to", "x-original-to", "return-path", "envelope-to")


def find_key(report: Fields, returned: Fields, envelope_id: str = "") -> str | None:
    """Return the key of the message that a report is about; None: it does not say.

    It stands in the returned message's `X-Entrega-Key`, in the envelope id (RFC 3461 section
    4.4), in the return path that the report came by (`bounce+KEY@...`), or in the returned
    message's id.
    """
    own = returned.first(KEY_FIELD) or envelope_id
    if _WHOLE_KEY.fullmatch(own):
        return own
    paths = [value for name in _WAYS_BACK for value in report.every(name)]
    found = next(
        filter(None, map(_RETURN_PATH.search, [*paths, *returned.every("return-path")])), None
    )
    found = found or _MESSAGE_ID.search(returned.first("message-id"))
    return found[1] if found else None


def key_of_answer(fields: Fields) -> str | None:
    """Return the key of the message that somebody answers: by its id, or by where it was sent."""
    ids = f"{fields.first('in-reply-to')} {fields.first('references')}"
    found = _MESSAGE_ID.search(ids)
    if found is None:
        paths = (value for name in _WAYS_BACK[:3] for value in fields.every(name))
        found = next(filter(None, map(_RETURN_PATH.search, paths)), None)
    return found[1] if found else None
