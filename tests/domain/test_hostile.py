"""Hostile and broken servers: each alone, bounded, and never a wrong verdict."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import Final

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rrset
import pytest
from dns.rdataclass import IN
from dns.rdatatype import MX

from checks.domain.ask import Asker
from checks.domain.model import Judgement, Nameserver, ResolverSettings
from checks.mailbox.guard import refuse_reason
from checks.model import Reason
from tests.domain.lab import RAW, Asked, Behaviour, Lab, Send, rrset

ZONE: Final = {
    "d.example": {"MX": ["10 mx.d.example."]},
    "mx.d.example": {"A": ["200.1.1.1"]},
}
WAITS: Final = (0.15, 0.2, 0.25)
SECONDS: Final = 1.0


def _judge(lab: Lab) -> tuple[Judgement, float]:
    """Judge d.example by the lab; return the seconds it took, too."""

    async def run() -> tuple[Judgement, float]:
        async with lab.serve():
            nameserver = Nameserver("127.0.0.1", lab.port)
            settings = ResolverSettings((nameserver,), waits=WAITS, domain_seconds=SECONDS)
            asker = Asker(settings, [nameserver])
            guard = partial(refuse_reason, lab_networks=())
            start = time.monotonic()
            [judgement] = await asker.judge(["d.example"], guard)
            return judgement, time.monotonic() - start

    return asyncio.run(run())


def _honest(asked: Asked) -> dns.message.Message:
    return Lab(ZONE).response(asked)


def _fails(rcode: dns.rcode.Rcode, *, times: int = 99, when_edns: bool = False) -> Behaviour:
    async def behave(asked: Asked, send: Send) -> None:
        response = _honest(asked)
        if asked.count <= times and (asked.query.edns >= 0 or not when_edns):
            response = dns.message.make_response(asked.query)
            response.set_rcode(rcode)
        send(response.to_wire())

    return behave


def _late(seconds: float, *, drops: int = 0) -> Behaviour:
    async def behave(asked: Asked, send: Send) -> None:
        await asyncio.sleep(seconds)
        if asked.count > drops:
            send(_honest(asked).to_wire())

    return behave


def _changed(asked: Asked, change: str) -> bytes:
    """Return the honest answer with one thing wrong with it, and an address that tells."""
    forged = _honest(asked)
    forged.answer = [rrset(asked.name, "MX", "1 forged.d.example.")]
    if change == "id":
        forged.id = (forged.id + 1) % 65536
    elif change == "question":
        forged.question = [dns.rrset.RRset(dns.name.from_text("other.example."), IN, MX)]
    elif change == "query":
        forged.flags &= ~dns.flags.QR
    return forged.to_wire()


def _after(*junk: bytes | str) -> Behaviour:
    """Answer honestly after junk: raw bytes, or what `_changed` makes."""

    async def behave(asked: Asked, send: Send) -> None:
        for one in junk:
            send(_changed(asked, one) if isinstance(one, str) else one)
        send(_honest(asked).to_wire())

    return behave


async def _alias_to_fresh(asked: Asked, send: Send) -> None:
    response = dns.message.make_response(asked.query)
    response.answer = [rrset(asked.name, "CNAME", f"n{asked.at:.9f}.example.".replace(".", "-", 1))]
    send(response.to_wire())


def _stream(*over_tcp: bytes, close: bool = False) -> Behaviour:
    """Answer UDP with a cut message, TCP with the bytes given, then honestly unless none follow."""

    async def behave(asked: Asked, send: Send) -> None:
        response = _honest(asked)
        if not asked.tcp:
            response.flags |= dns.flags.TC
            response.answer = []
            send(response.to_wire())
            return
        for one in over_tcp:
            send(one)
        if not close:
            send(response.to_wire())

    return behave


def _malformed(asked: Asked, body: bytes) -> bytes:
    head = dns.message.make_response(asked.query, recursion_available=True)
    head.use_edns(edns=False)
    wire = bytearray(head.to_wire())
    wire[6:8] = (1).to_bytes(2)
    return bytes(wire) + body


def _answers(body: bytes) -> Behaviour:
    async def behave(asked: Asked, send: Send) -> None:
        send(_malformed(asked, body))

    return behave


async def _oversized(asked: Asked, send: Send) -> None:
    response = _honest(asked)
    hosts = (f"{rank} mail-exchanger-number-{rank}.example." for rank in range(90))
    response.answer = [rrset(asked.name, "MX", *hosts)]
    send(response.to_wire(max_size=65535))


async def _flood(asked: Asked, send: Send) -> None:
    forged = _changed(asked, "id")
    for _ in range(2000):
        send(forged)
        await asyncio.sleep(0)
    send(_honest(asked).to_wire())


def _bomb_wire() -> bytes:
    hosts = (f"{rank} m{rank}.example." for rank in range(2000))
    response = dns.message.make_response(dns.message.make_query("d.example", "MX", use_edns=0))
    response.answer = [rrset("d.example", "MX", *hosts)]
    return response.to_wire(max_size=65535)


BOMB: Final = _bomb_wire()  # made once: that takes longer than our patience


async def _bomb(asked: Asked, send: Send) -> None:
    if asked.tcp:
        send(asked.query.id.to_bytes(2) + BOMB[2:])
        return
    response = _honest(asked)
    response.flags |= dns.flags.TC
    send(response.to_wire())


POINTER_TO_ITSELF: Final = bytes.fromhex("c01b 000f 0001 0000003c 0004 000a c01b".replace(" ", ""))
RDATA_TOO_LONG: Final = bytes.fromhex("c00c 000f 0001 0000003c ffff 000a".replace(" ", ""))
MX_OF_TWO_BYTES: Final = bytes.fromhex("c00c 000f 0001 0000003c 0002 000a".replace(" ", ""))
LABEL_OF_64: Final = bytes.fromhex("40") + b"a" * 64 + bytes.fromhex("00000f0001")

GOOD: Final[dict[str, Behaviour]] = {
    "D24 EDNS offends: FORMERR": _fails(dns.rcode.FORMERR, when_edns=True),
    "D25 EDNS offends: BADVERS": _fails(dns.rcode.BADVERS, when_edns=True),
    "EDNS offends: NOTIMP": _fails(dns.rcode.NOTIMP, when_edns=True),
    "D27 drops the first two": _late(0, drops=2),
    "D28 late, but in time": _late(0.1),
    "D30 a wrong id first": _after("id"),
    "D31 another question first": _after("question"),
    "D34 a query instead of a response first": _after("query"),
    "D35 packets of 0, 11 and 12 bytes first": _after(b"", b"\0" * 11, b"\0" * 12),
    "D36 cut, then whole over TCP": _stream(),
    "D43 another message first over TCP": _stream(
        dns.message.make_response(dns.message.make_query("x.example", "MX")).to_wire(),
    ),
    "D60 a flood of forged ids": _flood,
    "D67 lame at first: REFUSED": _fails(dns.rcode.REFUSED, times=1),
    "fails once: SERVFAIL": _fails(dns.rcode.SERVFAIL, times=1),
}

UNKNOWN: Final[dict[str, tuple[Behaviour, Reason]]] = {
    "D16 an alias to a fresh name each time": (_alias_to_fresh, Reason.DNS_SERVFAIL),
    "D21 SERVFAIL": (_fails(dns.rcode.SERVFAIL), Reason.DNS_SERVFAIL),
    "D22 REFUSED": (_fails(dns.rcode.REFUSED), Reason.DNS_SERVFAIL),
    "D23 NOTIMP": (_fails(dns.rcode.NOTIMP), Reason.DNS_SERVFAIL),
    "D24 FORMERR always": (_fails(dns.rcode.FORMERR), Reason.DNS_SERVFAIL),
    "D26 no answer ever": (_late(9), Reason.DNS_TIMEOUT),
    "D29 answers after nobody waits any more": (_late(0.3), Reason.DNS_TIMEOUT),
    "D39 cut over TCP too": (
        _stream(RAW + b"\0\x02", close=True),
        Reason.DNS_TIMEOUT,
    ),
    "D40 a length of 65535 and ten bytes": (
        _stream(RAW + b"\xff\xff" + b"\0" * 10, close=True),
        Reason.DNS_SERVFAIL,
    ),
    "D40 a long message that never comes": (
        _stream(RAW + b"\x10\x00" + b"\0" * 10, close=True),
        Reason.DNS_TIMEOUT,
    ),
    "D42 a length of nothing": (_stream(RAW + b"\0\0", close=True), Reason.DNS_SERVFAIL),
    "D44 more over UDP than was offered": (_oversized, Reason.DNS_TIMEOUT),
    "D45 2,000 MX over TCP": (_bomb, Reason.DNS_SERVFAIL),
    "D48 a compression pointer to itself": (_answers(POINTER_TO_ITSELF), Reason.DNS_TIMEOUT),
    "D49 data longer than the message": (_answers(RDATA_TOO_LONG), Reason.DNS_TIMEOUT),
    "D50 a label of 64": (_answers(LABEL_OF_64), Reason.DNS_TIMEOUT),
    "D53 an MX of two bytes": (_answers(MX_OF_TWO_BYTES), Reason.DNS_TIMEOUT),
}


@pytest.mark.parametrize("behave", GOOD.values(), ids=GOOD.keys())
def test_finds_the_way_past(behave: Behaviour) -> None:
    lab = Lab(ZONE, {"d.example": behave})
    judgement, _ = _judge(lab)
    assert (judgement.reason, judgement.addresses) == (None, ("200.1.1.1",))


@pytest.mark.parametrize(("behave", "reason"), UNKNOWN.values(), ids=UNKNOWN.keys())
def test_gives_up_in_time_without_a_verdict(behave: Behaviour, reason: Reason) -> None:
    lab = Lab(ZONE, {"*": behave})
    judgement, seconds = _judge(lab)
    assert judgement.reason is reason
    assert seconds < SECONDS + 0.5
    assert len(lab.asked) <= 12


def test_d37_tcp_refused_is_no_verdict() -> None:
    async def cut(asked: Asked, send: Send) -> None:
        response = dns.message.make_response(asked.query)
        response.flags |= dns.flags.TC
        send(response.to_wire())

    lab = Lab(ZONE, {"*": cut}, tcp=False)
    judgement, _ = _judge(lab)
    assert judgement.reason is Reason.DNS_TIMEOUT


def test_d58_an_address_that_changes_is_pinned_at_the_first_answer() -> None:
    async def rebind(asked: Asked, send: Send) -> None:
        address = "200.1.1.1" if asked.count == 1 else "127.0.0.1"
        response = _honest(asked)
        response.answer = [rrset(asked.name, "A", address, ttl=0)]
        send(response.to_wire())

    lab = Lab(ZONE, {"mx.d.example": rebind})
    judgement, _ = _judge(lab)
    assert judgement.addresses == ("200.1.1.1",)
    assert lab.questions()["mx.d.example"] == 1
