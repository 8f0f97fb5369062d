"""UDP sockets that questions go out from: connected, bounded, kept for long or used once.

The kernel lets nobody but the nameserver's address into a connected socket, so what is left to a
forger is to lie about that address, and to guess port, id and letters: docs/decisions/0203.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import Callable
from itertools import cycle
from selectors import EVENT_READ, DefaultSelector
from typing import Final, Generic, Protocol, TypeVar

from checks.domain.model import Nameserver, Sockets
from checks.domain.query import PAYLOAD, query

KEPT: Final = 8
"""Sockets that are kept for a nameserver on loopback."""

MOST_IDENTS: Final = 4096
"""Questions that may be under way from one socket: one id in sixteen."""

_TURN: Final = 32  # questions from one socket before the next: their answers come together
_DRAINED: Final = 256  # datagrams read before others have their turn
_TOO_LONG: Final = PAYLOAD + 1  # what is longer is cut by the kernel to this, and dropped
_RECEIVE_BUFFER: Final = 1 << 20  # what a flood fills before the kernel drops datagrams
_IDENTS_AT_ONCE: Final = 512


class Outgoing(Protocol):
    """What goes out from a port: it is told under which id and in which letters."""

    ident: bytes
    section: bytes
    edns: bool


Flight = TypeVar("Flight", bound=Outgoing)


class Idents:
    """Random ids of two bytes, from the system's own source, many at a time."""

    def __init__(self) -> None:
        """Draw none yet."""
        self._drawn: list[bytes] = []

    def draw(self) -> bytes:
        """Return an id nobody can know."""
        if not self._drawn:
            raw = secrets.token_bytes(2 * _IDENTS_AT_ONCE)
            self._drawn = [raw[place : place + 2] for place in range(0, len(raw), 2)]
        return self._drawn.pop()


class Port(Generic[Flight]):
    """One connected socket, and what is under way from it by id."""

    __slots__ = ("_draw", "_send", "fresh", "socket", "waiting")

    def __init__(self, nameserver: Nameserver, idents: Idents, *, fresh: bool) -> None:
        """Open and connect; raises OSError."""
        family = socket.AF_INET6 if ":" in nameserver.address else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self.waiting: dict[bytes, Flight] = {}
        self.fresh = fresh
        self._draw = idents.draw
        self._send = self.socket.send
        try:
            if not fresh:
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
            self.socket.connect(nameserver)
        except OSError:
            self.socket.close()
            raise

    def ask(self, flight: Flight, section: bytes) -> None:
        """Send a question, in these letters, under an id that nothing is under way with."""
        ident = self._draw()
        while ident in self.waiting:
            ident = self._draw()
        self.waiting[ident] = flight
        flight.ident, flight.section = ident, section
        self._send(query(ident, section, edns=flight.edns))


Receive = Callable[[Flight, bytes], None]
"""What is done with a datagram whose id is that of a question under way."""


class Ports(Generic[Flight]):
    """The sockets of one pass: takes datagrams in as they come, and tells whom they are for."""

    def __init__(
        self,
        policy: Sockets,
        receive: Receive[Flight],
        refused: Callable[[Port[Flight]], None],
        after: Callable[[], None],
    ) -> None:
        """Take what is done with a datagram, with a port nobody is behind, and after a burst."""
        self._policy = policy
        self._receive = receive
        self._refused = refused
        self._after = after
        # all sockets behind one that asyncio watches: it takes longer to begin and to end watching
        # one than to ask a question from it
        self._ready = DefaultSelector()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._ready.fileno(), self._drain_ready)
        self._idents = Idents()
        self._kept: dict[Nameserver, list[Port[Flight]]] = {}
        self._turns: dict[Nameserver, Callable[[], Port[Flight]]] = {}

    def take(self, nameserver: Nameserver, *, fresh: bool) -> Port[Flight]:
        """Return a port to ask from; a fresh one belongs to one question. Raises OSError."""
        if fresh or not self._keeps(nameserver):
            return self._open(nameserver, fresh=True)
        port = self._turns[nameserver]()
        if len(port.waiting) >= MOST_IDENTS:
            port = min(self._kept[nameserver], key=_load)
        if len(port.waiting) >= MOST_IDENTS:
            raise BlockingIOError
        return port

    def leave(self, port: Port[Flight], ident: bytes) -> None:
        """Wait for nothing more under an id; a fresh port is closed."""
        port.waiting.pop(ident, None)
        if port.fresh:
            self._shut(port)

    def close(self) -> None:
        """Close every socket that is kept, and take in no more."""
        for port in [port for kept in self._kept.values() for port in kept]:
            self._shut(port)
        self._kept.clear()
        self._turns.clear()
        self._loop.remove_reader(self._ready.fileno())
        self._ready.close()

    def _keeps(self, nameserver: Nameserver) -> bool:
        """Tell whether a nameserver has sockets that are kept, and open them at first."""
        if nameserver in self._turns:
            return True
        is_near = self._policy is Sockets.AUTO and nameserver.is_loopback
        if self._policy is not Sockets.KEPT and not is_near:
            return False
        kept = [self._open(nameserver, fresh=False) for _ in range(KEPT)]
        self._kept[nameserver] = kept
        self._turns[nameserver] = cycle([port for port in kept for _ in range(_TURN)]).__next__
        return True

    def _open(self, nameserver: Nameserver, *, fresh: bool) -> Port[Flight]:
        port = Port[Flight](nameserver, self._idents, fresh=fresh)
        self._ready.register(port.socket.fileno(), EVENT_READ, port)
        return port

    def _shut(self, port: Port[Flight]) -> None:
        self._ready.unregister(port.socket.fileno())
        port.socket.close()

    def _drain_ready(self) -> None:
        for key, _ in self._ready.select(0):
            self._drain(key.data)
        self._after()

    def _drain(self, port: Port[Flight]) -> None:
        """Hand on what has come, as long as something is waited for."""
        receive, waiting, take_in = self._receive, port.waiting, port.socket.recv
        try:
            for _ in range(_DRAINED):
                wire = take_in(_TOO_LONG)
                flight = waiting.get(wire[:2])
                if flight is not None:  # comparing ids costs nothing: forgeries are not read
                    receive(flight, wire)
                if not waiting:
                    break
        except BlockingIOError:
            pass
        except OSError:
            self._refused(port)


def _load(port: Port[Flight]) -> int:
    return len(port.waiting)
