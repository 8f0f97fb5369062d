"""The server's side of one SMTP session, without I/O: a line in, a reply out."""

from __future__ import annotations

import re
from typing import Final

from sandbox.host import Host, Reply, SessionState

MAX_LINE: Final = 2_048
"""Bytes of one command before the server gives up (RFC 5321 section 4.5.3.1.4 asks for 512)."""

_PATH = re.compile(r"(?i)^(?:FROM|TO):\s*<(?:@[^:>]*:)?([^<>]*)>(?:\s+\S.*)?$")
_ADDRESS = re.compile(r"^[^@\s]+@[^@\s]+$")


class Conversation:
    """One session at a host; `greet` once, then `answer` for every line of the client."""

    def __init__(self, host: Host, client: str, ordinal: int) -> None:
        """Take the host, the client's address, and the session's number at this host."""
        self.host = host
        self.state = SessionState(client=client)
        self._ordinal = ordinal
        self._said_hello = False

    def greet(self, now: float) -> Reply:
        """Return the banner."""
        return self._slowed(self.host.greet(self.state, now, self._ordinal))

    def answer(self, line: bytes, now: float) -> Reply:
        """Return the reply to one command line, without its line end."""
        verb, argument = split_command(line)
        match verb:
            case "EHLO" | "HELO":
                reply = self._hello(verb)
            case "MAIL":
                reply = self._mail(argument)
            case "RCPT":
                reply = self._recipient(argument, now)
            case "RSET":
                self.state.sender = ""
                reply = self.host.say("rset", self.state)
            case "NOOP":
                reply = Reply("250 2.0.0 Ok")
            case "STARTTLS":
                reply = self.host.say("starttls", self.state)
            case "QUIT":
                reply = Reply(self.host.say("quit", self.state).text, then="close")
            case _:
                reply = self.host.say("unknown", self.state)
        return self._slowed(reply)

    def _hello(self, verb: str) -> Reply:
        self._said_hello = True
        lines = [self.host.text(line, self.state) for line in self.host.personality.ehlo]
        if verb == "HELO":
            return Reply(f"250 {lines[0]}")
        last = len(lines) - 1
        return Reply("\n".join(f"250{' ' if i == last else '-'}{x}" for i, x in enumerate(lines)))

    def _mail(self, argument: str) -> Reply:
        path = _PATH.match(argument)
        if not self._said_hello:
            return Reply("503 5.5.1 Error: send HELO/EHLO first")
        if path is None or not (path[1] == "" or _ADDRESS.match(path[1])):
            return Reply("501 5.1.7 Bad sender address syntax")
        self.state.sender = path[1] or "<>"
        return self.host.say("mail", self.state)

    def _recipient(self, argument: str, now: float) -> Reply:
        path = _PATH.match(argument)
        if not self.state.sender:
            return self.host.say("sequence", self.state)
        if path is None or not _ADDRESS.match(path[1]):
            return self.host.say("syntax", self.state)
        return self.host.answer_recipient(self.state, path[1], now)

    def _slowed(self, reply: Reply) -> Reply:
        tarpit = self.host.personality.tarpit.per_reply
        if not tarpit:
            return reply
        return Reply(reply.text, reply.delay + tarpit, reply.then, reply.raw)


def split_command(line: bytes) -> tuple[str, str]:
    """Return a line's verb in capitals and its argument, bytes beyond ASCII escaped.

    >>> split_command(b"rcpt TO:<a@b.example>")
    ('RCPT', 'TO:<a@b.example>')
    """
    verb, _, argument = line.decode("ascii", "backslashreplace").strip("\r\n").partition(" ")
    return verb.upper(), argument.strip()
