"""Queries as bytes: what may be asked, and how it looks on the wire (RFC 1035, section 4)."""

from __future__ import annotations

import re
import struct
from string import ascii_letters
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
_LENGTHS: Final = [bytes((length,)) for length in range(64)]
_LETTERS: Final = bytes(0x20 if chr(byte) in ascii_letters else 0 for byte in range(256))
# what tells capitals from others; lengths, types and classes are no letters


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
    labels = [_LENGTHS[len(label)] + label for label in name.encode().split(b".")]
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


def query(ident: bytes, section: bytes, *, edns: bool) -> bytes:
    """Return the message that asks a question section under an id of two bytes."""
    if edns:
        return ident + _COUNTS_EDNS + section + _OPT
    return ident + _COUNTS + section


def mix_case(sections: bytes, lots: bytes) -> bytes:
    r"""Return question sections with the case of letters drawn by lots, random bytes as many.

    A forger has to guess them too (draft-vixie-dnsext-dns0x20).

    >>> section = question_section(Question("ab-d", RecordType.A))
    >>> mix_case(section, b"\x00\xff\x00\xff\xff" + bytes(5))
    b'\x04Ab-D\x00\x00\x01\x00\x01'
    """
    letters = int.from_bytes(sections.translate(_LETTERS)) & int.from_bytes(lots)
    return (int.from_bytes(sections) ^ letters).to_bytes(len(sections))
