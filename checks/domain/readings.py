"""Answers read once for each distinct one: a provider's domains all get the same, word for word.

What a message says is taken from what was read earlier where every byte that could matter is the
same: the header but for the id, all that follows the question, and what of the question compressed
names point to. In answers about MX that is the question from its second label on, for the first is
where domains differ; in answers about addresses it is nothing.
"""

from __future__ import annotations

import struct
from typing import Final

from checks.domain.model import Answer, Question, RecordType
from checks.domain.query import HEADER_SIZE
from checks.domain.reader import read_common

_MOST: Final = 2048  # of at most 1,232 bytes each
_ANY: Final = "*"  # no name that is read here holds an asterisk
_UNREADABLE: Final = b"\xff"  # in a name: a pointer beyond any datagram
_AFTER_NAME: Final = 5  # root, type and class
_COUNTS: Final = struct.Struct("!HH")
_AT_QUESTION: Final = b"\xc0\x0c"


class Readings:
    """What the strict reader found in the messages of one pass."""

    def __init__(self) -> None:
        """Begin with none."""
        self._known: dict[tuple[int, bytes, bytes, bytes], Answer] = {}

    def __len__(self) -> int:
        """Return how many different messages are remembered."""
        return len(self._known)

    def read(self, wire: bytes, section: bytes, question: Question) -> Answer | None:
        """Return what `read_common` does of a datagram, from an equal one where there was one."""
        end = HEADER_SIZE + len(section)
        seen = section[_hidden(section, question) :].lower()
        key = end, seen, wire[2:HEADER_SIZE], wire[end:]
        answer = self._known.get(key)
        if answer is not None:
            return answer
        answer = read_for_any_name(wire, section, question)
        if answer is None:
            return read_common(wire, section, question.record_type, question.name.lower())
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[key] = answer
        return answer


def read_for_any_name(wire: bytes, section: bytes, question: Question) -> Answer | None:
    """Return what a message says whatever the question hides; None: it depends on that.

    What is hidden is made unreadable, so that a name that leads through it is none, and the name
    asked for equals none that is spelled out. Aliases are left out: one may lead back to it.
    """
    end = HEADER_SIZE + len(section)
    answers, authorities = _COUNTS.unpack_from(wire, 6)
    if answers and not wire.startswith(_AT_QUESTION + section[-4:], end):
        return None
    if wire.count(_AT_QUESTION, end) > answers + authorities:
        return None  # it is not only owners that point to the question: spare the attempt
    hidden = _hidden(section, question)
    blind = wire[:HEADER_SIZE] + _UNREADABLE * hidden + wire[HEADER_SIZE + hidden :]
    name = _ANY + question.name.lower()[hidden - 1 :]
    return read_common(blind, section, question.record_type, name)


def _hidden(section: bytes, question: Question) -> int:
    """Return how many bytes of a question section play no part: the first label, or the name."""
    if question.record_type is RecordType.MX:
        return section[0] + 1
    return len(section) - _AFTER_NAME
