"""Looking names up with dnspython: the thin loop that drives deciders of this room."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Sequence
from typing import Final, TypeAlias, TypeVar

import dns.asyncresolver
import dns.exception
import dns.nameserver
import dns.rdata
import dns.rdtypes.ANY.MX
import dns.rdtypes.ANY.TXT
import dns.resolver
import dns.reversename

from checks.domain import Nameserver
from checks.host.spf import Answer, Lookup

Result = TypeVar("Result")
Asks: TypeAlias = Callable[[Lookup], Awaitable[Answer]]

_MOST_TEXT: Final = 4_096  # bytes of a TXT record; SPF of hosters come near 1,000
_MOST_RECORDS: Final = 50


def lookup_with(nameservers: Sequence[Nameserver], seconds: float) -> Asks:
    """Return a function that looks a name up at the nameservers, within `seconds` each time."""
    resolver = dns.asyncresolver.Resolver(configure=False)
    resolver.nameservers = [
        dns.nameserver.Do53Nameserver(server.address, server.port) for server in nameservers
    ]
    resolver.lifetime = seconds

    async def ask(lookup: Lookup) -> Answer:
        try:
            name = (
                dns.reversename.from_address(lookup.name) if lookup.kind == "PTR" else lookup.name
            )
            found = await resolver.resolve(name, lookup.kind, search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return ()
        except (dns.exception.DNSException, OSError, ValueError):
            return None
        rows = sorted(found, key=_preference)[:_MOST_RECORDS]
        return tuple(_text(row) for row in rows)

    return ask


async def drive(steps: Generator[Lookup, Answer, Result], ask: Asks) -> Result:
    """Answer a decider's look-ups until it has decided."""
    try:
        wanted = next(steps)
        while True:
            wanted = steps.send(await ask(wanted))
    except StopIteration as stop:
        result: Result = stop.value
        return result


def _preference(row: dns.rdata.Rdata) -> tuple[int, str]:
    return (row.preference if isinstance(row, dns.rdtypes.ANY.MX.MX) else 0, _text(row))


def _text(row: dns.rdata.Rdata) -> str:
    if isinstance(row, dns.rdtypes.ANY.TXT.TXT):  # parts are one text (RFC 7208, section 3.3)
        return b"".join(row.strings)[:_MOST_TEXT].decode("ascii", "replace")
    if isinstance(row, dns.rdtypes.ANY.MX.MX):
        return row.exchange.to_text(omit_final_dot=True).lower()
    return row.to_text().lower().removesuffix(".")
