"""Queries as bytes: what may be asked, and how it looks on the wire (RFC 1035, section 4)."""

from __future__ import annotations

import re
import struct
from typing import Final

from checks.domain.model import Question, RecordType

PAYLOAD: Final = 1232
"""Bytes a UDP answer may have, offered by EDNS (DNS Flag Day 2020); longer ones are dropped."""

HEADER_SIZE: Final = 12

CODE_OF: Final = {RecordType.MX: 15, RecordType.A: 1, RecordType.AAAA: 28}
"""The types on the wire (RFC 1035, section 3.2.2; RFC 3596, section 2.1)."""

_LABEL: Final = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
# The underscore is no letter of host names (RFC 1123, section 2.1), but hosters use it.
_NAME: Final = re.compile(rf"(?:{_LABEL}\.)*{_LABEL}")
_LONGEST: Final = 253
_ALABEL: Final = re.compile(r"(?:^|\.)xn--([^.]*)", re.IGNORECASE)

_TAIL: Final = {kind: struct.pack("!BHH", 0, code, 1) for kind, code in CODE_OF.items()}
_COUNTS: Final = struct.pack("!HHHHH", 0x0100, 1, 0, 0, 0)  # recursion desired, one question
_COUNTS_EDNS: Final = struct.pack("!HHHHH", 0x0100, 1, 0, 0, 1)
_OPT: Final = struct.pack("!BHHIH", 0, 41, PAYLOAD, 0, 0)  # RFC 6891, section 6.1.2
_LETTER: Final = 0x20


def question_section(question: Question) -> bytes | None:
    r"""Return a question on the wire, or None where its name may not be asked.

    Only letters, digits, hyphens and underscores are: aliases come from strangers.

    >>> question_section(Question("a.example", RecordType.MX))
    b'\x01a\x07example\x00\x00\x0f\x00\x01'
    >>> names = ("", "a..b", "a b.example", "a" * 64 + ".example", "xn--\x80.example", "xn--.a")
    >>> [question_section(Question(name, RecordType.A)) for name in names]
    [None, None, None, None, None, None]
    """
    name = question.name
    if len(name) > _LONGEST or not _NAME.fullmatch(name) or _is_broken_idn(name):
        return None
    labels = [bytes((len(label),)) + label for label in name.encode().split(b".")]
    return b"".join(labels) + _TAIL[question.record_type]


def _is_broken_idn(name: str) -> bool:
    """Tell whether a label says that it is Punycode and is not (RFC 5891, section 5.4)."""
    if "xn--" not in name.lower():
        return False
    for encoded in _ALABEL.findall(name):
        try:
            if not encoded.encode().decode("punycode"):
                return True
        except UnicodeError:
            return True
    return False


def query(ident: int, section: bytes, *, edns: bool) -> bytes:
    """Return the message that asks a question section under an id."""
    if edns:
        return ident.to_bytes(2) + _COUNTS_EDNS + section + _OPT
    return ident.to_bytes(2) + _COUNTS + section


def mix_case(section: bytes, bits: int) -> bytes:
    r"""Return a question section with the case of its letters chosen by random bits.

    A forger has to guess them too (draft-vixie-dnsext-dns0x20).

    >>> mix_case(question_section(Question("abcd", RecordType.A)), 0b1010)
    b'\x04aBcD\x00\x00\x01\x00\x01'
    """
    mixed = bytearray(section)
    for place in range(len(section) - 4):  # not the type and class
        byte = section[place] | _LETTER
        if ord("a") <= byte <= ord("z") and section[place] >= ord("A"):
            mixed[place] = byte ^ (_LETTER if bits & 1 else 0)
            bits >>= 1
    return bytes(mixed)
