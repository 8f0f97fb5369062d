"""Blocklists in DNS (RFC 5782): how an address is asked for, and what an answer means."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Final

from checks.host.spf import Answer, Lookup

_LISTED: Final = ip_network("127.0.0.0/8")
_ERRORS: Final = ip_network("127.255.255.0/24")
"""Answers that mean "you may not ask", e.g. through a public resolver (Spamhaus, 2020-12)."""


def blocklist_lookup(zone: str, ip: str) -> Lookup:
    """Return the question whether a list has an address (RFC 5782, sections 2.1 and 2.4).

    >>> blocklist_lookup("bl.example", "192.0.2.99").name
    '99.2.0.192.bl.example'
    """
    reverse = ip_address(ip).reverse_pointer
    return Lookup(
        f"{reverse.rpartition('.in-addr')[0] or reverse.rpartition('.ip6')[0]}.{zone}", "A"
    )


def is_listed(answer: Answer) -> bool:
    """Whether an answer says that the address is listed; errors and silence say nothing.

    >>> is_listed(("127.0.0.2",)), is_listed(("127.255.255.254",)), is_listed(()), is_listed(None)
    (True, False, False, False)
    """
    found = [ip_address(text) for text in answer or ()]
    return any(ip in _LISTED and ip not in _ERRORS for ip in found)
