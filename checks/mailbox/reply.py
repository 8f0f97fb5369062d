r"""SMTP replies, read strictly from bytes: anything a server should not say voids its session.

Lenient readers move verdicts between addresses: smtplib and aiosmtplib take the last code of a
mixed multi-line reply, `int(" 25")` for a code, and a stray second reply for the next answer.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

LINE_BYTES: Final = 1_024  # RFC 5321 4.5.3.1.5 allows 512 with CRLF; real hosts exceed it a little
REPLY_LINES: Final = 64
REPLY_BYTES: Final = 8_192
SESSION_BYTES: Final = 65_536

_LINE: Final = re.compile(rb"([2-5][0-5][0-9])(?:([ -])(.*))?\r\n", re.DOTALL)
_ENHANCED: Final = re.compile(r"#?([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)")
_DIAGNOSTIC: Final = re.compile(r"([2-5][0-5][0-9])(?:[ -]+(.*))?", re.DOTALL)


class ReplyFault(StrEnum):
    """How bytes failed to be a reply."""

    LINE_TOO_LONG = "line_too_long"
    TOO_MANY_LINES = "too_many_lines"
    REPLY_TOO_LONG = "reply_too_long"
    SESSION_TOO_LONG = "session_too_long"
    MALFORMED_LINE = "malformed_line"
    MIXED_CODES = "mixed_codes"
    LEFT_OVER = "left_over"  # bytes after a complete reply: nobody asked for them


class ReplyError(ValueError):
    """The peer does not speak SMTP as it should; nothing it said is worth keeping."""

    def __init__(self, fault: ReplyFault) -> None:
        """Keep the fault; the bytes themselves stay out of the message."""
        super().__init__(f"not an SMTP reply: {fault.value}")
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Reply:
    """A complete reply: its code, its enhanced code (RFC 2034) if the class agrees, its text.

    >>> Reply(550, ("5.1.1 no such user",)).enhanced
    '5.1.1'
    >>> Reply(550, ("2.1.5 no such user",)).enhanced is None
    True
    >>> Reply(550, ("5.1.1 rejected", "5.7.1 by a filter")).enhanced is None
    True
    """

    code: int
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """The text of all lines, enhanced codes included, joined by one space."""
        return " ".join(line for line in self.lines if line)

    @property
    def enhanced(self) -> str | None:
        """The enhanced code that leads the first line; None if absent or of another class.

        Every line repeats it (RFC 2034, section 4): lines that do not agree have none.
        """
        match = _ENHANCED.match(self.lines[0])
        if match is None or int(match[1][0]) != self.code // 100:
            return None
        others = (_ENHANCED.match(line) for line in self.lines[1:])
        return None if any(other and other[1] != match[1] for other in others) else match[1]


class ReplyParser:
    r"""Bytes in, replies out; holds at most one reply.

    >>> parser = ReplyParser()
    >>> parser.feed(b"250-mx.example\r\n250 SI")
    >>> parser.feed(b"ZE\r\n")
    Reply(code=250, lines=('mx.example', 'SIZE'))
    """

    def __init__(self) -> None:
        """Begin a session: the byte cap holds over all its replies."""
        self._buffer = bytearray()
        self._lines: list[str] = []
        self._code = b""
        self._reply_bytes = 0
        self._session_bytes = 0

    @property
    def has_begun(self) -> bool:
        """Whether a part of a reply has come whose end is missing."""
        return bool(self._buffer or self._lines)

    @property
    def ends_in_cr(self) -> bool:
        """Whether what has come is a line but for its LF: some write CR alone and wait."""
        return self._buffer.endswith(b"\r")

    def feed(self, data: bytes) -> Reply | None:
        """Take bytes as they came; return the reply they complete.

        Raises ReplyError at the first byte that breaks a rule or a cap, also for bytes after the
        end of a reply: commands are not pipelined, so nothing can be on its way.
        """
        self._session_bytes += len(data)
        if self._session_bytes > SESSION_BYTES:
            raise ReplyError(ReplyFault.SESSION_TOO_LONG)
        self._buffer += data
        while (end := self._buffer.find(b"\n")) >= 0:
            line = bytes(self._buffer[: end + 1])
            del self._buffer[: end + 1]
            if reply := self._take_line(line):
                if self._buffer:
                    raise ReplyError(ReplyFault.LEFT_OVER)
                return reply
        if len(self._buffer) >= LINE_BYTES:
            raise ReplyError(ReplyFault.LINE_TOO_LONG)
        return None

    def _take_line(self, line: bytes) -> Reply | None:
        if len(line) > LINE_BYTES:
            raise ReplyError(ReplyFault.LINE_TOO_LONG)
        match = _LINE.fullmatch(line)
        # A text that ends in CR means CR CR LF on the wire: its writer counts lines differently.
        if match is None or (match[3] or b"").endswith(b"\r"):
            raise ReplyError(ReplyFault.MALFORMED_LINE)
        if self._lines and match[1] != self._code:
            raise ReplyError(ReplyFault.MIXED_CODES)
        self._code = match[1]
        self._lines.append(readable(match[3] or b""))
        self._reply_bytes += len(line)
        if self._reply_bytes > REPLY_BYTES:
            raise ReplyError(ReplyFault.REPLY_TOO_LONG)
        if match[2] != b"-":
            return self._complete()
        if len(self._lines) >= REPLY_LINES:
            raise ReplyError(ReplyFault.TOO_MANY_LINES)
        return None

    def _complete(self) -> Reply:
        reply = Reply(int(self._code), tuple(self._lines))
        self._lines, self._code, self._reply_bytes = [], b"", 0
        return reply


def readable(raw: bytes) -> str:
    r"""Return bytes as text that is safe to log: no control, direction or private characters.

    >>> readable(b"caixa cheia \xff \x1b[2J")
    'caixa cheia \\xff ?[2J'
    """
    text = raw.decode("utf-8", errors="backslashreplace")
    return "".join("?" if unicodedata.category(char)[0] == "C" else char for char in text)


def reply_of_diagnostic(diagnostic: str) -> Reply | None:
    """Return the reply that a bounce message or delivery event quotes; None if it has no code.

    Lines were joined by others already, so the caps and the line rule do not hold here.

    >>> reply_of_diagnostic("550-5.1.1 no such 550 5.1.1 user").enhanced
    '5.1.1'
    """
    match = _DIAGNOSTIC.fullmatch(diagnostic.strip()[:REPLY_BYTES])
    if match is None:
        return None
    return Reply(int(match[1]), (readable((match[2] or "").encode("utf-8", "replace")),))
