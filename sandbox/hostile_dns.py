"""Names whose DNS attacks or fails its callers: the cases of hostile_dns.toml on the wire."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final

from sandbox.hostile_cases import load_cases
from sandbox.market import Table, read_table
from sandbox.zone import Records, Zone

_SUFFIX: Final = b"\x07hostile\x07example\x00"
_PAUSE: Final = 0.02  # seconds between a false packet and the true one
_LOST: Final = 2  # questions
_LATE: Final = 4.9
_TRUNCATED: Final = 0x02  # in the third byte of the header
_IS_REPLY: Final = 0x80
_FORMERR: Final = 1
_MANY: Final = 4_090  # with 16 bytes each, as much as a message holds
_HEADER_SIZE: Final = 12

Packets = list[tuple[float, bytes]]
"""What is sent for one query: seconds to wait, bytes."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One query on its way: the query, the honest reply, transport, and how often it was asked."""

    query: bytes
    reply: bytes
    tcp: bool
    count: int

    @property
    def question_end(self) -> int:
        """Where the question section ends."""
        return self.query.index(b"\x00", _HEADER_SIZE) + 5

    def header(self, *, flags: int, code: int = 0, answers: int = 0) -> bytes:
        """Return header and question of a reply of one's own making."""
        counts = struct.pack("!HHHH", 1, answers, 0, 0)
        return (
            self.query[:2]
            + bytes((_IS_REPLY | flags, _IS_REPLY | code))
            + counts
            + self.query[_HEADER_SIZE : self.question_end]
        )


def _silence(_: Asked) -> Packets:
    return []


def _lose_two(asked: Asked) -> Packets:
    return [(0.0, asked.reply)] if asked.count > _LOST else []


def _late(asked: Asked) -> Packets:
    return [(_LATE, asked.reply)]


def _wrong_id_first(asked: Asked) -> Packets:
    false = bytes((asked.reply[0] ^ 0xFF, asked.reply[1])) + asked.reply[2:]
    return [(0.0, false), (_PAUSE, asked.reply)]


def _other_question_first(asked: Asked) -> Packets:
    place = _HEADER_SIZE + 1
    letter = bytes((asked.reply[place] ^ 0x01,))
    return [(0.0, asked.reply[:place] + letter + asked.reply[place + 1 :]), (_PAUSE, asked.reply)]


def _question_first(asked: Asked) -> Packets:
    return [(0.0, asked.query), (_PAUSE, asked.reply)]


def _scraps_first(asked: Asked) -> Packets:
    scraps = [(0.0, asked.reply[:size]) for size in (1, 11, 12)]  # asyncio sends no empty datagram
    return [*scraps, (_PAUSE, asked.reply)]


def _truncated(asked: Asked) -> Packets:
    return [(0.0, asked.reply if asked.tcp else asked.header(flags=_TRUNCATED))]


def _truncated_silent(asked: Asked) -> Packets:
    return [] if asked.tcp else [(0.0, asked.header(flags=_TRUNCATED))]


def _truncated_always(asked: Asked) -> Packets:
    return [(0.0, asked.header(flags=_TRUNCATED))]


def _formerr_to_edns(asked: Asked) -> Packets:
    has_options = asked.query[10:12] != b"\x00\x00"
    return [(0.0, asked.header(flags=0, code=_FORMERR) if has_options else asked.reply)]


def _fresh_cname(asked: Asked) -> Packets:
    label = f"r{asked.count}".encode()
    target = bytes((len(label),)) + label + b"\x03d16" + _SUFFIX
    record = b"\xc0\x0c" + struct.pack("!HHIH", 5, 1, 0, len(target)) + target
    return [(0.0, asked.header(flags=0, answers=1) + record)]


def _thousands_of_mx(asked: Asked) -> Packets:
    if not asked.tcp:
        return [(0.0, asked.header(flags=_TRUNCATED))]
    record = b"\xc0\x0c" + struct.pack("!HHIHH", 15, 1, 300, 4, 10) + b"\xc0\x0c"
    return [(0.0, asked.header(flags=0, answers=_MANY) + record * _MANY)]


def _pointer_loop(asked: Asked) -> Packets:
    start = asked.header(flags=0, answers=1)
    owner = struct.pack("!H", 0xC000 | len(start))
    return [(0.0, start + owner + struct.pack("!HHIH", 15, 1, 300, 0))]


