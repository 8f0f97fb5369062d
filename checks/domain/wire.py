"""From DNS messages to answers: what is admitted before parsing, and what a message says.

Parsing is dear: dnspython takes 1.1 s for a legal answer of 64 KB with 4,094 MX records (measured
with 2.9.2 on one core). The twelve bytes of the header tell enough to refuse that.
"""

from __future__ import annotations

import struct
from typing import Final

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rdtypes.ANY.MX
import dns.rdtypes.IN.A
import dns.rdtypes.IN.AAAA
import dns.rrset

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
from checks.domain.reader import MOST_LINKS

MOST_TCP_BYTES: Final = 16 * 1024
MOST_ANSWERS: Final = 100
MOST_OTHERS: Final = 100
"""Records in authority and additional sections together."""

_HEADER: Final = struct.Struct("!HHHHHH")


def admissible(wire: bytes) -> bool:
    """Tell from its header whether a message is worth parsing.

    >>> admissible(_HEADER.pack(7, 0x8180, 1, 1, 0, 1)), admissible(b"")
    (True, False)
    >>> admissible(_HEADER.pack(7, 0x8180, 1, 4094, 0, 0))  # MX records to burn our time
    False
    >>> admissible(_HEADER.pack(7, 0x0100, 1, 0, 0, 0))  # a query, not a response
    False
    """
    if len(wire) < _HEADER.size:
        return False
    _, flags, questions, answers, authorities, additionals = _HEADER.unpack_from(wire)
    return (
        bool(flags & dns.flags.QR)
        and questions <= 1
        and answers <= MOST_ANSWERS
        and authorities + additionals <= MOST_OTHERS
    )


def parse(wire: bytes) -> dns.message.Message | None:
    """Return what dnspython makes of a message, None where it finds it malformed.

    Any exception of the library means the same: a message is bytes of a stranger, and what those
    may raise there is not written down anywhere.
    """
    try:
        return dns.message.from_wire(wire)
    except (dns.exception.DNSException, ValueError, LookupError, struct.error):
        return None


def rejects_edns(message: dns.message.Message) -> bool:
    """Tell whether a server failed because of EDNS alone (RFC 6891, section 7)."""
    return message.rcode() in {dns.rcode.FORMERR, dns.rcode.NOTIMP, dns.rcode.BADVERS}


def answer_in(message: dns.message.Message) -> Answer:
    """Return what a response says of its own question, and of nothing else in it."""
    rcode = message.rcode()
    if rcode == dns.rcode.REFUSED:
        return Failed(Failure.REFUSED)
    if rcode not in {dns.rcode.NOERROR, dns.rcode.NXDOMAIN}:
        return Failed(Failure.SERVFAIL)
    if not isinstance(message, dns.message.QueryMessage):
        return Failed(Failure.BROKEN)
    try:
        return _end_of_chain(message)
    except dns.exception.DNSException:
        return Failed(Failure.BROKEN)


def _end_of_chain(message: dns.message.QueryMessage) -> Answer:
    chain = message.resolve_chaining()
    if len(chain.cnames) > MOST_LINKS:
        return Failed(Failure.BROKEN)
    if chain.answer is not None:
        return _records(chain.answer, chain.minimum_ttl)
    if message.rcode() == dns.rcode.NXDOMAIN:
        return NxDomain(chain.minimum_ttl)
    authority = {rrset.rdtype for rrset in message.authority}
    if dns.rdatatype.SOA not in authority and chain.cnames:
        return Alias(chain.minimum_ttl, _host_name(chain.canonical_name))
    if dns.rdatatype.SOA not in authority and dns.rdatatype.NS in authority:
        return Failed(Failure.SERVFAIL)  # a referral, which denies nothing (RFC 2308, section 2.2)
    return NoData(chain.minimum_ttl)


def _records(rrset: dns.rrset.RRset, ttl: int) -> Records:
    hosts: list[MailHost] = []
    addresses: list[str] = []
    for rdata in rrset:
        if isinstance(rdata, dns.rdtypes.ANY.MX.MX):
            hosts.append(MailHost(rdata.preference, _host_name(rdata.exchange)))
        elif isinstance(rdata, dns.rdtypes.IN.A.A | dns.rdtypes.IN.AAAA.AAAA):
            addresses.append(rdata.address)
    return Records(ttl, tuple(sorted(hosts)), tuple(sorted(addresses)))


def _host_name(name: dns.name.Name) -> str:
    """Return a name in lower case; any byte that is not plain comes out escaped (RFC 4343)."""
    return name.to_text(omit_final_dot=True).lower() if name != dns.name.root else ""
