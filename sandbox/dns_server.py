"""A DNS server on loopback, UDP and TCP, that answers for the sandbox's world as a resolver does.

Answers are rendered once per question and kept as bytes; a reply is then the query's id and
question in front of them, so that loads of thousands of queries a second are no matter.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Final, Literal, cast

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from sandbox.dns_packets import Packet, Packets, Way
from sandbox.hostile_dns import HostileNames
from sandbox.weather import Air, Weather
from sandbox.zone import Records, Zone

Mood = Literal["honest", "nxdomain", "address", "wildcard", "servfail", "dead"]
"""How the resolver as a whole behaves: honest; NXDOMAIN for everything; an address for every name
that does not exist (as providers do who sell your typing errors); MX and address for every name;
SERVFAIL for everything; mute."""

PARKING_ADDRESS: Final = "127.105.0.9"
"""Where the moods "address" and "wildcard" lead; nothing listens there."""

PARKING_HOST: Final = "parking.sandbox.example"

_HEADER: Final = struct.Struct("!HHHHHH")
_UDP_LIMIT: Final = 1_232
_PLAIN_LIMIT: Final = 512
_TTL: Final = 300
_SOA: Final = "ns.sandbox.example. hostmaster.sandbox.example. 1 3600 600 86400 60"
_MAX_CHAIN: Final = 24
_PORT_TRIES: Final = 20
_NO_LINGER: Final = struct.pack("ii", 1, 0)  # closing sends a reset


class Responder:
    """Query bytes in, reply bytes out; None means no answer at all."""

    def __init__(self, zone: Zone, mood: Mood = "honest") -> None:
        """Take the names to answer for, and the resolver's mood."""
        self._zone = zone
        self._mood = mood
        self._rendered: dict[tuple[bytes, bool, bool], bytes | None] = {}

    def reply(self, query: bytes, *, tcp: bool) -> bytes | None:
        """Return the reply to one query; None for noise and for names that time out."""
        end = _question_end(query)
        if end is None or self._mood == "dead":
            return None
        has_options = query[10:12] != b"\x00\x00"
        key = (query[12:end].lower(), has_options, tcp)
        if key not in self._rendered:
            self._rendered[key] = self._render(
                query[:end].lower(), has_options=has_options, tcp=tcp
            )
        rendered = self._rendered[key]
        if rendered is None:
            return None
        flags = rendered[2] | (query[2] & 0x01)  # recursion desired, as asked
        return query[:2] + bytes((flags,)) + rendered[3:12] + query[12:end] + rendered[end:]

    def _render(self, query: bytes, *, has_options: bool, tcp: bool) -> bytes | None:
        head = _HEADER.pack(0, 0, 1, 0, 0, 0)
        try:
            asked = dns.message.from_wire(head + query[12:])
        except dns.exception.DNSException:
            return None
        question = asked.question[0]
        response = dns.message.make_response(asked, recursion_available=True)
        if has_options:
            response.use_edns(0, payload=_UDP_LIMIT)
        if not self._fill(response, question.name, question.rdtype):
            return None
        limit = 65_535 if tcp else (_UDP_LIMIT if has_options else _PLAIN_LIMIT)
        try:
            return response.to_wire(max_size=limit)
        except dns.exception.TooBig:
            return _truncated(response)

    def _fill(
        self, response: dns.message.Message, name: dns.name.Name, kind: dns.rdatatype.RdataType
    ) -> bool:
        """Put the answer in; False where nobody answers."""
        if self._mood == "servfail":
            response.set_rcode(dns.rcode.SERVFAIL)
            return True
        for _ in range(_MAX_CHAIN):
            text = name.to_text(omit_final_dot=True)
            fate = self._zone.fates.get(text)
            if fate == "timeout":
                return False
            if fate is not None:
                response.set_rcode(dns.rcode.REFUSED if fate == "refused" else dns.rcode.SERVFAIL)
                return True
            records = self._records_of(text)
            if records is None:
                self._fill_missing(response, name, kind)
                return True
            if "CNAME" not in records:
                _add(response, name, kind, records.get(dns.rdatatype.to_text(kind), []))
                return True
            _add(response, name, dns.rdatatype.CNAME, records["CNAME"])
            name = dns.name.from_text(records["CNAME"][0])
            if response.get_rrset(response.answer, name, dns.rdataclass.IN, dns.rdatatype.CNAME):
                break  # a circle
        response.set_rcode(dns.rcode.SERVFAIL)
        return True

    def _records_of(self, name: str) -> Records | None:
        if self._mood == "nxdomain":
            return None
        if self._mood == "wildcard":
            return {"MX": [f"10 {PARKING_HOST}."], "A": [PARKING_ADDRESS]}
        return self._zone.records.get(name)

    def _fill_missing(
        self, response: dns.message.Message, name: dns.name.Name, kind: dns.rdatatype.RdataType
    ) -> None:
        if self._mood == "address":
            _add(response, name, kind, [PARKING_ADDRESS] if kind == dns.rdatatype.A else [])
        else:
            response.set_rcode(dns.rcode.NXDOMAIN)
            _add_soa(response)


