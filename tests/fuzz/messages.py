"""What must hold of any bytes a DNS server may send: refused, read, or left to dnspython.

    python -m tests.fuzz.messages FOLDER -runs=1000000    (pip install atheris)

An input's first byte says what was asked, and whether the message repeats the question by itself,
so that not every input dies at the first comparison; the rest is the message. The readers must
agree, or the strict one leave the message; what was read earlier must play no part; nothing may
raise, and nothing take a tenth of a second of processor.
"""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Iterator
from types import FunctionType
from typing import Any, Final

import dns.message
import dns.name
import dns.wirebase

from checks.domain import reader, readings, reply, wire
from checks.domain.model import Answer, Question, RecordType
from checks.domain.query import HEADER_SIZE, PAYLOAD, question_section
from checks.domain.reader import read_common
from checks.domain.readings import Readings
from checks.domain.reply import Asked, Heard, hear, is_reply, read
from checks.domain.wire import MOST_TCP_BYTES, admissible

SECONDS: Final = 0.1
IDENT: Final = bytes((0, 7))
_KINDS: Final = tuple(RecordType)
_ECHOES: Final = 0x80
_NAME: Final = "d.example"
_KIN: Final = ("e.example", "0.example", "A.example", "d.axample", "mx.sample")
"""Other names as long: some stand in messages, "0" is a length as well."""


def asked_by(first: int) -> Asked:
    """Return the query that an input answers."""
    kind = _KINDS[first % len(_KINDS)]
    return asked_of(_NAME, kind)


def asked_of(name: str, kind: RecordType) -> Asked:
    """Return a query."""
    question = Question(name, kind)
    section = question_section(question)
    if section is None:
        message = "unreachable: the name is a plain one"
        raise AssertionError(message)
    return Asked(question=question, section=section, ident=IDENT)


def input_of(asked: Asked, wire: bytes) -> bytes:
    """Return the input that comes to a message."""
    first = _KINDS.index(asked.question.record_type)
    if wire[HEADER_SIZE:].startswith(asked.section):
        rest = wire[:HEADER_SIZE] + wire[HEADER_SIZE + len(asked.section) :]
        return bytes((first | _ECHOES,)) + rest
    return bytes((first,)) + wire


def run(data: bytes) -> Answer | Heard | None:
    """Hear one message over UDP and over TCP; raises where readers differ, or where it takes long.

    Returns what was heard over UDP, None for an input that holds no message.
    """
    if not data:
        return None
    start = time.thread_time()
    asked, message = asked_by(data[0] % _ECHOES), data[1:MOST_TCP_BYTES]
    if data[0] & _ECHOES:
        head, rest = message[2:HEADER_SIZE], message[HEADER_SIZE:]
        message = IDENT + head + asked.section + rest
    heard = hear(message, asked, Readings())
    if admissible(message) and is_reply(message, asked):
        compare(message, asked)
    if time.thread_time() - start > SECONDS:
        problem = f"an input of {len(data)} bytes took longer than it may"
        raise AssertionError(problem)
    return heard


def compare(message: bytes, asked: Asked) -> Answer | None:
    """Return what the strict reader reads; raises where dnspython reads something else in it."""
    common = _read_strictly(message, asked)
    if common is not None and common != (reference := read(message, asked)):
        problem = f"read {common}, dnspython reads {reference}"
        raise AssertionError(problem)
    if len(message) <= PAYLOAD and message.startswith(asked.section, HEADER_SIZE):
        _compare_kin(message[:HEADER_SIZE], message[HEADER_SIZE + len(asked.section) :], asked)
    return common


def _compare_kin(head: bytes, body: bytes, asked: Asked) -> None:
    """Raise where it matters what was read before: the same body after other names."""
    readings = Readings()
    for name in (asked.question.name, *_KIN) * 2:
        kin = asked_of(name, asked.question.record_type)
        message = head + kin.section + body
        known = readings.read(message, kin.section, kin.question)
        if known != (alone := _read_strictly(message, kin)):
            problem = f"read {known} for {name}, alone {alone}"
            raise AssertionError(problem)


def _read_strictly(message: bytes, asked: Asked) -> Answer | None:
    name, kind, _ = asked.question
    return read_common(message, asked.section, kind, name.lower())


def _watched() -> Iterator[FunctionType]:
    classes: list[Any] = [dns.wirebase.Parser, dns.message._WireReader]  # noqa: SLF001 - only watched
    for place in (reader, readings, reply, wire, dns.name, dns.message, *classes):
        yield from (each for each in vars(place).values() if isinstance(each, FunctionType))


def main() -> None:
    """Fuzz under atheris, which is no part of the project's own environment."""
    atheris = importlib.import_module("atheris")
    for function in _watched():
        atheris.instrument_func(function)
    atheris.Setup(sys.argv, run)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
