"""What is read once for many domains: only what does not depend on their first label."""

from __future__ import annotations

from typing import Final

import dns.message
import dns.rcode
import dns.rrset
import pytest

from checks.domain.model import Alias, MailHost, NoData, NxDomain, Records, RecordType
from checks.domain.query import HEADER_SIZE, query
from checks.domain.readings import Readings, read_for_any_name
from checks.domain.reply import Asked
from tests.domain.lab import rrset
from tests.fuzz.messages import IDENT, asked_of

SOA: Final = "ns. root. 1 2 3 4 30"


def _reply(asked: Asked, *answers: dns.rrset.RRset, zone: str = "", rcode: int = 0) -> bytes:
    message = dns.message.make_response(
        dns.message.from_wire(query(IDENT, asked.section, edns=True))
    )
    message.answer.extend(answers)
    if zone:
        message.authority.append(rrset(zone, "SOA", SOA))
    message.set_rcode(dns.rcode.Rcode(rcode))
    return message.to_wire()


def _to(other: Asked, wire: bytes, asked: Asked) -> bytes:
    """Return the same message as a reply to another question, with the same bytes after it."""
    return wire[:HEADER_SIZE] + other.section + wire[HEADER_SIZE + len(asked.section) :]


ONE: Final = asked_of("d.example", RecordType.MX)
OTHER: Final = asked_of("e.example", RecordType.MX)
PROVIDER: Final = rrset("d.example", "MX", "9 mx.provider.example.", "5 a.provider.test.")
HOSTS: Final = (MailHost(5, "a.provider.test"), MailHost(9, "mx.provider.example"))

SHARED: Final = {
    "hosts of a provider": (_reply(ONE, PROVIDER), Records(300, HOSTS)),
    "no such name, by the zone above": (_reply(ONE, zone="example", rcode=3), NxDomain(30)),
    "no data, by the domain's own zone": (_reply(ONE, zone="d.example"), NoData(30)),
}


@pytest.mark.parametrize(("wire", "answer"), SHARED.values(), ids=SHARED.keys())
def test_what_holds_for_any_first_label_is_read_once(wire: bytes, answer: object) -> None:
    readings = Readings()
    assert read_for_any_name(wire, ONE.section, ONE.question) == answer
    first = readings.read(wire, ONE.section, ONE.question)
    again = readings.read(_to(OTHER, wire, ONE), OTHER.section, OTHER.question)
    assert first == answer
    assert again is first


def test_an_address_that_many_hosts_share_is_read_once() -> None:
    readings = Readings()
    for kind, text in ((RecordType.A, "200.1.1.1"), (RecordType.AAAA, "2800::1")):
        one, other = (asked_of(name, kind) for name in ("mail.d.example", "smtp.e.example"))
        wire = _reply(one, rrset("mail.d.example", kind, text))
        first = readings.read(wire, one.section, one.question)
        assert first == Records(300, addresses=(text,))
        assert readings.read(_to(other, wire, one), other.section, other.question) is first


OWN: Final = {
    "a host below the domain": (
        _reply(ONE, rrset("d.example", "MX", "9 mx.d.example.")),
        Records(300, (MailHost(9, "mx.d.example"),)),
        Records(300, (MailHost(9, "mx.e.example"),)),
    ),
    "an alias, which may lead back": (
        _reply(ONE, rrset("d.example", "CNAME", "e.example.")),
        Alias(300, "e.example"),
        None,
    ),
    "a zone that is one of the two": (
        _reply(ONE, zone="e.example"),
        None,  # dnspython reads it
        NoData(30),
    ),
}


@pytest.mark.parametrize(("wire", "one", "other"), OWN.values(), ids=OWN.keys())
def test_what_depends_on_the_first_label_is_read_for_each(
    wire: bytes,
    one: object,
    other: object,
) -> None:
    for order in ((0, 1), (1, 0)):
        readings = Readings()
        for place in order:
            asked, answer = ((ONE, one), (OTHER, other))[place]
            found = readings.read(_to(asked, wire, ONE), asked.section, asked.question)
            assert found == answer
        assert len(readings) == 0


def test_a_host_below_the_domain_is_its_own_beside_the_servers_of_the_zone_too() -> None:
    message = dns.message.from_wire(_reply(ONE, rrset("d.example", "MX", "9 d.example.")))
    message.authority.append(rrset("example", "NS", "ns.example."))
    wire, readings = message.to_wire(), Readings()
    for asked, host in ((ONE, "d.example"), (OTHER, "e.example"), (ONE, "d.example")):
        found = readings.read(_to(asked, wire, ONE), asked.section, asked.question)
        assert found == Records(300, (MailHost(9, host),))


def test_where_names_point_to_depends_on_the_length_of_the_question() -> None:
    readings, longer = Readings(), asked_of("dd.example", RecordType.MX)
    wire = _reply(ONE, rrset("d.example", "MX", "9 mx.example."))
    assert readings.read(wire, ONE.section, ONE.question) is not None
    assert readings.read(_to(longer, wire, ONE), longer.section, longer.question) is None


def test_readings_are_bounded() -> None:
    asked, readings = asked_of("d.example", RecordType.A), Readings()
    plain = _reply(asked, rrset("d.example", "A", "200.1.0.0"))
    for number in range(10_000):
        wire = plain.replace(bytes((200, 1, 0, 0)), bytes((200, 1, *number.to_bytes(2))))
        found = readings.read(wire, asked.section, asked.question)
        assert found == Records(300, addresses=(f"200.1.{number >> 8}.{number & 255}",))
    assert len(readings) <= 2048