def _question_end(query: bytes) -> int | None:
    """Return where the only question ends; None for what is no plain query."""
    if len(query) < _HEADER.size or query[2] & 0xF8 or query[4:6] != b"\x00\x01":
        return None
    place = _HEADER.size
    while place < len(query) and query[place]:
        if query[place] & 0xC0:
            return None
        place += query[place] + 1
    end = place + 5
    return end if end <= len(query) else None


def _add(
    response: dns.message.Message,
    name: dns.name.Name,
    kind: dns.rdatatype.RdataType,
    rdata: list[str],
) -> None:
    if not rdata:
        _add_soa(response)
        return
    rrset = dns.rrset.from_text(name, _TTL, "IN", dns.rdatatype.to_text(kind), *rdata)
    response.answer.append(rrset)


def _add_soa(response: dns.message.Message) -> None:
    """Say where the name would be, so that clients may keep its absence (RFC 2308)."""
    name = response.question[0].name
    zone = dns.name.Name(name.labels[-2:]) if len(name.labels) > 1 else name
    response.authority.append(dns.rrset.from_text(zone, _TTL, "IN", "SOA", _SOA))


def _truncated(response: dns.message.Message) -> bytes:
    response.answer.clear()
    response.authority.clear()
    response.flags |= dns.flags.TC
    return response.to_wire()


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, server: DnsServer, sock: socket.socket) -> None:
        self._server = server
        self._socket = sock

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Python 3.11's datagram transport is none to isinstance
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        for packet in self._server.packets(data, tcp=False):
            if packet.delay:
                loop = asyncio.get_running_loop()
                loop.call_later(packet.delay, self._send, packet, addr)
            else:
                self._send(packet, addr)

    def _send(self, packet: Packet, addr: tuple[str, int]) -> None:
        if packet.way is Way.ELSEWHERE:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
                other.sendto(packet.data, addr)
        elif packet.data:
            self._transport.sendto(packet.data, addr)
        else:  # asyncio sends no empty datagram
            self._socket.sendto(b"", addr)


class DnsServer:
    """The server on one loopback port; `await start()` binds, `await stop()` lets go."""

    def __init__(
        self,
        responder: Responder,
        hostile: HostileNames | None = None,
        weather: Weather | None = None,
    ) -> None:
        """Take what answers, what spoils the answers about hostile names, and the weather."""
        self._responder = responder
        self._hostile = hostile
        self._air = Air(weather) if weather else None

    def packets(self, query: bytes, *, tcp: bool) -> Packets:
        """Return what is sent for a query."""
        reply = self._responder.reply(query, tcp=tcp)
        if reply is None:
            return []
        packets = [Packet(0, reply)]
        if self._hostile is not None:
            packets = self._hostile.react(query, reply, tcp=tcp)
        if self._air is None or tcp:
            return packets
        return self._air.carry(query, packets, asyncio.get_running_loop().time())

    async def start(self, port: int = 0) -> int:
        """Listen on UDP and TCP of one port of 127.0.0.1; return the port."""
        tcp, udp = _bind_both(port)
        loop = asyncio.get_running_loop()
        self._tcp = await asyncio.start_server(self._talk, sock=tcp)
        self._udp, _ = await loop.create_datagram_endpoint(lambda: _Udp(self, udp), sock=udp)
        found: int = tcp.getsockname()[1]
        return found

    async def stop(self) -> None:
        """Close both sockets."""
        self._tcp.close()
        self._udp.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                size = int.from_bytes(await reader.readexactly(2), "big")
                for packet in self.packets(await reader.readexactly(size), tcp=True):
                    await asyncio.sleep(packet.delay)
                    await _write(packet, writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # the client has gone, or the server stops
        finally:
            writer.close()


async def _write(packet: Packet, writer: asyncio.StreamWriter) -> None:
    if packet.way is Way.RESET:
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        writer.transport.abort()
        return
    length = b"" if packet.way is Way.RAW else len(packet.data).to_bytes(2, "big")
    writer.write(length + packet.data)
    await writer.drain()


def _bind_both(port: int) -> tuple[socket.socket, socket.socket]:
    for attempt in range(_PORT_TRIES):
        tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tcp.bind(("127.0.0.1", port))
            udp.bind(("127.0.0.1", tcp.getsockname()[1]))
        except OSError:
            tcp.close()
            udp.close()
            if port or attempt == _PORT_TRIES - 1:
                raise
        else:
            return tcp, udp
    message = "unreachable: the last attempt raises"
    raise AssertionError(message)
