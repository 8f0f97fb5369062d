"""Messages: what is admitted before parsing, and what is read from them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Final

import dns.exception
import dns.message
import dns.rcode
import dns.rrset
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.domain.model import (
    Alias,
    Answer,
    Failed,
    Failure,
    MailHost,
    NoData,
    NxDomain,
    Records,
)
from checks.domain.wire import admissible, answer_in
from tests.domain.lab import rrset

QUERY: Final = dns.message.make_query("d.example", "MX", use_edns=0)
SOA: Final = rrset("example", "SOA", "ns. root. 1 2 3 4 30", ttl=600)

Build = Callable[[dns.message.Message], object]


def _response(
    *answers: dns.rrset.RRset,
    rcode: dns.rcode.Rcode = dns.rcode.NOERROR,
    authority: tuple[dns.rrset.RRset, ...] = (),
    additional: tuple[dns.rrset.RRset, ...] = (),
) -> dns.message.Message:
    response = dns.message.make_response(QUERY)
    response.set_rcode(rcode)
    response.answer.extend(answers)
    response.authority.extend(authority)
    response.additional.extend(additional)
    return dns.message.from_wire(response.to_wire())


def _chain(links: int) -> list[dns.rrset.RRset]:
    names = ["d.example", *(f"c{number}.example" for number in range(links))]
    pairs = pairwise(names)
    return [rrset(name, "CNAME", f"{target}.") for name, target in pairs]


MX: Final = rrset("d.example", "MX", "10 MX.d.example.", "5 a.d.example.")
MX_READ: Final = (MailHost(5, "a.d.example"), MailHost(10, "mx.d.example"))

READ: Final[dict[str, tuple[dns.message.Message, Answer]]] = {
    "records, lower case, in order": (_response(MX), Records(300, MX_READ)),
    "NXDOMAIN with the zone's negative time to live": (
        _response(rcode=dns.rcode.NXDOMAIN, authority=(SOA,)),
        NxDomain(30),
    ),
    "no data": (_response(authority=(SOA,)), NoData(30)),
    "a referral, which denies nothing": (
        _response(authority=(rrset("example", "NS", "ns.example."),)),
        Failed(Failure.SERVFAIL),
    ),
    "SERVFAIL": (_response(rcode=dns.rcode.SERVFAIL), Failed(Failure.SERVFAIL)),
    "REFUSED": (_response(rcode=dns.rcode.REFUSED), Failed(Failure.REFUSED)),
    "NOTIMP": (_response(rcode=dns.rcode.NOTIMP), Failed(Failure.SERVFAIL)),
    "an unassigned code": (_response(rcode=dns.rcode.Rcode(12)), Failed(Failure.SERVFAIL)),
    "an alias with its end": (
        _response(*_chain(1), rrset("c0.example", "MX", "1 a.example.")),
        Records(300, (MailHost(1, "a.example"),)),
    ),
    "an alias without its end": (_response(*_chain(2)), Alias(300, "c1.example")),
    "an alias whose end has no such record": (_response(*_chain(1), authority=(SOA,)), NoData(30)),
    "an alias whose end does not exist": (
        _response(*_chain(1), rcode=dns.rcode.NXDOMAIN, authority=(SOA,)),
        NxDomain(30),
    ),
    "eight aliases": (
        _response(*_chain(8), rrset("c7.example", "MX", "1 a.example.")),
        Records(300, (MailHost(1, "a.example"),)),
    ),
    "D15 nine aliases": (
        _response(*_chain(9), rrset("c8.example", "MX", "1 a.example.")),
        Failed(Failure.BROKEN),
    ),
    "D13 aliases in a circle": (
        _response(
            rrset("d.example", "CNAME", "e.example."), rrset("e.example", "CNAME", "d.example.")
        ),
        Failed(Failure.BROKEN),
    ),
    "an answer together with NXDOMAIN": (
        _response(MX, rcode=dns.rcode.NXDOMAIN),
        Failed(Failure.BROKEN),
    ),
    "D54 records of another name in the answer": (
        _response(rrset("victim.example", "MX", "1 a.example."), authority=(SOA,)),
        NoData(30),
    ),
    "D55 additional addresses": (
        _response(MX, additional=(rrset("a.d.example", "A", "10.0.0.1"),)),
        Records(300, MX_READ),
    ),
    "D05 a null MX": (_response(rrset("d.example", "MX", "0 .")), Records(300, (MailHost(0, ""),))),
    "D51 hostile labels come out escaped": (
        _response(
            rrset("d.example", "MX", "0 a\\013\\010RCPT\\032TO.example.", "1 a\\.b.example.")
        ),
        Records(
            300,
            (MailHost(0, "a\\013\\010rcpt\\032to.example"), MailHost(1, "a\\.b.example")),
        ),
    ),
}


@pytest.mark.parametrize(("message", "answer"), READ.values(), ids=READ.keys())
def test_reads(message: dns.message.Message, answer: Answer) -> None:
    assert answer_in(message) == answer


def test_d45_a_bomb_is_refused_by_its_header() -> None:
    bomb = dns.message.make_response(QUERY)
    bomb.answer.append(
        rrset("d.example", "MX", *(f"{rank} m{rank}.d.example." for rank in range(101)))
    )
    assert not admissible(bomb.to_wire(max_size=65535))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=40), st.integers(0, 200), st.binary(max_size=6))
def test_a_damaged_message_is_read_or_refused_and_nothing_else(
    tail: bytes,
    cut: int,
    patch: bytes,
) -> None:
    wire = _response(MX, *_chain(2), authority=(SOA,)).to_wire()
    cut = min(cut, len(wire))
    damaged = wire[:cut] + patch + wire[cut + len(patch) :] + tail
    if not admissible(damaged):
        return
    try:
        message = dns.message.from_wire(damaged)
    except (dns.exception.DNSException, ValueError):
        return
    assert isinstance(answer_in(message), Records | NoData | NxDomain | Alias | Failed)
