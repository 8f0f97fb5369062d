"""A strict reader of common answers: what it returns is what dnspython would, or nothing.

dnspython takes half a millisecond for an answer, this a hundredth of that. It understands MX, A and
AAAA with the aliases before them in order, one SOA, plain names, an empty OPT record, and nothing
else: at the first byte that is not so it gives up, and dnspython reads the message (`wire`).
tests/domain/test_reader.py compares the two.
"""

from __future__ import annotations

import struct
from string import ascii_letters, digits
from typing import Final

import dns.ipv6

from checks.domain.model import Alias, Answer, MailHost, NoData, NxDomain, Records, RecordType
from checks.domain.query import CODE_OF, HEADER_SIZE

MOST_LINKS: Final = 8
"""Aliases in one answer."""

_A: Final = 1
_NS: Final = 2
_CNAME: Final = 5
_SOA: Final = 6
_MX: Final = 15
_AAAA: Final = 28
_IN: Final = 1

_COUNTS: Final = struct.Struct("!HHHH")
_RECORD: Final = struct.Struct("!2sHHIH")  # with an owner of two bytes
_RECORD_TAIL: Final = struct.Struct("!HHIH")
_PREFERENCE: Final = struct.Struct("!H")
_MINIMUM: Final = struct.Struct("!16xI")
_AT_QUESTION: Final = b"\xc0\x0c"
_OPT_OWNER_AND_TYPE: Final = b"\x00\x00\x29"
_COMMON_FLAGS: Final = 0xFA  # of the third byte: response, opcode, cut; all but AA and RD
_RESPONSE: Final = 0x80
_NOERROR: Final = 0
_NXDOMAIN: Final = 3
_POINTER: Final = 0xC0
_LABEL_LIMIT: Final = 64
_LONGEST: Final = 253
_MOST_JUMPS: Final = 8  # dnspython follows 16
_ADDRESS_SIZES: Final = {_A: 4, _AAAA: 16}
_MOST_TTL: Final = 2**31 - 1  # above it a time to live counts as none (RFC 2181, section 8)
_NO_LIMIT: Final = 2**32 - 1
_WITHOUT_SOA: Final = 300  # dnspython's own default for a denial that names no zone
_PLAIN: Final = f"{ascii_letters}{digits}-_".encode()  # what a label may hold to be read here


class NotCommonError(Exception):
    """The message is none that this reader understands."""


def read_common(wire: bytes, section: bytes, kind: RecordType, name: str) -> Answer | None:
    """Return what a response says to a question section that it echoes; None: not understood.

    `name` is the question's, lower case. The caller has seen that id and echo are right.
    """
    if wire[2] & _COMMON_FLAGS != _RESPONSE or wire[3] & 0x0F not in (_NOERROR, _NXDOMAIN):
        return None
    try:
        return _read(wire, HEADER_SIZE + len(section), CODE_OF[kind], name)
    except (NotCommonError, IndexError, struct.error):
        return None


def _read(wire: bytes, place: int, kind: int, name: str) -> Answer:
    _, answers, authorities, additionals = _COUNTS.unpack_from(wire, 4)
    chain = [name]
    data, ttl, place = _answer_section(wire, place, answers, kind, chain)
    zone, denial, place = _authority_section(wire, place, authorities, name)
    place = _additional_section(wire, place, additionals, name)
    if place != len(wire):
        raise NotCommonError
    denied = wire[3] & 0x0F == _NXDOMAIN
    if data:
        if denied:
            raise NotCommonError
        if kind == _MX:
            return Records(ttl, tuple([MailHost(*pair) for pair in sorted(set(data))]))
        return Records(ttl, addresses=tuple(sorted({text for _, text in data})))
    ttl = min(ttl, _denial_ttl(chain[-1], zone, denial))
    if denied:
        return NxDomain(ttl)
    if len(chain) > 1 and denial is None:
        return Alias(ttl, chain[-1])
    if authorities and denial is None:
        raise NotCommonError  # a referral
    return NoData(ttl)


def _answer_section(
    wire: bytes,
    place: int,
    count: int,
    kind: int,
    chain: list[str],
) -> tuple[list[tuple[int, str]], int, int]:
    """Return the data asked for, the least time to live, and the place after; extend the chain."""
    data: list[tuple[int, str]] = []
    ttl = _NO_LIMIT
    for _ in range(count):
        owner, code, seconds, start, place = _record(wire, place, chain[0])
        if owner != chain[-1]:
            raise NotCommonError
        if code == kind:
            data.append(_datum(wire, kind, start, place))
        elif code == _CNAME and not data:
            target = _whole_name(wire, start, place)
            if target in chain or len(chain) > MOST_LINKS:
                raise NotCommonError
            chain.append(target)
        else:
            raise NotCommonError
        ttl = min(ttl, seconds)
    return data, ttl, place


