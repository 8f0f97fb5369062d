"""Whether a domain's SPF record lets an address send for it (RFC 7208), without I/O.

`evaluate_spf` is a generator: it yields the look-ups it needs and is sent their answers, so that
the same code serves a resolver and a table. Macros are not expanded: where a match hangs on one,
the result is `unsure`, for a guess would be worth nothing to whoever reads it.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final, TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address

MOST_LOOKUPS: Final = 10  # RFC 7208, section 4.6.4: terms that ask DNS, over all records
MOST_VOID: Final = 2  # the same section: look-ups that find nothing
MOST_MX: Final = 10  # the same section: hosts of one mx term

_MODIFIER: Final = re.compile(r"(?P<name>[a-z][a-z0-9_.-]*)=(?P<value>\S*)", re.IGNORECASE)
_VERSION: Final = re.compile(r"v=spf1(?: |$)", re.IGNORECASE)
_ASKING: Final = frozenset({"include", "a", "mx", "ptr", "exists"})


class SpfResult(StrEnum):
    """Results of RFC 7208, section 2.6, and one of our own."""

    PASS = "pass"  # noqa: S105  the RFC's word
    FAIL = "fail"
    SOFTFAIL = "softfail"
    NEUTRAL = "neutral"
    NONE = "none"  # no record
    TEMPERROR = "temperror"  # DNS did not answer
    PERMERROR = "permerror"  # the record cannot be followed
    UNSURE = "unsure"  # a macro or a reverse look-up would decide


@dataclass(frozen=True, slots=True)
class Lookup:
    """One question to DNS: `kind` is TXT, A, AAAA, MX or PTR.

    The answer is a tuple of texts (MX: host names, most preferred first), empty where nothing is
    there, None where there was no answer.
    """

    name: str
    kind: str


Answer: TypeAlias = tuple[str, ...] | None
Steps: TypeAlias = Generator[Lookup, Answer, SpfResult]

_SIGNS: Final = {
    "": SpfResult.PASS,
    "+": SpfResult.PASS,
    "-": SpfResult.FAIL,
    "~": SpfResult.SOFTFAIL,
    "?": SpfResult.NEUTRAL,
}


class _StopError(Exception):
    """The record cannot be followed to its end."""

    def __init__(self, result: SpfResult) -> None:
        super().__init__(result.value)
        self.result = result


@dataclass(slots=True)
class _Allowance:
    """What one evaluation may still ask, over all records it is led to."""

    lookups: int = MOST_LOOKUPS
    void: int = MOST_VOID

    def spend(self) -> None:
        self.lookups -= 1
        if self.lookups < 0:
            raise _StopError(SpfResult.PERMERROR)

    def note(self, answer: Answer) -> tuple[str, ...]:
        if answer is None:
            raise _StopError(SpfResult.TEMPERROR)
        if not answer:
            self.void -= 1
            if self.void < 0:
                raise _StopError(SpfResult.PERMERROR)
        return answer


def evaluate_spf(domain: str, ip: str) -> Steps:
    """Yield look-ups, return whether `ip` may send for `domain`.

    >>> steps = evaluate_spf("firma.example", "192.0.2.7")
    >>> next(steps)
    Lookup(name='firma.example', kind='TXT')
    >>> try:
    ...     steps.send(("v=spf1 ip4:192.0.2.0/24 -all",))
    ... except StopIteration as stop:
    ...     stop.value.value
    'pass'
    """
    try:
        return (yield from _check_host(domain, ip_address(ip), _Allowance()))
    except _StopError as stop:
        return stop.result


def _check_host(domain: str, ip: Address, allowance: _Allowance) -> Steps:
    texts = yield Lookup(domain, "TXT")
    if texts is None:
        return SpfResult.TEMPERROR
    records = [text for text in texts if _VERSION.match(text)]
    if len(records) != 1:
        return SpfResult.PERMERROR if records else SpfResult.NONE
    terms = records[0].split()[1:]
    for term in terms:
        if _MODIFIER.fullmatch(term):
            continue
        found = yield from _term_result(term, domain, ip, allowance)
        if found is not None:
            return found
    target = _redirect(terms)
    if not target:
        return SpfResult.NEUTRAL
    allowance.spend()
    result = yield from _check_host(_plain(target), ip, allowance)
    return SpfResult.PERMERROR if result is SpfResult.NONE else result


def _redirect(terms: list[str]) -> str:
    named = [found for term in terms if (found := _MODIFIER.fullmatch(term))]
    return next((found["value"] for found in named if found["name"].lower() == "redirect"), "")


def _term_result(
    term: str, domain: str, ip: Address, allowance: _Allowance
) -> Generator[Lookup, Answer, SpfResult | None]:
    """Return the result where the term matches, else None."""
    sign, name, value, mask = _split(term)
    if name in _ASKING:
        allowance.spend()
    match name:
        case "all":
            matches = True
        case "ip4" | "ip6":
            matches = _in_network(ip, value + mask)
        case "include":
            matches = yield from _includes(_plain(value), ip, allowance)
        case "a":
            matches = yield from _points_to(_plain(value or domain), mask, ip, allowance)
        case "mx":
            matches = yield from _exchanges(_plain(value or domain), mask, ip, allowance)
        case "ptr" | "exists":
            raise _StopError(SpfResult.UNSURE)
        case _:
            raise _StopError(SpfResult.PERMERROR)
    return _SIGNS[sign] if matches else None


def _split(term: str) -> tuple[str, str, str, str]:
    """Return sign, name, value and mask of a mechanism.

    >>> _split("~all"), _split("a:mx.firma.example/24"), _split("IP6:2001:db8::/32")
    (('~', 'all', '', ''), ('', 'a', 'mx.firma.example', '/24'), ('', 'ip6', '2001:db8::', '/32'))
    """
    sign = term[0] if term[0] in "+-~?" else ""
    head, colon, rest = term.removeprefix(sign).partition(":")
    name, slash, mask = head.partition("/") if not colon else (head, "", "")
    if colon:
        rest, slash, mask = rest.partition("/")
    if colon and not rest:
        raise _StopError(SpfResult.PERMERROR)
    return sign, name.lower(), rest, slash + mask


def _plain(name: str) -> str:
    if "%" in name:
        raise _StopError(SpfResult.UNSURE)
    return name


def _in_network(ip: Address, text: str) -> bool:
    try:
        return ip in ip_network(text, strict=False)
    except ValueError:
        raise _StopError(SpfResult.PERMERROR) from None


def _includes(domain: str, ip: Address, allowance: _Allowance) -> Generator[Lookup, Answer, bool]:
    result = yield from _check_host(domain, ip, allowance)
    if result in {SpfResult.TEMPERROR, SpfResult.UNSURE}:
        raise _StopError(result)
    if result in {SpfResult.PERMERROR, SpfResult.NONE}:  # RFC 7208, section 5.2
        raise _StopError(SpfResult.PERMERROR)
    return result is SpfResult.PASS


def _points_to(
    host: str, mask: str, ip: Address, allowance: _Allowance
) -> Generator[Lookup, Answer, bool]:
    kind = "A" if isinstance(ip, IPv4Address) else "AAAA"
    addresses = allowance.note((yield Lookup(host, kind)))
    return any(_in_network(ip, address + _mask_of(mask, ip)) for address in addresses)


def _exchanges(
    domain: str, mask: str, ip: Address, allowance: _Allowance
) -> Generator[Lookup, Answer, bool]:
    hosts = allowance.note((yield Lookup(domain, "MX")))
    if len(hosts) > MOST_MX:
        raise _StopError(SpfResult.PERMERROR)
    for host in hosts:
        if (yield from _points_to(host, mask, ip, allowance)):
            return True
    return False


def _mask_of(mask: str, ip: Address) -> str:
    """Return the part of a dual mask that holds for the address's family.

    >>> _mask_of("/24//64", ip_address("192.0.2.1")), _mask_of("/24//64", ip_address("2001:db8::"))
    ('/24', '/64')
    """
    four, _, six = mask.partition("//")
    if isinstance(ip, IPv4Address):
        return four
    return f"/{six}" if six else ""
