"""Names and reasons that a person gives for going over the rules: kept, shown and published."""

from __future__ import annotations

from typing import Final

from checks.errors import SettingError
from checks.score import Force

LONGEST: Final = 200


def signed_text(text: str, option: str) -> str:
    """Return a name or a reason, trimmed; `SettingError` where it says nothing or too much.

    >>> signed_text(" Ana Prova ", "--by")
    'Ana Prova'
    """
    trimmed = text.strip()
    if not 0 < len(trimmed) <= LONGEST or not trimmed.isprintable():
        problem = f"{option} is empty, longer than {LONGEST} characters or has control characters"
        raise SettingError(problem, "say who decided, and why, in one line of text")
    return trimmed


def read_force(text: str) -> Force:
    """Return who forces a gate and why, from `NAME: reason`.

    >>> read_force("Ana Prova: checked by phone")
    Force(by='Ana Prova', reason='checked by phone')
    """
    by, colon, reason = text.partition(":")
    if not colon:
        problem = "--force-gate does not say who and why"
        raise SettingError(problem, 'write --force-gate "NAME: reason"')
    return Force(signed_text(by, "--force-gate NAME"), signed_text(reason, "--force-gate reason"))
