"""Names whose DNS attacks or fails its callers: the cases of hostile_dns.toml.

A name tells its case: `d13.hostile.example` plays D13, and so does `<row>.d13.test` for any row, so
that there are as many domains of each as a test wants, and the oracle is a function of the name.
`<row>.s16.d01.test` leads to the hostile mail server of case S16 as well.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final
from zlib import crc32

from sandbox.dns_packets import HEADER_SIZE, Asked, Packet, Packets
from sandbox.dns_reactions import REACTIONS
from sandbox.hostile_cases import load_cases
from sandbox.market import Table, read_table
from sandbox.zone import Records, Zone

_EXAMPLE: Final = re.compile(r"(?:(?P<below>.+)\.)?(?P<domain>(?P<case>d\d\d)\.hostile\.example)")
_TEST: Final = re.compile(
    r"(?:(?P<below>.+?)\.)?"
    r"(?P<domain>[a-z0-9-]+(?:\.(?P<mail>s\d\d))?\.(?P<case>d\d\d)\.test)",
)
_MAIL_CASE: Final = "S70"  # where mail leads unless the name says otherwise
_KEPT: Final = 1 << 14
_ROWS: Final = 6  # variants of a case there may be, and their common multiple


@dataclass(frozen=True, slots=True)
class DnsCase:
    """One hostile domain: what it does, and what a caller may conclude.

    `domain` is the one of its own; records and fates are by name below it, "@" for itself.
    """

    name: str
    title: str
    expect: str
    table: Table
    react: str

    @property
    def domain(self) -> str:
        """The domain that plays this case."""
        return f"{self.name.lower()}.hostile.example"


@cache
def load_dns_cases() -> dict[str, DnsCase]:
    """Return every case by name.

    >>> load_dns_cases()["D13"].domain
    'd13.hostile.example'
    """
    return {
        name: DnsCase(name, table["title"], table["expect"], table, table.get("react", ""))
        for name, table in read_table("hostile_dns.toml").items()
    }


@dataclass(frozen=True, slots=True)
class Place:
    """Where a name stands: its case, the domain that plays it, and what is below, "@" for none.

    `goal` is the address that its mail leads to.
    """

    case: DnsCase
    domain: str
    below: str
    goal: str

    @property
    def row(self) -> int:
        """Which variant of the case the domain plays."""
        return crc32(self.domain.encode()) % _ROWS


@lru_cache(maxsize=_KEPT)
def place_of(name: str) -> Place | None:
    """Return where a name stands, None for one that plays no case.

    >>> place = place_of("mx.r7.s16.d12.test")
    >>> place.case.name, place.domain, place.below, place.goal
    ('D12', 'r7.s16.d12.test', 'mx', '127.110.16.1')
    >>> place_of("www.example") is None
    True
    """
    found = _TEST.fullmatch(name) or _EXAMPLE.fullmatch(name)
    case = load_dns_cases().get(found["case"].upper()) if found else None
    if found is None or case is None:
        return None
    mail = (found.groupdict().get("mail") or _MAIL_CASE).upper()
    return Place(case, found["domain"], found["below"] or "@", load_cases()[mail].address)


def expectation(domain: str) -> str:
    """Return what an honest caller may conclude of a domain that plays a case.

    >>> expectation("r1.d05.test"), expectation("r1.d26.test")
    ('no_mail', 'unknown')
    """
    place = place_of(domain)
    if place is None:
        message = f"{domain!r} plays no case"
        raise ValueError(message)
    return place.case.expect


def records_of(place: Place) -> Records | None:
    """Return what exists at a place, None where nothing does."""
    return _all_records(place.case.name, place.domain, place.goal).get(place.below)


@lru_cache(maxsize=_KEPT)
def _all_records(case: str, domain: str, goal: str) -> dict[str, Records]:
    table = load_dns_cases()[case].table
    if "chain" in table:
        length: int = table["chain"]
        links = {f"c{i}": {"CNAME": [f"c{i + 1}.{domain}."]} for i in range(length)}
        return {"@": {"CNAME": [f"c0.{domain}."]}, **links, f"c{length}": {"A": [goal]}}
    if "fan_out" in table:
        hosts, addresses = table["fan_out"]
        many = [f"127.110.70.{i + 1}" for i in range(addresses)]
        fan = {f"h{i}": {"A": many} for i in range(hosts)}
        return {"@": {"MX": [f"10 {name}.{domain}." for name in fan]}, **fan}
    plain: dict[str, Records] = {"@": {"MX": [f"10 mx.{domain}."]}, "mx": {"A": [goal]}}
    written: dict[str, Records] = table.get("records", plain)
    return {
        below: {kind: [text.format(domain=domain, goal=goal) for text in texts]
                for kind, texts in kinds.items()}
        for below, kinds in written.items()
    }  # fmt: skip


class _Laid(Mapping[str, Records]):
    """Records of a zone, and those of every name that plays a case."""

    def __init__(self, known: Mapping[str, Records]) -> None:
        self._known = known

    def __getitem__(self, name: str) -> Records:
        place = place_of(name)
        found = records_of(place) if place else self._known.get(name)
        if found is None:
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


class _Fates(Mapping[str, str]):
    """Fates of a zone, and those of every name that plays a case."""

    def __init__(self, known: Mapping[str, str]) -> None:
        self._known = known

    def __getitem__(self, name: str) -> str:
        place = place_of(name)
        if place is None:
            return self._known[name]
        fates: dict[str, str] = place.case.table.get("fates", {})
        return fates[place.below]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


def with_hostile_names(zone: Zone) -> Zone:
    """Return the zone with every name that plays a case laid over it."""
    return Zone(_Laid(zone.records), _Fates(zone.fates))


class HostileNames:
    """Changes honest replies about hostile names, and counts what each domain was asked.

    `asked` is by domain: evidence that does not come from the caller.
    """

    def __init__(self) -> None:
        """Begin without having been asked anything."""
        self.asked: Counter[str] = Counter()
        self._repeats: Counter[bytes] = Counter()
        self._before: dict[str, bytes] = {}

    def react(self, query: bytes, reply: bytes, *, tcp: bool) -> Packets:
        """Return what is sent in place of the honest reply."""
        place = place_of(_name_in(query))
        if place is None:
            return [Packet(0, reply)]
        self.asked[place.domain] += 1
        question = query[HEADER_SIZE:].lower()
        self._repeats[question] += 1
        before = self._before.get(place.case.name, reply)
        self._before[place.case.name] = reply
        if not place.case.react:
            return [Packet(0, reply)]
        count, repeat = self.asked[place.domain], self._repeats[question]
        return REACTIONS[place.case.react](
            Asked(query, reply, tcp, count, repeat, place.row, before)
        )


def _name_in(query: bytes) -> str:
    """Return the name a query asks for, in lower case; escapes are of no matter here."""
    labels: list[str] = []
    place = HEADER_SIZE
    while size := query[place]:
        labels.append(query[place + 1 : place + 1 + size].decode("latin-1"))
        place += 1 + size
    return ".".join(labels).lower()
