"""What a nameserver sees of our sockets: how many, which ids, which letters."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import Final, cast

import dns.flags
import dns.message
import dns.name
import dns.rrset
import pytest

from checks.domain.ask import Asker
from checks.domain.model import (
    Answer,
    Nameserver,
    Question,
    Records,
    RecordType,
    ResolverSettings,
    Sockets,
)
from checks.domain.ports import KEPT

MANY: Final = 400
NAMES: Final = [f"domain-number-{number}.example" for number in range(MANY)]


@dataclass
class Seen(asyncio.DatagramProtocol):
    """A nameserver that answers every question alike and remembers who asked it how."""

    lower_case: bool = False
    ports: Counter[int] = field(default_factory=Counter)
    idents: Counter[int] = field(default_factory=Counter)
    names: list[str] = field(default_factory=list)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to listen."""
        # Python 3.11's datagram transport is none to isinstance
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer one question."""
        reply, name = answer(data, lower_case=self.lower_case)
        self.ports[addr[1]] += 1
        self.idents[int.from_bytes(data[:2])] += 1
        self.names.append(name)
        self._transport.sendto(reply, addr)


def answer(data: bytes, *, lower_case: bool) -> tuple[bytes, str]:
    """Return a reply to a query, and the name as it was asked."""
    query = dns.message.from_wire(data)
    name = query.question[0].name
    response = dns.message.make_response(query)
    if lower_case:
        lower = dns.name.from_text(name.to_text().lower())
        response.question[0] = dns.rrset.RRset(
            lower, query.question[0].rdclass, query.question[0].rdtype
        )
    response.answer.append(dns.rrset.from_text(name, 60, "IN", "A", "200.1.1.1"))
    return response.to_wire(), name.to_text()


async def _stream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    size = int.from_bytes(await reader.readexactly(2))
    reply, _ = answer(await reader.readexactly(size), lower_case=True)
    writer.write(len(reply).to_bytes(2) + reply)
    await reader.read()
    writer.close()


def _ask(sockets: Sockets, seen: Seen, *, turn: int = 1, many: int = MANY) -> list[Answer]:
    async def run() -> list[Answer]:
        loop = asyncio.get_running_loop()
        server = await asyncio.start_server(_stream, "127.0.0.1", 0)
        port: int = server.sockets[0].getsockname()[1]
        transport, _ = await loop.create_datagram_endpoint(
            lambda: seen, local_addr=("127.0.0.1", port)
        )
        nameserver = Nameserver("127.0.0.1", port)
        asker = Asker(ResolverSettings((nameserver,), sockets=sockets), [nameserver])
        questions = [Question(name, RecordType.A, turn) for name in NAMES[:many]]
        try:
            return await asker.control(questions)
        finally:
            transport.close()
            server.close()

    return asyncio.run(run())


def _capitals(names: list[str]) -> float:
    """Return the share of capitals among letters."""
    letters = [letter for name in names for letter in name if letter.isalpha()]
    return sum(letter.isupper() for letter in letters) / len(letters)


ANSWER: Final = Records(60, addresses=("200.1.1.1",))


def test_a_resolver_on_loopback_is_asked_from_a_few_sockets_in_random_letters() -> None:
    seen = Seen()
    assert _ask(Sockets.AUTO, seen) == [ANSWER] * MANY
    assert len(seen.ports) == KEPT
    assert len(seen.idents) > 0.97 * MANY
    assert max(seen.idents) > 1 << 15
    assert _capitals(seen.names) == pytest.approx(0.5, abs=0.05)


def test_any_other_is_asked_from_fresh_ports() -> None:
    seen = Seen()
    assert _ask(Sockets.FRESH, seen) == [ANSWER] * MANY
    assert len(seen.ports) > 0.9 * MANY  # the system may hand a port out again
    assert _capitals(seen.names) == pytest.approx(0.5, abs=0.05)


def test_what_is_asked_again_goes_out_from_a_fresh_socket() -> None:
    seen = Seen()
    assert _ask(Sockets.AUTO, seen, turn=2) == [ANSWER] * MANY
    assert len(seen.ports) > 0.9 * MANY


def test_a_server_that_changes_letters_is_believed_over_tcp() -> None:
    seen = Seen(lower_case=True)
    assert _ask(Sockets.FRESH, seen, many=20) == [ANSWER] * 20
