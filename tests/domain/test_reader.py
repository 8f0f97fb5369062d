"""The strict reader against dnspython: the same answer, or none, on every shape there is."""

from __future__ import annotations

import time
from typing import Final, TypeAlias

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rrset
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.domain.model import Answer, MailHost, NoData, NxDomain, Records, RecordType
from checks.domain.query import query
from checks.domain.readings import Readings
from checks.domain.reply import Asked, Heard, hear, is_reply
from checks.domain.wire import admissible
from sandbox.dns_packets import Asked as LabQuery
from sandbox.dns_reactions import REACTIONS
from tests.fuzz.messages import IDENT, asked_of, compare

KINDS: Final = st.sampled_from(list(RecordType))
NAMES: Final = st.sampled_from(
    [
        "d.example", "D.example", "e.example", "mx.d.example", "Mx2.d.Example", "example", ".",
        "a_b.example", "x" * 63 + ".example", "b\\013c.example", "p\\.q.example", "com",
    ],
)  # fmt: skip
TTLS: Final = st.sampled_from([0, 1, 300, 86_400, 2**31 - 1, 2**31, 2**32 - 1])
A4: Final = st.ip_addresses(v=4).map(str)
A6: Final = st.one_of(
    st.ip_addresses(v=6).map(str),
    st.sampled_from(["::", "::1", "::ffff:1.2.3.4", "::1.2.3.4", "1:0:0:2::", "1::2:0:0:3"]),
)


STALL_SECONDS: Final = 0.02
"""What one message may hold up everybody else."""

Exchange: TypeAlias = tuple[Asked, dns.message.Message]
"""A query, and a response to it."""


def _fqdn(name: str) -> str:
    return name if name.endswith(".") else f"{name}."


@st.composite
def _rrsets(draw: st.DrawFn) -> dns.rrset.RRset:
    owner, ttl = _fqdn(draw(NAMES)), draw(TTLS)
    kind = draw(st.sampled_from(["MX", "A", "AAAA", "CNAME", "SOA", "NS", "TXT"]))
    host = NAMES.map(_fqdn)
    texts = {
        "MX": st.tuples(st.integers(0, 3), host).map(lambda pair: f"{pair[0]} {pair[1]}"),
        "A": A4,
        "AAAA": A6,
        "CNAME": host,
        "NS": host,
        "SOA": st.tuples(host, host, TTLS).map(lambda three: "{} {} 1 2 3 4 {}".format(*three)),
        "TXT": st.just('"x"'),
    }[kind]
    many = draw(st.lists(texts, min_size=1, max_size=1 if kind in {"CNAME", "SOA"} else 4))
    return dns.rrset.from_text(owner, ttl, "IN", kind, *many)


@st.composite
def _messages(draw: st.DrawFn) -> Exchange:
    """Return a query, and a response of the shapes that servers make, and of a few they do not."""
    kind = draw(KINDS)
    asked = _asked(kind)
    message = dns.message.make_response(
        dns.message.from_wire(query(IDENT, asked.section, edns=False))
    )
    message.flags |= draw(st.sampled_from([0, dns.flags.AA, dns.flags.RA, dns.flags.AD]))
    message.set_rcode(dns.rcode.Rcode(draw(st.sampled_from([0, 0, 0, 3, 3, 2, 5]))))
    for part in (message.answer, message.authority, message.additional):
        part.extend(draw(st.lists(_rrsets(), max_size=3)))
    if draw(st.booleans()):
        message.use_edns(0, payload=1232)
    return asked, message


@st.composite
def _plain_messages(draw: st.DrawFn) -> Exchange:
    """Return a query and what an honest resolver answers: aliases in order, records or a SOA."""
    kind = draw(KINDS)
    asked = _asked(kind)
    message = dns.message.make_response(
        dns.message.from_wire(query(IDENT, asked.section, edns=False))
    )
    owner = "d.example."
    for link in draw(st.lists(st.sampled_from(["c0", "c1", "C2", "c3"]), max_size=4)):
        target = f"{link}.example."
        message.answer.append(dns.rrset.from_text(owner, draw(TTLS), "IN", "CNAME", target))
        owner = target
    texts = {"MX": st.sampled_from(["1 a.example.", "1 A.Example.", "0 .", "5 mx.d.example."]),
             "A": A4, "AAAA": A6}[kind]  # fmt: skip
    found = draw(st.lists(texts, max_size=4))
    if found:
        message.answer.append(dns.rrset.from_text(owner, draw(TTLS), "IN", kind.value, *found))
    elif draw(st.booleans()):
        zone = draw(st.sampled_from(["example.", ".", "d.example.", "other."]))
        soa = dns.rrset.from_text(zone, draw(TTLS), "IN", "SOA", f"a. b. 1 2 3 4 {draw(TTLS)}")
        message.authority.append(soa)
        message.set_rcode(dns.rcode.Rcode(draw(st.sampled_from([0, 3]))))
    if draw(st.booleans()):
        message.use_edns(0, payload=1232)
    return asked, message


