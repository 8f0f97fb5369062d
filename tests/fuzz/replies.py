"""What must hold of any bytes a mail server may send, however they arrive.

    python -m tests.fuzz.replies FOLDER -atheris_runs=10000000    (pip install atheris)

An input is a session: its first byte says into how many pieces it is cut, the second whose server
it is, the rest is what the server sends. The parser must agree with a reader that goes byte by
byte and was written from RFC 5321 and the caps alone; the judge must not condemn on a yes or a
not-now; and nothing may take a tenth of a second of processor.
"""

from __future__ import annotations

import importlib
import sys
import time
import unicodedata
from collections.abc import Iterator

from checks.mailbox.judge import demands_tls, judge_recipient
from checks.mailbox.reply import Reply, ReplyError, ReplyParser
from checks.mailbox.session import scrubbed
from checks.model import VERDICT_OF, Verdict
from data.reference.smtp_replies import load_reply_rules

SECONDS = 0.1
PROVIDERS = ("other", "gmail", "microsoft_365", "microsoft_consumer", "uol", "yahoo")
RULES = load_reply_rules()

CODES = frozenset(str(n).encode() for n in range(200, 600) if n // 10 % 10 <= 5)
LINE, LINES, REPLY, SESSION = 1_024, 64, 8_192, 65_536

Event = tuple[str, int, int]  # ("reply", code, lines) or ("fault", 0, 0)


class SlowReader:
    """Reads replies byte by byte; knows nothing of the parser."""

    def __init__(self) -> None:
        """Begin a session."""
        self._line = b""
        self._reply: list[bytes] = []
        self._size = 0
        self._session = 0

    def feed(self, piece: bytes) -> Event | None:
        """Take a piece; return the reply it ends, or a fault."""
        self._session += len(piece)
        if self._session > SESSION:
            return "fault", 0, 0
        for place, byte in enumerate(piece):
            self._line += bytes((byte,))
            ends = byte == ord("\n")
            if len(self._line) > LINE or (ends and not self._is_good()):
                return "fault", 0, 0
            if ends and (event := self._end_line()):
                rest = piece[place + 1 :]
                return ("fault", 0, 0) if rest else event
        return ("fault", 0, 0) if len(self._line) >= LINE else None

    def _is_good(self) -> bool:
        body, end = self._line[:-2], self._line[-2:]
        code, mark = body[:3], body[3:4]
        same = not self._reply or self._reply[0][:3] == code
        return (
            end == b"\r\n"
            and not body.endswith(b"\r")
            and code in CODES
            and mark in {b"", b" ", b"-"}
            and same
        )

    def _end_line(self) -> Event | None:
        self._reply.append(self._line)
        self._size += len(self._line)
        goes_on, count = self._line[3:4] == b"-", len(self._reply)
        self._line = b""
        if self._size > REPLY or (goes_on and count >= LINES):
            return "fault", 0, 0
        if goes_on:
            return None
        event = ("reply", int(self._reply[0][:3]), count)
        self._reply, self._size = [], 0
        return event


def pieces_of(data: bytes) -> Iterator[bytes]:
    """Yield what the server sends, in as many pieces as the first byte says."""
    sent = data[2:]
    width = max(1, len(sent) // (1 + data[0] % 16))
    for start in range(0, len(sent), width):
        yield sent[start : start + width]


def check_session(data: bytes) -> None:
    """Hold one input against the rules; AssertionError where one is broken."""
    if len(data) < 2:
        return
    began = time.thread_time()
    parser, reader = ReplyParser(), SlowReader()
    spent = 0.0
    for piece in pieces_of(data):
        began = time.thread_time()
        event, reply = _parsed(parser, piece)
        if reply is not None:
            _check_reply(reply, PROVIDERS[data[1] % len(PROVIDERS)])
        spent += time.thread_time() - began
        assert event == reader.feed(piece), (event, piece[:80])
        if event is not None and event[0] == "fault":
            break
    assert spent < SECONDS, spent


def _parsed(parser: ReplyParser, piece: bytes) -> tuple[Event | None, Reply | None]:
    try:
        reply = parser.feed(piece)
    except ReplyError:
        return ("fault", 0, 0), None
    return (None if reply is None else ("reply", reply.code, len(reply.lines))), reply


def _check_reply(reply: Reply, provider: str) -> None:
    assert not any(unicodedata.category(char).startswith("C") for char in reply.text)
    assert "@mailbox.test" not in scrubbed(reply.text, "somebody@mailbox.test")
    demands_tls(reply, RULES)
    ruling = judge_recipient(reply, provider, RULES)
    if VERDICT_OF[ruling.reason] is Verdict.UNDELIVERABLE:
        assert reply.code // 100 == 5, reply
    if VERDICT_OF[ruling.reason] is Verdict.DELIVERABLE:
        assert reply.code in {250, 251}, reply


def main() -> None:
    """Fuzz under atheris, which is no part of the project's own environment."""
    atheris = importlib.import_module("atheris")
    for function in (ReplyParser.feed, ReplyParser._take_line, judge_recipient):  # noqa: SLF001  only to be watched
        atheris.instrument_func(function)
    atheris.Setup(sys.argv, check_session)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
