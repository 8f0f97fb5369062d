"""What a DNS server sends that does not keep to the rules: packets, and records made by hand."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import Enum
from typing import Final, NamedTuple

HEADER_SIZE: Final = 12
A: Final = 1
CNAME: Final = 5
MX: Final = 15
DNAME: Final = 39
OPT: Final = 41
AT_QUESTION: Final = b"\xc0\x0c"  # a pointer to the name asked for
_IS_REPLY: Final = 0x80


class Way(Enum):
    """How bytes leave the server."""

    MESSAGE = "message"
    RAW = "raw"  # over TCP without a length before them
    ELSEWHERE = "elsewhere"  # from another port than the one that was asked
    RESET = "reset"  # the connection is torn down


class Packet(NamedTuple):
    """One thing sent in reply: after so many seconds, these bytes, in this way."""

    delay: float
    data: bytes
    way: Way = Way.MESSAGE


Packets = list[Packet]
"""What is sent for one query."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One query on its way: the query, the honest reply, and the transport.

    `count` is how many queries its domain has come to with this one, `repeat` how often this very
    question came; `row` tells the domain from others of its case; `before` is the last honest reply
    to another question.
    """

    query: bytes
    reply: bytes
    tcp: bool
    count: int
    repeat: int
    row: int
    before: bytes

    @property
    def question_end(self) -> int:
        """Where the question section ends."""
        return self.query.index(b"\x00", HEADER_SIZE) + 5

    @property
    def question(self) -> bytes:
        """The question section."""
        return self.query[HEADER_SIZE : self.question_end]

    @property
    def kind(self) -> int:
        """The type asked for."""
        return int.from_bytes(self.query[self.question_end - 4 : self.question_end - 2], "big")

    @property
    def has_options(self) -> bool:
        """Whether the query speaks EDNS."""
        return self.query[10:12] != b"\x00\x00"

    def header(self, *, flags: int = 0, code: int = 0, answers: int = 0, others: int = 0) -> bytes:
        """Return header and question of a reply of one's own making."""
        counts = struct.pack("!HHHH", 1, answers, 0, others)
        head = self.query[:2] + bytes((_IS_REPLY | flags, _IS_REPLY | code))
        return head + counts + self.question

    def records(self, *records: bytes) -> Packets:
        """Answer by records of one's own making."""
        return [Packet(0, self.header(answers=len(records)) + b"".join(records))]


def record(kind: int, data: bytes, *, owner: bytes = AT_QUESTION, ttl: int = 300) -> bytes:
    """Return a resource record (RFC 1035, section 3.2.1)."""
    return owner + struct.pack("!HHIH", kind, 1, ttl, len(data)) + data


def option(code: int, data: bytes, *, extended: int = 0) -> bytes:
    """Return an OPT record with one option, and the upper bits of an extended code."""
    body = struct.pack("!HH", code, len(data)) + data if code else b""
    return b"\x00" + struct.pack("!HHIH", OPT, 1_232, extended << 24, len(body)) + body
