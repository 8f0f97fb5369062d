"""A message's MIME parts, cut in time linear in its length and within caps.

The standard library's parser needs 70 s for 200,000 empty parts and recurses without end on
nested ones (measured on Python 3.11.7; cpython issue 136063), so bounces are never given to it.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

HEADER_BYTES: Final = 64 * 1024
HEADER_FIELDS: Final = 1_000
MOST_PARTS: Final = 50
DEEPEST: Final = 5
VALUE_CHARACTERS: Final = 4_000

_HEADER_END: Final = re.compile(rb"\r?\n\r?\n")
_FOLD: Final = re.compile(r"\r?\n[ \t]+")
_KIND: Final = re.compile(r"\s{0,9}([\w.+-]{1,60}/[\w.+-]{1,60})")
_BOUNDARY: Final = re.compile(
    r";\s{0,99}boundary\s{0,9}=\s{0,9}(?:\"([^\"]{1,70})\"|([^\s;\"]{1,70}))", re.IGNORECASE
)
_LINE_REST: Final = 100
_PLAIN_TEXT: Final = "text/plain"


class MailFault(StrEnum):
    """How a message exceeds what a report may have."""

    HEADERS_TOO_LONG = "headers_too_long"
    TOO_MANY_PARTS = "too_many_parts"
    TOO_DEEP = "too_deep"


class MailRefusedError(ValueError):
    """A message that is not read on; the fault says why, its text stays outside."""

    def __init__(self, fault: MailFault) -> None:
        """Keep the fault."""
        super().__init__(fault.value)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Fields:
    """Header fields in order, names in lower case, values unfolded and cut at 4,000 characters."""

    pairs: tuple[tuple[str, str], ...]

    def first(self, name: str) -> str:
        r"""Return the first field of that name; "" where there is none.

        >>> read_fields(b"A: 1\r\nB: 2\r\n  3\r\n").first("b")
        '2 3'
        """
        return next((value for known, value in self.pairs if known == name), "")

    def every(self, name: str) -> list[str]:
        """Return all fields of that name."""
        return [value for known, value in self.pairs if known == name]


@dataclass(frozen=True, slots=True)
class Part:
    """A part that holds no further ones; `body` is decoded from its transfer encoding."""

    kind: str
    fields: Fields
    body: bytes


def read_fields(block: bytes) -> Fields:
    """Return the fields of a header block (RFC 5322 section 2.2); other lines are skipped."""
    if len(block) > HEADER_BYTES:
        raise MailRefusedError(MailFault.HEADERS_TOO_LONG)
    text = _FOLD.sub(" ", block.decode("utf-8", "replace"))
    pairs = []
    for line in text.split("\n", HEADER_FIELDS)[:HEADER_FIELDS]:
        name, colon, value = line.partition(":")
        if colon and name:
            pairs.append((name.strip().lower(), value.strip()[:VALUE_CHARACTERS]))
    return Fields(tuple(pairs))


def split_head(message: bytes) -> tuple[bytes, bytes]:
    r"""Return header block and body.

    >>> split_head(b"A: 1\r\n\r\nbody"), split_head(b"\nbody")
    ((b'A: 1', b'body'), (b'', b'body'))
    """
    if message.startswith((b"\n", b"\r\n")):
        return b"", message.partition(b"\n")[2]
    end = _HEADER_END.search(message)
    return (message, b"") if end is None else (message[: end.start()], message[end.end() :])


def split_message(message: bytes) -> tuple[Fields, list[Part]]:
    """Return a message's own fields and its parts, nested ones in order.

    A message inside the message (message/rfc822) is one part. Raises MailRefusedError beyond
    64 KiB of header, 50 parts or five levels.
    """
    head, body = split_head(message)
    fields = read_fields(head)
    budget = iter(range(MOST_PARTS))
    return fields, list(_leaves(fields, body, 1, budget))


def _leaves(fields: Fields, body: bytes, depth: int, budget: Iterator[int]) -> Iterator[Part]:
    content = fields.first("content-type")
    named = _KIND.match(content)
    kind = named[1].lower() if named else _PLAIN_TEXT
    boundary = _BOUNDARY.search(content)
    if not kind.startswith("multipart/") or boundary is None:
        yield Part(kind, fields, _decoded(fields.first("content-transfer-encoding"), body))
        return
    if depth > DEEPEST:
        raise MailRefusedError(MailFault.TOO_DEEP)
    for piece in _pieces(body, boundary[1] or boundary[2]):
        if next(budget, None) is None:
            raise MailRefusedError(MailFault.TOO_MANY_PARTS)
        head, inner = split_head(piece)
        yield from _leaves(read_fields(head), inner, depth + 1, budget)


def _pieces(body: bytes, boundary: str) -> Iterator[bytes]:
    """Cut at the delimiter lines of RFC 2046 section 5.1.1; an end that is missing is the end."""
    mark = b"--" + boundary.encode()
    begin = None
    place = body.find(mark)
    while place >= 0:
        ending = _delimiter_ending(body, place, len(mark))
        if ending is not None:
            if begin is not None:
                yield body[begin:place]
            if ending == b"--":
                return
            line_end = body.find(b"\n", place)
            begin = line_end + 1 if line_end >= 0 else len(body)
        place = body.find(mark, place + len(mark))
    if begin is not None:
        yield body[begin:]


def _delimiter_ending(body: bytes, place: int, length: int) -> bytes | None:
    """Return what closes a delimiter line, "" or "--"; None: the mark is no delimiter."""
    if place and body[place - 1 : place] != b"\n":
        return None
    ending = body[place + length : place + length + _LINE_REST].partition(b"\n")[0].strip()
    return ending if ending in {b"", b"--"} else None


def _decoded(encoding: str, body: bytes) -> bytes:
    encoding = encoding.strip().lower()
    if encoding == "quoted-printable":
        return binascii.a2b_qp(body)
    if encoding != "base64":
        return body
    try:
        return binascii.a2b_base64(body)
    except binascii.Error:
        return b""
