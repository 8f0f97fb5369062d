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
from typing import Final, Generic, TypeVar

from checks.domain.model import Nameserver, Sockets
from checks.domain.query import PAYLOAD

KEPT: Final = 8
"""Sockets that are kept for a nameserver on loopback."""

MOST_IDENTS: Final = 4096
"""Questions that may be under way from one socket: one id in sixteen."""

_TURN: Final = 32  # questions from one socket before the next: their answers come together
_DRAINED: Final = 256  # datagrams read before others have their turn
_TOO_LONG: Final = PAYLOAD + 1  # what is longer is cut by the kernel to this, and dropped
_RECEIVE_BUFFER: Final = 1 << 20  # what a flood fills before the kernel drops datagrams
_IDENTS_AT_ONCE: Final = 512

Flight = TypeVar("Flight")


class Idents:
    """Random numbers of 16 bits, from the system's own source, many at a time."""

    def __init__(self) -> None:
        """Draw none yet."""
        self._drawn: list[int] = []

    def draw(self) -> int:
        """Return a number nobody can know."""
        if not self._drawn:
            raw = secrets.token_bytes(2 * _IDENTS_AT_ONCE)
            self._drawn = list(memoryview(raw).cast("H"))
        return self._drawn.pop()


class Port(Generic[Flight]):
    """One connected socket, and what is under way from it by id."""

    __slots__ = ("fresh", "idents", "nameserver", "socket", "waiting")

    def __init__(self, nameserver: Nameserver, idents: Idents, *, fresh: bool) -> None:
        """Open and connect; raises OSError."""
        family = socket.AF_INET6 if ":" in nameserver.address else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self.nameserver = nameserver
        self.waiting: dict[int, Flight] = {}
        self.idents = idents
        self.fresh = fresh
        try:
            if not fresh:
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
            self.socket.connect((nameserver.address, nameserver.port))
        except OSError:
            self.socket.close()
            raise

    def reserve(self, flight: Flight) -> int:
        """Return an id that nothing is under way with, and keep it for a flight."""
        ident = self.idents.draw()
        while ident in self.waiting:
            ident = self.idents.draw()
        self.waiting[ident] = flight
        return ident


Receive = Callable[[Port[Flight], int, bytes], None]
"""What is done with a datagram whose id is known: its port, the id, its bytes."""


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
        self._loop = asyncio.get_running_loop()
        self._idents = Idents()
        self._kept: dict[Nameserver, list[Port[Flight]]] = {}
        self._turns: dict[Nameserver, Callable[[], Port[Flight]]] = {}

    def take(self, nameserver: Nameserver, *, fresh: bool) -> Port[Flight]:
        """Return a port to ask from; a fresh one belongs to one question. Raises OSError."""
        if fresh or not self._keeps(nameserver):
            return self._open(nameserver, fresh=True)
        if nameserver not in self._turns:
            kept = [self._open(nameserver, fresh=False) for _ in range(KEPT)]
            order = cycle([port for port in kept for _ in range(_TURN)])
            self._kept[nameserver] = kept
            self._turns[nameserver] = order.__next__
        port = self._turns[nameserver]()
        if len(port.waiting) >= MOST_IDENTS:
            port = min(self._kept[nameserver], key=_load)
        if len(port.waiting) >= MOST_IDENTS:
            raise BlockingIOError
        return port

    def leave(self, port: Port[Flight], ident: int) -> None:
        """Wait for nothing more under an id; a fresh port is closed."""
        port.waiting.pop(ident, None)
        if port.fresh:
            self._loop.remove_reader(port.socket)
            port.socket.close()

    def close(self) -> None:
        """Close every socket that is kept."""
        for port in [port for kept in self._kept.values() for port in kept]:
            self._loop.remove_reader(port.socket)
            port.socket.close()
        self._kept.clear()
        self._turns.clear()

    def _keeps(self, nameserver: Nameserver) -> bool:
        if self._policy is Sockets.AUTO:
            return nameserver.is_loopback
        return self._policy is Sockets.KEPT

    def _open(self, nameserver: Nameserver, *, fresh: bool) -> Port[Flight]:
        port = Port[Flight](nameserver, self._idents, fresh=fresh)
        self._loop.add_reader(port.socket, self._drain, port)
        return port

    def _drain(self, port: Port[Flight]) -> None:
        """Hand on what has come, as long as something is waited for."""
        receive, waiting, take_in = self._receive, port.waiting, port.socket.recv
        try:
            for _ in range(_DRAINED):
                wire = take_in(_TOO_LONG)
                ident = int.from_bytes(wire[:2])
                if ident in waiting:  # comparing ids costs nothing; forgeries are not even parsed
                    receive(port, ident, wire)
                if not waiting:
                    break
        except BlockingIOError:
            pass
        except OSError:
            self._refused(port)
        self._after()


def _load(port: Port[Flight]) -> int:
    return len(port.waiting)
