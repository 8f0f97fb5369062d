"""Names and reasons that a person gives for going over the rules: kept, shown and published."""

from __future__ import annotations

from typing import Final

from checks.errors import SettingError
from checks.mailbox.alarm import AllClear
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
    return Force(*_signed(text, "--force-gate"))


def read_all_clear(text: str) -> AllClear:
    """Return who says that providers take us again and why, from `NAME: reason`.

    >>> read_all_clear("Ana Prova: off every list since Monday").by
    'Ana Prova'
    """
    return AllClear(*_signed(text, "--all-clear"))


def _signed(text: str, option: str) -> tuple[str, str]:
    by, colon, reason = text.partition(":")
    if not colon:
        problem = f"{option} does not say who and why"
        raise SettingError(problem, f'write {option} "NAME: reason"')
    return signed_text(by, f"{option} NAME"), signed_text(reason, f"{option} reason")
