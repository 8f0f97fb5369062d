"""The DNS server answers for the world as a resolver does, over UDP and TCP."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import dns.reversename
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.dns_server import PARKING_ADDRESS, Mood, Responder
from sandbox.personality import load_personalities
from sandbox.world import DomainFate, World
from sandbox.zone import PROBE, SENDER_DOMAIN, zone_of
from sandbox.zoo import zoo

if TYPE_CHECKING:
    from tests.sandbox.conftest import Lab

ZONE = zone_of(zoo())


def _ask(name: str, kind: str = "MX", mood: Mood = "honest") -> dns.message.Message:
    query = dns.message.make_query(name, kind)
    reply = Responder(ZONE, mood).reply(query.to_wire(), tcp=False)
    assert reply is not None
    message = dns.message.from_wire(reply)
    assert query.is_response(message)
    return message


def _texts(message: dns.message.Message) -> list[str]:
    return sorted(rdata.to_text() for rrset in message.answer for rdata in rrset)


@pytest.mark.parametrize(
    ("name", "kind", "texts"),
    [
        ("uol.zoo.example", "MX", ["5 mx.uol.com.br."]),
        ("UOL.Zoo.Example", "MX", ["5 mx.uol.com.br."]),
        ("mx.uol.com.br", "A", ["127.67.0.1", "127.67.0.2"]),
        ("m365.zoo.example", "MX", ["5 m365-zoo-example.mail.protection.outlook.com."]),
        ("cpanel-shared.zoo.example", "MX", ["5 cpanel-shared.zoo.example."]),
        ("null-mx.dns.zoo.example", "MX", ["0 ."]),
        ("mx-to-localhost.dns.zoo.example", "MX", ["10 localhost."]),
        ("localhost", "A", ["127.0.0.1"]),
        ("mx-to-metadata.dns.zoo.example", "MX", ["10 metadata.lab.example."]),
        ("metadata.lab.example", "A", ["169.254.169.254"]),
        ("a-fallback.dns.zoo.example", "MX", []),
        ("no-mx.dns.zoo.example", "MX", []),
        ("no-mx.dns.zoo.example", "A", []),
        (PROBE, "A", ["127.0.0.1"]),
        (SENDER_DOMAIN, "TXT", ['"v=spf1 ip4:127.0.0.1 ip4:127.0.0.0/8 -all"']),
    ],
)
def test_what_names_have(name: str, kind: str, texts: list[str]) -> None:
    message = _ask(name, kind)
    assert message.rcode() == dns.rcode.NOERROR
    assert _texts(message) == texts
    assert bool(message.authority) == (not texts)  # the SOA that makes absence cacheable


def test_a_fallback_has_an_address() -> None:
    assert _texts(_ask("a-fallback.dns.zoo.example", "A"))[0].startswith("127.94.")


def test_mx_literal_is_an_address_in_place_of_a_name() -> None:
    assert _texts(_ask("mx-ip-literal.dns.zoo.example"))[0].startswith("10 127.94.")


@pytest.mark.parametrize(
    ("name", "rcode"),
    [
        ("servfail.dns.zoo.example", dns.rcode.SERVFAIL),
        ("refused.dns.zoo.example", dns.rcode.REFUSED),
        ("nobody-has-this.example", dns.rcode.NXDOMAIN),
        ("mx.gone.mx-missing.dns.zoo.example", dns.rcode.NXDOMAIN),
    ],
)
def test_errors(name: str, rcode: dns.rcode.Rcode) -> None:
    assert _ask(name).rcode() == rcode


def test_timeouts_are_silence() -> None:
    query = dns.message.make_query("mx-timeout.dns.zoo.example", "MX").to_wire()
    assert Responder(ZONE).reply(query, tcp=False) is None


def test_nxdomain_carries_a_soa() -> None:
    assert _ask("nobody-has-this.example").authority[0].rdtype == dns.rdatatype.SOA


def test_every_mx_address_leads_back_to_its_name() -> None:
    for domain in ("gmail.zoo.example", "exim.zoo.example"):
        for address in zoo().addresses_of(domain):
            pointer = dns.reversename.from_address(address).to_text()
            assert _texts(_ask(pointer, "PTR"))[0].rstrip(".") in zoo().mx_of(domain)


@pytest.mark.parametrize(
    ("mood", "name", "kind", "rcode", "texts"),
    [
        ("nxdomain", "gmail.zoo.example", "MX", dns.rcode.NXDOMAIN, []),
        ("nxdomain", "gmail.zoo.example", "A", dns.rcode.NXDOMAIN, []),
        ("servfail", "gmail.zoo.example", "MX", dns.rcode.SERVFAIL, []),
        ("address", "nobody-has-this.example", "A", dns.rcode.NOERROR, [PARKING_ADDRESS]),
        ("address", "nobody-has-this.example", "MX", dns.rcode.NOERROR, []),
        ("address", "uol.zoo.example", "MX", dns.rcode.NOERROR, ["5 mx.uol.com.br."]),
    ],
)
def test_lying_resolvers(
    mood: Mood, name: str, kind: str, rcode: dns.rcode.Rcode, texts: list[str]
) -> None:
    message = _ask(name, kind, mood)
    assert (message.rcode(), _texts(message)) == (rcode, texts)


def test_a_dead_resolver_says_nothing() -> None:
    query = dns.message.make_query("gmail.zoo.example", "MX").to_wire()
    assert Responder(ZONE, "dead").reply(query, tcp=True) is None


def test_big_answers_are_truncated_over_udp_only() -> None:
    domains = {f"d{i}.example": DomainFate("cpanel_shared") for i in range(3)}
    zone = zone_of(World(1, domains, {}))
    records = dict(zone.records)
    records["big.example"] = {"TXT": [f'"{"x" * 250}{i}"' for i in range(20)]}
    responder = Responder(type(zone)(records, zone.fates))
    query = dns.message.make_query("big.example", "TXT")
    short = dns.message.from_wire(responder.reply(query.to_wire(), tcp=False) or b"")
    whole = dns.message.from_wire(responder.reply(query.to_wire(), tcp=True) or b"")
    assert short.flags & dns.flags.TC
    assert not short.answer
    assert len(whole.answer[0]) == 20


@given(st.binary(max_size=64))
def test_noise_is_never_answered_with_a_crash(noise: bytes) -> None:
    reply = Responder(ZONE).reply(noise, tcp=False)
    assert reply is None or reply[:2] == noise[:2]


def test_ids_and_letter_case_are_echoed() -> None:
    """Clients that mix letters in their questions (0x20) find them unchanged."""
    responder = Responder(ZONE)
    for name in ("uol.zoo.example", "uOl.ZoO.eXaMpLe"):
        query = dns.message.make_query(name, "MX")
        wire = query.to_wire()
        reply = responder.reply(wire, tcp=False) or b""
        assert reply[:2] == wire[:2]
        assert dns.message.from_wire(reply).question[0].name.to_text() == f"{name}."


def test_both_transports_answer(lab: Lab) -> None:
    host, _, port = lab.endpoints.nameserver.rpartition(":")
    query = dns.message.make_query("uol.zoo.example", "MX")
    udp = dns.query.udp(query, host, timeout=5, port=int(port))
    tcp = dns.query.tcp(query, host, timeout=5, port=int(port))
    assert _texts(udp) == _texts(tcp) == ["5 mx.uol.com.br."]


def test_personalities_keep_to_the_lab_and_apart() -> None:
    kinds = [kind for name, kind in load_personalities().items() if name != "tripwire"]
    networks = [kind.network for kind in kinds]
    assert len(set(networks)) == len(networks)
    assert all(64 <= network <= 127 for network in networks)