def _wire(message: dns.message.Message) -> bytes:
    """Return a message as bytes; dnspython draws lots there, which a strategy must not."""
    try:
        return message.to_wire(max_size=65_535)
    except dns.exception.DNSException:
        return b""


def agree(asked: Asked, wire: bytes) -> Answer | None:
    """Return what the strict reader reads, having seen that dnspython reads the same."""
    if not admissible(wire) or not is_reply(wire, asked):
        return None
    return compare(wire, asked)


@settings(max_examples=150, deadline=None)
@given(_messages())
def test_any_message_is_read_as_dnspython_does_or_left(exchange: Exchange) -> None:
    asked, message = exchange
    agree(asked, _wire(message))


@settings(max_examples=150, deadline=None)
@given(_plain_messages())
def test_messages_of_honest_resolvers_are_read_as_dnspython_does(
    exchange: Exchange,
) -> None:
    asked, message = exchange
    agree(asked, _wire(message))


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(_messages(), _plain_messages()),
    st.lists(st.tuples(st.integers(2, 400), st.binary(max_size=3)), min_size=1, max_size=4),
    st.binary(max_size=4),
)
def test_a_damaged_message_is_read_as_dnspython_does_or_left(
    exchange: Exchange,
    patches: list[tuple[int, bytes]],
    tail: bytes,
) -> None:
    asked, message = exchange
    damaged = _wire(message) + tail
    for place, patch in patches:
        damaged = damaged[:place] + patch + damaged[place + len(patch) :]
    agree(asked, damaged)
    assert hear(damaged, asked, Readings()) is not None


def _asked(kind: RecordType = RecordType.MX) -> Asked:
    return asked_of("d.example", kind)


def _reply(*answers: dns.rrset.RRset, authority: tuple[dns.rrset.RRset, ...] = (), rcode: int = 0,
           kind: RecordType = RecordType.MX) -> bytes:  # fmt: skip
    asked = dns.message.from_wire(query(IDENT, _asked(kind).section, edns=True))
    message = dns.message.make_response(asked)
    message.answer.extend(answers)
    message.authority.extend(authority)
    message.set_rcode(dns.rcode.Rcode(rcode))
    return message.to_wire()


MX: Final = dns.rrset.from_text("d.example.", 60, "IN", "MX", "9 Mx.d.example.", "5 a.example.")
SOA: Final = dns.rrset.from_text("example.", 600, "IN", "SOA", "ns. root. 1 2 3 4 30")
ALIAS: Final = dns.rrset.from_text("d.example.", 20, "IN", "CNAME", "c.example.")
V4: Final = dns.rrset.from_text("c.example.", 60, "IN", "A", "200.1.1.2", "200.1.1.1")

COMMON: Final[dict[str, tuple[RecordType, bytes, Answer]]] = {
    "MX": (
        RecordType.MX,
        _reply(MX),
        Records(60, (MailHost(5, "a.example"), MailHost(9, "mx.d.example"))),
    ),
    "an alias and its addresses": (
        RecordType.A,
        _reply(ALIAS, V4, kind=RecordType.A),
        Records(20, addresses=("200.1.1.1", "200.1.1.2")),
    ),
    "no data": (RecordType.MX, _reply(authority=(SOA,)), NoData(30)),
    "no such name": (RecordType.MX, _reply(authority=(SOA,), rcode=3), NxDomain(30)),
}


@pytest.mark.parametrize(("kind", "wire", "answer"), COMMON.values(), ids=COMMON.keys())
def test_common_answers_are_read_without_dnspython(
    kind: RecordType,
    wire: bytes,
    answer: Answer,
) -> None:
    assert agree(_asked(kind), wire) == answer


def test_a_referral_is_left_to_dnspython() -> None:
    servers = dns.rrset.from_text("example.", 600, "IN", "NS", "ns.example.")
    assert agree(_asked(), _reply(authority=(servers,))) is None
    assert agree(_asked(), _reply(authority=(servers, SOA))) == NoData(30)


@pytest.mark.parametrize("react", sorted(REACTIONS))
def test_what_hostile_servers_send_is_read_as_dnspython_does_or_left(react: str) -> None:
    asked = _asked()
    ways = [(tcp, row) for tcp in (False, True) for row in range(3)]
    for tcp, row in ways:
        good = _reply(MX)
        lab = LabQuery(query(IDENT, asked.section, edns=True), good, tcp, 1, 1, row, good)
        for packet in REACTIONS[react](lab):
            agree(asked, packet.data)
            start = time.thread_time()
            assert hear(packet.data, asked, Readings()) is not None
            assert time.thread_time() - start < STALL_SECONDS


def test_another_case_of_letters_is_asked_over_tcp() -> None:
    wire = bytearray(_reply(MX))
    wire[13] ^= 0x20
    assert hear(bytes(wire), _asked(), Readings()) is Heard.CUT


def test_many_records_that_are_not_common_are_read_aside() -> None:
    texts = [f"{rank} a\\.{rank}.example." for rank in range(30)]
    wire = _reply(dns.rrset.from_text("d.example.", 60, "IN", "MX", *texts))
    assert hear(wire, _asked(), Readings()) is Heard.HEAVY