def _authority_section(
    wire: bytes,
    place: int,
    count: int,
    name: str,
) -> tuple[str, int | None, int]:
    """Return zone and time to live of denials, None without SOA, and the place after."""
    zone, denial = "", None
    for _ in range(count):
        owner, code, seconds, start, place = _record(wire, place, name)
        if code == _NS:
            _whole_name(wire, start, place)
        elif code == _SOA and denial is None:
            zone, denial = owner, min(seconds, _minimum(wire, start, place))
        else:
            raise NotCommonError
    return zone, denial, place


def _additional_section(wire: bytes, place: int, count: int, name: str) -> int:
    """Return the place after; nothing that stands here is used (threat B15)."""
    has_options = False
    for _ in range(count):
        if wire[place : place + 3] == _OPT_OWNER_AND_TYPE:
            _, _, seconds, size = _RECORD_TAIL.unpack_from(wire, place + 1)
            if has_options or size or seconds >> 16:  # extended code and version must be none
                raise NotCommonError
            has_options = True
            place += 1 + _RECORD_TAIL.size
            continue
        _, code, _, start, place = _record(wire, place, name)
        if code not in (_A, _AAAA):
            raise NotCommonError
        _datum(wire, code, start, place)
    return place


def _record(wire: bytes, place: int, name: str) -> tuple[str, int, int, int, int]:
    """Return owner, type, time to live, and where the data starts and ends."""
    owner = name
    at, code, net, ttl, size = _RECORD.unpack_from(wire, place)
    if at != _AT_QUESTION:
        owner, place = _name(wire, place)
        code, net, ttl, size = _RECORD_TAIL.unpack_from(wire, place)
        place -= len(_AT_QUESTION)
    start: int = place + _RECORD.size
    end = start + size
    if net != _IN or end > len(wire):
        raise NotCommonError
    return owner, code, 0 if ttl > _MOST_TTL else ttl, start, end


def _datum(wire: bytes, kind: int, start: int, end: int) -> tuple[int, str]:
    """Return preference and exchange of an MX, 0 and text of an address."""
    if kind == _MX:
        preference = _PREFERENCE.unpack_from(wire, start)[0]
        return preference, _whole_name(wire, start + _PREFERENCE.size, end)
    if end - start != _ADDRESS_SIZES.get(kind):
        raise NotCommonError
    raw = wire[start:end]
    return 0, dns.ipv6.inet_ntoa(raw) if kind == _AAAA else ".".join(map(str, raw))


def _minimum(wire: bytes, start: int, end: int) -> int:
    """Return the last number of a SOA: the time to live of what does not exist (RFC 2308)."""
    _, place = _name(wire, start)
    _, place = _name(wire, place)
    if end - place != _MINIMUM.size:
        raise NotCommonError
    minimum: int = _MINIMUM.unpack_from(wire, place)[0]
    return minimum


def _denial_ttl(name: str, zone: str, denial: int | None) -> int:
    """Return how long an absence holds: by the SOA, whose zone must be one that holds the name."""
    if denial is None:
        return _WITHOUT_SOA
    if zone and name != zone and not name.endswith(f".{zone}"):
        raise NotCommonError
    return denial


def _whole_name(wire: bytes, start: int, end: int) -> str:
    name, place = _name(wire, start)
    if place != end:
        raise NotCommonError
    return name


def _name(wire: bytes, place: int) -> tuple[str, int]:
    """Return a name in lower case, "" for the root, and the place after it.

    A pointer leads backwards, before the name's beginning, and what it leads to ends before the
    name begins: so there are no circles, and dnspython agrees.
    """
    labels: list[bytes] = []
    start = place
    limit = len(wire)
    after = jumps = 0
    while count := wire[place]:
        if count < _LABEL_LIMIT:
            place += 1 + count
            if place >= limit:
                raise NotCommonError
            labels.append(wire[place - count : place])
        elif count >= _POINTER:
            after = after or place + 2
            target = (count & ~_POINTER) << 8 | wire[place + 1]
            jumps += 1
            if target >= start or place + 2 > limit or jumps > _MOST_JUMPS:
                raise NotCommonError
            limit, start, place = start, target, target
        else:
            raise NotCommonError
    text = b".".join(labels)
    if len(text) > _LONGEST or b"".join(labels).translate(None, _PLAIN):
        raise NotCommonError
    return text.decode("ascii").lower(), after or place + 1
