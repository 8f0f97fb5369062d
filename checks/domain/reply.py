"""What one message says to the query it claims to answer, most of it told from its first bytes.

Over UDP a message that is not wholly in order is no answer at all: whoever forges one in front of
the true answer must not end the query (TuDoor, CVE-2023-29483). So it is ignored, and waited past.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from checks.domain.model import Answer, Question
from checks.domain.query import HEADER_SIZE, PAYLOAD
from checks.domain.readings import Readings
from checks.domain.wire import admissible, answer_in, parse, rejects_edns

_RESPONSE: Final = 0x80
_OPCODE: Final = 0x78
_CUT: Final = 0x02
_ONE: Final = b"\x00\x01"
_NONE: Final = b"\x00\x00"
_WITHOUT_QUESTION: Final = frozenset({1, 2, 4, 5})  # FORMERR, SERVFAIL, NOTIMP, REFUSED
_LIGHT_BYTES: Final = 4096
_LIGHT_RECORDS: Final = 16  # dnspython takes about a third of a millisecond for each


class Heard(Enum):
    """What a message says that is no answer."""

    NOTHING = "nothing"  # not an answer to this query: wait on
    CUT = "cut"  # the whole is to be had over TCP
    NO_EDNS = "no_edns"  # to be asked again without EDNS
    HEAVY = "heavy"  # to be read where nobody waits


@dataclass(eq=False, kw_only=True)
class Asked:
    """A query on its way, as far as its reply has to fit it.

    `section` is the question as sent, letter by letter; `ident` are the two bytes of its id.
    """

    question: Question
    section: bytes
    ident: bytes = b""
    edns: bool = field(default=True, init=False)


def hear(wire: bytes, asked: Asked, readings: Readings) -> Answer | Heard:
    """Return what a datagram with the right id says."""
    section = asked.section
    if wire.startswith(section, HEADER_SIZE) and wire[4:6] == _ONE and len(wire) <= PAYLOAD:
        answer = readings.read(wire, section, asked.question)
        if answer is not None:
            return answer
    return _hear_uncommon(wire, asked)


def _hear_uncommon(wire: bytes, asked: Asked) -> Answer | Heard:
    """Judge what the strict reader left.

    1. Not admitted: nothing.
    2. The question in other letters, by a forger or by a server that changes them: TCP, where
       nobody else can answer.
    3. Not in reply to this question: nothing.
    4. Cut: TCP.
    5. Whatever is left is read by dnspython.
    """
    if len(wire) > PAYLOAD or not admissible(wire):
        return Heard.NOTHING
    if not is_reply(wire, asked):
        return Heard.CUT if _is_reply_in_other_letters(wire, asked) else Heard.NOTHING
    if wire[2] & _CUT:
        return Heard.CUT
    return Heard.HEAVY if is_heavy(wire) else read(wire, asked)


def is_reply(wire: bytes, asked: Asked) -> bool:
    """Tell whether an admissible message answers a query and repeats it letter by letter.

    A few failures may come without the question, as with dnspython.
    """
    if wire[:2] != asked.ident or wire[2] & (_RESPONSE | _OPCODE) != _RESPONSE:
        return False
    if wire[4:6] == _NONE:
        return wire[3] & 0x0F in _WITHOUT_QUESTION
    return wire[4:6] == _ONE and wire.startswith(asked.section, HEADER_SIZE)


def _is_reply_in_other_letters(wire: bytes, asked: Asked) -> bool:
    end = HEADER_SIZE + len(asked.section)
    # lengths, type and class hold no byte that is a letter
    if wire[HEADER_SIZE:end].lower() != asked.section.lower():
        return False
    return is_reply(wire[:HEADER_SIZE] + asked.section + wire[end:], asked)


def is_heavy(wire: bytes) -> bool:
    """Tell whether reading a message may hold up everybody else (20 ms)."""
    records = sum(int.from_bytes(wire[place : place + 2]) for place in (6, 8, 10))
    return len(wire) > _LIGHT_BYTES or records > _LIGHT_RECORDS


def read(wire: bytes, asked: Asked) -> Answer | Heard:
    """Return what dnspython finds in a reply, `Heard.NOTHING` where that is malformed."""
    message = parse(wire)
    if message is None:
        return Heard.NOTHING
    if asked.edns and rejects_edns(message):
        return Heard.NO_EDNS
    return answer_in(message)