def _wrong_length(asked: Asked) -> Packets:
    record = b"\xc0\x0c" + struct.pack("!HHIH", 15, 1, 300, 60_000)
    return [(0.0, asked.header(flags=0, answers=1) + record)]


def _unasked_address(asked: Asked) -> Packets:
    name = b"\x02mx\x03d55" + _SUFFIX
    extra = name + struct.pack("!HHIH", 1, 1, 300, 4) + bytes((127, 0, 0, 1))
    counts = struct.unpack("!H", asked.reply[10:12])[0] + 1
    return [(0.0, asked.reply[:10] + struct.pack("!H", counts) + asked.reply[12:] + extra)]


_REACTIONS: Final[dict[str, Callable[[Asked], Packets]]] = {
    "fresh_cname": _fresh_cname,
    "formerr_to_edns": _formerr_to_edns,
    "late": _late,
    "lose_two": _lose_two,
    "other_question_first": _other_question_first,
    "pointer_loop": _pointer_loop,
    "question_first": _question_first,
    "scraps_first": _scraps_first,
    "silence": _silence,
    "thousands_of_mx": _thousands_of_mx,
    "truncated": _truncated,
    "truncated_always": _truncated_always,
    "truncated_silent": _truncated_silent,
    "unasked_address": _unasked_address,
    "wrong_id_first": _wrong_id_first,
    "wrong_length": _wrong_length,
}


@dataclass(frozen=True, slots=True)
class DnsCase:
    """One hostile domain: what it does, and what a caller may conclude."""

    name: str
    title: str
    expect: str
    records: dict[str, Records]
    fates: dict[str, str]
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
        name: DnsCase(
            name=name,
            title=table["title"],
            expect=table["expect"],
            records=_records(f"{name.lower()}.hostile.example", table),
            fates=table.get("fates", {}),
            react=table.get("react", ""),
        )
        for name, table in read_table("hostile_dns.toml").items()
    }


def _records(domain: str, table: Table) -> dict[str, Records]:
    goal = load_cases()["S70"].address
    if "chain" in table:
        length: int = table["chain"]
        links = {f"c{i}": {"CNAME": [f"c{i + 1}.{domain}."]} for i in range(length)}
        return {"@": {"CNAME": [f"c0.{domain}."]}, **links, f"c{length}": {"A": [goal]}}
    if "fan_out" in table:
        hosts, addresses = table["fan_out"]
        many = [f"127.110.70.{i + 1}" for i in range(addresses)]
        fan = {f"h{i}": {"A": many} for i in range(hosts)}
        return {"@": {"MX": [f"10 {name}.{domain}." for name in fan]}, **fan}
    found: dict[str, Records] = table.get(
        "records", {"@": {"MX": [f"10 mx.{domain}."]}, "mx": {"A": [goal]}}
    )
    return found


def with_hostile_names(zone: Zone) -> Zone:
    """Return the zone with every case's records and fates laid over it."""
    records, fates = dict(zone.records), dict(zone.fates)
    for case in load_dns_cases().values():
        for label, found in case.records.items():
            records[_name(case, label)] = found
        for label, fate in case.fates.items():
            fates[_name(case, label)] = fate
    return Zone(records, fates)


def _name(case: DnsCase, label: str) -> str:
    return case.domain if label == "@" else f"{label}.{case.domain}"


class HostileNames:
    """Changes honest replies about hostile names; all others pass."""

    def __init__(self) -> None:
        """Begin without having been asked anything."""
        self._counts: Counter[bytes] = Counter()
        self._by_label = {
            case.name.lower().encode(): _REACTIONS[case.react]
            for case in load_dns_cases().values()
            if case.react
        }

    def react(self, query: bytes, reply: bytes, *, tcp: bool) -> Packets:
        """Return what is sent in place of the honest reply."""
        name = query[_HEADER_SIZE:].lower()
        place = name.find(_SUFFIX)
        if place < 0:
            return [(0.0, reply)]
        case = name[max(0, place - 3) : place]
        reaction = self._by_label.get(case)
        if reaction is None:
            return [(0.0, reply)]
        self._counts[case] += 1
        return reaction(Asked(query, reply, tcp, self._counts[case]))
