"""What kind of event file the first bytes speak of; the name is not asked."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

from checks.errors import InputRefusedError
from data.intake.sniffing import refuse_format, sniff_format

_POSTMARK: Final = re.compile(rb"From [^\r\n]{0,200}\d\d:\d\d[^\r\n]{0,60}\r?\n")  # RFC 4155
_FIELD: Final = re.compile(rb"[!-9;-~]{1,76}:[ \t]?[^\r\n]{0,998}\r?\n")  # RFC 5322 section 2.2
_MAIL_FIELDS: Final = re.compile(
    rb"^(?:from|to|date|received|return-path|delivered-to|message-id|mime-version|content-type|"
    rb"subject|x-original-to|auto-submitted):",
    re.IGNORECASE | re.MULTILINE,
)
_HEAD: Final = 8 * 1024


def sniff_events(source: str, sample: bytes) -> str:
    r"""Return `mbox`, `mail`, `json` or `text`; raise InputRefusedError for anything else.

    >>> sniff_events("a", b"From MAILER-DAEMON Sat Nov 21 10:00:00 2026\nReturn-Path: <>\n")
    'mbox'
    >>> sniff_events("a", b"Return-Path: <>\r\nFrom: x\r\n\r\n"), sniff_events("a", b'[{"a": 1}]')
    ('mail', 'json')
    >>> sniff_events("a", b"email,event\n")
    'text'
    """
    if not sample.strip():
        problem = f"event file '{source}' holds nothing"
        raise InputRefusedError(problem, "export it again")
    if _POSTMARK.match(sample):
        return "mbox"
    if _is_mail(sample[:_HEAD]):
        return "mail"
    kind = sniff_format(sample)
    if kind in {"json", "jsonl"}:
        return "json"
    if kind in {"xlsx", "parquet"}:
        problem = f"'{source}' is a file of kind {kind}"
        raise InputRefusedError(problem, "save it as CSV")
    if kind != "text":
        raise refuse_format(source, kind)
    return "json" if sample.lstrip().startswith(b"[") else "text"


def is_message(path: Path) -> bool:
    """Tell whether a file is a single message of mail."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        return _is_mail(file.read(_HEAD))


def _is_mail(head: bytes) -> bool:
    return bool(_FIELD.match(head) and _MAIL_FIELDS.search(head))
