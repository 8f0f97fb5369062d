"""Blocklists in DNS (RFC 5782): how an address is asked for, and what an answer means."""

from __future__ import annotations

from enum import StrEnum
from ipaddress import ip_address, ip_network
from typing import Final

from checks.host.spf import Answer, Lookup

_LISTED: Final = ip_network("127.0.0.0/8")
_ERRORS: Final = ip_network("127.255.255.0/24")
"""Answers that mean "you may not ask", e.g. through a public resolver (Spamhaus, 2020-12)."""


TEST_LISTED: Final = "127.0.0.2"
TEST_CLEAR: Final = "127.0.0.1"


def blocklist_lookup(zone: str, ip: str) -> Lookup:
    """Return the question whether a list has an address (RFC 5782, sections 2.1 and 2.4).

    >>> blocklist_lookup("bl.example", "192.0.2.99").name
    '99.2.0.192.bl.example'
    """
    reverse = ip_address(ip).reverse_pointer
    return Lookup(
        f"{reverse.rpartition('.in-addr')[0] or reverse.rpartition('.ip6')[0]}.{zone}", "A"
    )


class Listing(StrEnum):
    """What a list says of an address."""

    LISTED = "listed"
    CLEAR = "clear"
    SILENT = "silent"  # nothing that counts: it refuses us, does not answer, or is no list any more


def judge_listing(answer: Answer, must: Answer, must_not: Answer) -> Listing:
    """Return what a list says; `must` and `must_not` are its answers for its test entries.

    Every list has 127.0.0.2 and never 127.0.0.1 (RFC 5782, section 5): one that was given up and
    answers everything, or nothing, would call the whole world listed, or clean.

    >>> judge_listing(("127.0.0.4",), ("127.0.0.2",), ()).value
    'listed'
    >>> judge_listing(("127.0.0.2",), ("127.0.0.2",), ("127.0.0.2",)).value
    'silent'
    >>> judge_listing(("127.255.255.254",), ("127.255.255.254",), ("127.255.255.254",)).value
    'silent'
    """
    if not is_listed(must) or must_not or answer is None:
        return Listing.SILENT
    if is_listed(answer):
        return Listing.LISTED
    return Listing.SILENT if answer else Listing.CLEAR


def is_listed(answer: Answer) -> bool:
    """Whether an answer says that the address is listed; errors and silence say nothing.

    >>> is_listed(("127.0.0.2",)), is_listed(("127.255.255.254",)), is_listed(()), is_listed(None)
    (True, False, False, False)
    """
    found = [ip_address(text) for text in answer or ()]
    return any(ip in _LISTED and ip not in _ERRORS for ip in found)
