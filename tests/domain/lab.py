"""A DNS server on loopback that answers by a table or misbehaves by a script."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeAlias, cast

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

Send: TypeAlias = Callable[[bytes], None]
Records: TypeAlias = Mapping[str, Mapping[str, Sequence[str]]]


@dataclass(frozen=True)
class Asked:
    """One query as it came in."""

    query: dns.message.Message
    name: str
    record_type: str
    tcp: bool
    count: int  # how often this question has come, this time included
    at: float  # seconds on the loop's clock


Behaviour: TypeAlias = Callable[[Asked, Send], Awaitable[None]]


@dataclass
class Lab:
    """What the server knows, how it misbehaves, and what it was asked.

    `script` maps a name, or "*" for all, to a behaviour; other names are answered from `zone`,
    unknown ones by NXDOMAIN.
    """

    zone: Records = field(default_factory=dict)
    script: Mapping[str, Behaviour] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    port: int = 0
    tcp: bool = True
    _counts: Counter[tuple[str, str]] = field(default_factory=Counter)

    async def answer(self, wire: bytes, send: Send, *, tcp: bool) -> None:
        """Answer one query by sending any number of messages, perhaps none."""
        query = dns.message.from_wire(wire)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        record_type = dns.rdatatype.to_text(question.rdtype)
        self._counts[name, record_type] += 1
        now = asyncio.get_running_loop().time()
        asked = Asked(query, name, record_type, tcp, self._counts[name, record_type], now)
        self.asked.append(asked)
        behave = self.script.get(name) or self.script.get("*")
        if behave:
            await behave(asked, send)
        else:
            send(self.response(asked).to_wire())

    def response(self, asked: Asked, zone: Records | None = None) -> dns.message.Message:
        """Return the honest answer from the zone."""
        records = (self.zone if zone is None else zone).get(asked.name)
        response = dns.message.make_response(asked.query, recursion_available=True)
        if records is None:
            response.set_rcode(dns.rcode.NXDOMAIN)
        texts = (records or {}).get(asked.record_type, ())
        if texts:
            response.answer.append(rrset(asked.name, asked.record_type, *texts))
        else:
            response.authority.append(rrset("example", "SOA", "ns. root. 1 2 3 4 300"))
        return response

    def questions(self) -> Counter[str]:
        """Return how many queries came for each name."""
        return Counter(one.name for one in self.asked)

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[None]:
        """Listen on one free port of 127.0.0.1, UDP and TCP."""
        loop = asyncio.get_running_loop()
        server = await asyncio.start_server(self._serve_stream, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        if not self.tcp:
            server.close()
        transport, _ = await loop.create_datagram_endpoint(
            lambda: _Datagrams(self),
            local_addr=("127.0.0.1", self.port),
        )
        try:
            yield
        finally:
            transport.close()
            server.close()

    async def _serve_stream(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        def send(wire: bytes) -> None:
            framed = len(wire).to_bytes(2) + wire
            writer.write(wire.removeprefix(RAW) if wire.startswith(RAW) else framed)

        length = int.from_bytes(await reader.readexactly(2))
        await self.answer(await reader.readexactly(length), send, tcp=True)
        await reader.read()
        writer.close()


RAW = b"raw:"
"""Starts what is to be sent over TCP without a length prefix of ours."""


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        def send(wire: bytes) -> None:
            self._transport.sendto(wire, addr)

        task = asyncio.create_task(self._lab.answer(data, send, tcp=False))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def rrset(name: str, record_type: str, *texts: str, ttl: int = 300) -> dns.rrset.RRset:
    """Return records from their text form, names relative to the root."""
    return dns.rrset.from_text(f"{name}.", ttl, "IN", record_type, *texts)
