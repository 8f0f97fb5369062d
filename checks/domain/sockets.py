"""Sockets for dnspython that admit only messages worth parsing, and hold only a few.

dnspython's own queue of datagrams has no bound, and it parses whatever has come: a flood would
take our memory, one large answer a second of our time.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import dns.exception
import dns.inet

from checks.domain.model import Nameserver
from checks.domain.wire import MOST_TCP_BYTES, PAYLOAD, admissible

MOST_WAITING: Final = 64
"""Datagrams kept for one question; a socket asks one and is closed, so more are forged."""

_LENGTH_BYTES: Final = 2
_ID_BYTES: Final = 2


class _Mailbox(asyncio.DatagramProtocol):
    """Keeps the newest admissible datagrams until they are fetched."""

    def __init__(self) -> None:
        self._waiting: deque[bytes | Exception] = deque(maxlen=MOST_WAITING)
        self._arrived = asyncio.Event()
        self.wanted = b""

    def datagram_received(self, data: bytes, addr: object) -> None:
        del addr  # the socket is connected: the kernel lets nobody else's datagrams in
        # comparing ids costs nothing; parsing a flood of forgeries to find them wrong would
        if data[:_ID_BYTES] == self.wanted and len(data) <= PAYLOAD and admissible(data):
            self._put(data)

    def error_received(self, exc: Exception) -> None:
        self._put(exc)

    def connection_lost(self, exc: Exception | None) -> None:
        self._put(exc or EOFError("socket closed"))

    def _put(self, item: bytes | Exception) -> None:
        self._waiting.append(item)
        self._arrived.set()

    async def fetch(self) -> bytes:
        while not self._waiting:
            self._arrived.clear()
            await self._arrived.wait()
        item = self._waiting.popleft()
        if isinstance(item, Exception):
            raise item
        return item


class Datagrams:
    """One connected UDP socket on a fresh random port, for one question."""

    def __init__(
        self,
        nameserver: Nameserver,
        transport: asyncio.DatagramTransport,
        mailbox: _Mailbox,
    ) -> None:
        """Take over a connected transport."""
        self.family = dns.inet.af_for_address(nameserver.address)
        self._peer = dns.inet.low_level_address_tuple(
            (nameserver.address, nameserver.port),
            self.family,
        )
        self._transport = transport
        self._mailbox = mailbox

    async def sendto(self, what: bytes, _destination: object, _wait: float | None) -> int:
        """Send a message to the nameserver; only messages with its id will come in."""
        self._mailbox.wanted = what[:_ID_BYTES]
        self._transport.sendto(what)
        return len(what)

    async def recvfrom(self, _size: int, _wait: float | None) -> tuple[bytes, object]:
        """Return the next admissible message and whom it is from; the caller keeps the time."""
        return await self._mailbox.fetch(), self._peer


@asynccontextmanager
async def open_datagrams(nameserver: Nameserver) -> AsyncIterator[Datagrams]:
    """Connect a UDP socket for the time of a question; raises OSError."""
    transport, mailbox = await asyncio.get_running_loop().create_datagram_endpoint(
        _Mailbox,
        remote_addr=(nameserver.address, nameserver.port),
    )
    try:
        yield Datagrams(nameserver, transport, mailbox)
    finally:
        transport.abort()


class Stream:
    """One TCP connection that hands out whole admissible messages only."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take over a connection."""
        self._reader = reader
        self._writer = writer
        self._frame = b""

    async def sendall(self, what: bytes, _wait: float | None) -> None:
        """Send bytes; the caller keeps the time."""
        self._writer.write(what)
        await self._writer.drain()

    async def recv(self, size: int, _wait: float | None) -> bytes:
        """Return bytes of the current message, length prefix included.

        Raises `dns.exception.FormError` where a message may not be admitted, EOFError at its end.
        """
        if not self._frame:
            self._frame = await self._next_frame()
        taken, self._frame = self._frame[:size], self._frame[size:]
        return taken

    async def _next_frame(self) -> bytes:
        prefix = await self._reader.readexactly(_LENGTH_BYTES)
        length = int.from_bytes(prefix)
        if length > MOST_TCP_BYTES:
            raise dns.exception.FormError
        wire = await self._reader.readexactly(length)
        if not admissible(wire):
            raise dns.exception.FormError
        return prefix + wire


@asynccontextmanager
async def open_stream(nameserver: Nameserver) -> AsyncIterator[Stream]:
    """Connect over TCP for the time of a question; raises OSError."""
    reader, writer = await asyncio.open_connection(
        nameserver.address,
        nameserver.port,
        limit=MOST_TCP_BYTES,
    )
    try:
        yield Stream(reader, writer)
    finally:
        writer.transport.abort()
