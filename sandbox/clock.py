"""The policy clock: virtual seconds that greylists, throttles, blocks and journals go by.

The sandbox's process holds it, so it survives the pipeline's being killed. It stands still until
it is told to move, and never goes back. Over the wire: `now` asks, `advance <epoch>` moves it to
that moment; both are answered with the epoch in seconds on a line of its own.
"""

from __future__ import annotations

import asyncio
import math
import socket
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self


class PolicyClock:
    """A clock that moves only forward, and only when told.

    >>> clock = PolicyClock(100.0)
    >>> clock.advance(160.0), clock.advance(120.0), clock.now()
    (160.0, 160.0, 160.0)
    """

    def __init__(self, start: float) -> None:
        """Begin at `start`, an epoch in seconds."""
        self._now = start

    def now(self) -> float:
        """Return the policy time as an epoch in seconds."""
        return self._now

    def advance(self, to: float) -> float:
        """Move to `to` unless that has passed; return the policy time."""
        if math.isfinite(to):
            self._now = max(self._now, to)
        return self._now


def answer(clock: PolicyClock, line: bytes) -> bytes:
    r"""Return the reply to one line of a client; `error` where it is no known request.

    >>> answer(PolicyClock(5.0), b"advance 7.5"), answer(PolicyClock(5.0), b"rewind")
    (b'7.5\n', b'error\n')
    """
    verb, _, rest = line.strip().partition(b" ")
    if verb == b"now":
        return f"{clock.now()!r}\n".encode()
    if verb == b"advance":
        try:
            return f"{clock.advance(float(rest))!r}\n".encode()
        except ValueError:
            return b"error\n"
    return b"error\n"


async def serve_clock(clock: PolicyClock) -> asyncio.Server:
    """Serve the clock on a free loopback port."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                writer.write(answer(clock, line))
                await writer.drain()
        except (ConnectionError, ValueError, asyncio.CancelledError):
            pass  # the client went away, sent no line at all, or the server stops
        finally:
            writer.close()

    return await asyncio.start_server(talk, "127.0.0.1", 0)


class Closable(ABC):
    """What is closed at the end of a `with` block."""

    @abstractmethod
    def close(self) -> None:
        """Let go of what is held."""

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        self.close()


class RemoteClock(Closable):
    """A client of a served clock: blocking, one connection, for another process."""

    def __init__(self, endpoint: str, timeout: float = 5.0) -> None:
        """Connect to `host:port`."""
        host, _, port = endpoint.rpartition(":")
        self._socket = socket.create_connection((host, int(port)), timeout=timeout)
        self._lines = self._socket.makefile("rb")

    def now(self) -> float:
        """Return the policy time as an epoch in seconds."""
        return self._ask(b"now\n")

    def advance(self, to: float) -> float:
        """Move the clock to `to` unless that has passed; return the policy time."""
        return self._ask(f"advance {to!r}\n".encode())

    def _ask(self, line: bytes) -> float:
        self._socket.sendall(line)
        return float(self._lines.readline())

    def close(self) -> None:
        """Close the connection."""
        self._lines.close()
        self._socket.close()
