"""What hostile DNS servers do to honest replies: one function for each way, by its name."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from typing import Final

from sandbox.dns_packets import (
    AT_QUESTION,
    CNAME,
    DNAME,
    HEADER_SIZE,
    MX,
    A,
    Asked,
    Packet,
    Packets,
    Way,
    option,
    record,
)

_PAUSE: Final = 0.02  # seconds between a false packet and the true one
_LOST: Final = 2  # questions
_LATE: Final = 4.9
_CUT: Final = 0x02  # in the third byte of the header
_FORMERR: Final = 1
_SERVFAIL: Final = 2
_NOTIMP: Final = 4
_REFUSED: Final = 5
_MANY: Final = 4_090  # with 16 bytes each, as much as a message holds
_MANY_OWNERS: Final = 3_000
_FLOOD: Final = 200
_LONG_UDP: Final = 4_096
_TTLS: Final = (0, 2**31 - 1, 2**32 - 1)


def _honest(asked: Asked) -> Packets:
    return [Packet(0, asked.reply)]


def _after(asked: Asked, *false: bytes, way: Way = Way.MESSAGE) -> Packets:
    """Send false packets, and the honest reply a moment later."""
    return [*(Packet(0, each, way) for each in false), Packet(_PAUSE, asked.reply)]


def _silence(_: Asked) -> Packets:
    return []


def _lose_two(asked: Asked) -> Packets:
    return _honest(asked) if asked.count > _LOST else []


def _late(asked: Asked) -> Packets:
    return [Packet(_LATE, asked.reply)]


def _stale_first(asked: Asked) -> Packets:
    """Answer what another question was answered, under the id of this one."""
    return _after(asked, asked.query[:2] + asked.before[2:])


def _wrong_id_first(asked: Asked) -> Packets:
    return _after(asked, bytes((asked.reply[0] ^ 0xFF, asked.reply[1])) + asked.reply[2:])


def _other_question_first(asked: Asked) -> Packets:
    place = HEADER_SIZE + 1
    letter = bytes((asked.reply[place] ^ 0x01,))
    return _after(asked, asked.reply[:place] + letter + asked.reply[place + 1 :])


def _other_case_first(asked: Asked) -> Packets:
    """Answer the question in other letters, by nothing at all."""
    return _after(asked, asked.header()[:HEADER_SIZE] + asked.question.swapcase())


def _elsewhere_first(asked: Asked) -> Packets:
    return _after(asked, asked.header(), way=Way.ELSEWHERE)


def _question_first(asked: Asked) -> Packets:
    return _after(asked, asked.query)


def _scraps_first(asked: Asked) -> Packets:
    return _after(asked, b"", *(asked.reply[:size] for size in (1, 11, 12)))


def _flood_first(asked: Asked) -> Packets:
    """Forge answers to this question under random ids, then answer.

    The forger is not on the path: it does not know in which letters was asked.
    """
    if asked.tcp:
        return _honest(asked)
    chance = random.Random(asked.question)  # noqa: S311 - repeatable, nobody's secret
    counts = asked.header(answers=1)[2:HEADER_SIZE]
    body = counts + asked.question.lower() + record(asked.kind, b"\x00\x01\x00")
    return _after(asked, *(chance.randbytes(2) + body for _ in range(_FLOOD)))


def _truncated(asked: Asked) -> Packets:
    return [Packet(0, asked.reply if asked.tcp else asked.header(flags=_CUT))]


def _over_tcp(asked: Asked, *packets: Packet) -> Packets:
    """Cut over UDP; over TCP, send packets."""
    return list(packets) if asked.tcp else [Packet(0, asked.header(flags=_CUT))]


def _truncated_refused(asked: Asked) -> Packets:
    return _over_tcp(asked, Packet(0, b"", Way.RESET))


def _truncated_silent(asked: Asked) -> Packets:
    return _over_tcp(asked)


def _truncated_always(asked: Asked) -> Packets:
    return [Packet(0, asked.header(flags=_CUT))]


def _tcp_stalls(asked: Asked) -> Packets:
    return _over_tcp(asked, Packet(0, b"\xff\xff" + bytes(10), Way.RAW))


def _tcp_drips(asked: Asked) -> Packets:
    whole = len(asked.reply).to_bytes(2, "big") + asked.reply
    return _over_tcp(asked, *(Packet(1.0, bytes((byte,)), Way.RAW) for byte in whole))


def _tcp_nothing(asked: Asked) -> Packets:
    return _over_tcp(asked, Packet(0, b"\x00\x00", Way.RAW))


def _tcp_wrong_id_first(asked: Asked) -> Packets:
    false = bytes((asked.reply[0] ^ 0xFF, asked.reply[1])) + asked.reply[2:]
    return _over_tcp(asked, Packet(0, false), Packet(_PAUSE, asked.reply))


def _long_udp(asked: Asked) -> Packets:
    """Answer by more over UDP than was offered, and never otherwise."""
    size = 30  # of a record, with its owner
    many = _LONG_UDP // size
    target = b"\x0elong-mail-host\xc0\x0c"
    return asked.records(*(record(MX, b"\x00\x0a" + target) for _ in range(many)))


def _fails(code: int) -> Callable[[Asked], Packets]:
    return lambda asked: [Packet(0, asked.header(code=code))]


def _formerr_to_edns(asked: Asked) -> Packets:
    return _fails(_FORMERR)(asked) if asked.has_options else _honest(asked)


def _badvers_to_edns(asked: Asked) -> Packets:
    if not asked.has_options:
        return _honest(asked)
    return [Packet(0, asked.header(others=1) + option(0, b"", extended=1))]


def _badcookie_once(asked: Asked) -> Packets:
    if asked.count > 1:
        return _honest(asked)  # 23 is 1 above, 7 below
    return [Packet(0, asked.header(code=7, others=1) + option(0, b"", extended=1))]


def _servfail_for(reason: int) -> Callable[[Asked], Packets]:
    """SERVFAIL with an Extended DNS Error (RFC 8914)."""
    error = option(15, struct.pack("!H", reason))
    return lambda asked: [Packet(0, asked.header(code=_SERVFAIL, others=1) + error)]


def _lame_every_other(asked: Asked) -> Packets:
    return _fails(_REFUSED)(asked) if asked.count % 2 else _honest(asked)


def _fresh_cname(asked: Asked) -> Packets:
    label = f"r{asked.count}".encode()
    return asked.records(record(CNAME, bytes((len(label),)) + label + AT_QUESTION))


def _growing_dname(asked: Asked) -> Packets:
    """Lead to a name that is longer by 60 letters each time, as a DNAME to below itself does."""
    longer = b"\x3c" + b"g" * 60 + asked.question[:-4]
    return asked.records(record(DNAME, longer), record(CNAME, longer))


def _bomb(kind: int, data: bytes) -> Callable[[Asked], Packets]:
    many = record(kind, data) * _MANY
    return lambda asked: _over_tcp(asked, Packet(0, asked.header(answers=_MANY) + many))


def _thousands_of_owners(asked: Asked) -> Packets:
    owners = (f"\x03{number:03x}".encode() + AT_QUESTION for number in range(_MANY_OWNERS))
    records = b"".join(record(A, bytes(4), owner=each) for each in owners)
    return _over_tcp(asked, Packet(0, asked.header(answers=_MANY_OWNERS) + records))


def _bad_pointer(asked: Asked) -> Packets:
    """Point to itself, forward, or through a hundred pointers, by row."""
    start = len(asked.header())
    data = start + 12
    match asked.row % 3:
        case 0:
            return asked.records(record(MX, b"\x00\x01" + AT_QUESTION, owner=_pointer(start)))
        case 1:
            return asked.records(record(MX, b"\x00\x01" + _pointer(data + 40)))
    chain = b"".join(_pointer(data + 2 * place) for place in range(100))
    links = record(10, AT_QUESTION + chain)  # data of type NULL is anything
    last = record(MX, b"\x00\x01" + _pointer(data + 200))
    return asked.records(links, last)


def _pointer(place: int) -> bytes:
    return struct.pack("!H", 0xC000 | place)


def _wrong_length(asked: Asked) -> Packets:
    """Say that data is longer, or shorter, than it is, by row."""
    size = 60_000 if asked.row % 2 == 0 else 1
    return asked.records(AT_QUESTION + struct.pack("!HHIHH", MX, 1, 300, size, 10))


def _long_name(asked: Asked) -> Packets:
    """Answer by a label of 64 letters, or a name of 256, by row."""
    name = (
        b"\x40" + b"l" * 64 + b"\x00" if asked.row % 2 == 0 else (b"\x3f" + b"l" * 63) * 4 + b"\0"
    )
    return asked.records(record(MX, b"\x00\x01" + name))


def _wrong_size(asked: Asked) -> Packets:
    """Answer by an address of five bytes, or an MX of two."""
    return asked.records(record(asked.kind, bytes(2 if asked.kind == MX else 5)))


def _odd_ttl(asked: Asked) -> Packets:
    """Answer honestly, to hold for no time, for 68 years or for 136, by row."""
    ttl = struct.pack("!I", _TTLS[asked.row % 3])
    place = asked.question_end + 6
    return [Packet(0, asked.reply[:place] + ttl + asked.reply[place + 4 :])]


def _with_victim(asked: Asked) -> Packets:
    """Answer honestly, and add an address of somebody else to the answer."""
    victim = record(A, bytes((127, 0, 0, 1)), owner=b"\x02mx\x06victim\x04test\x00")
    return [Packet(0, _extended(asked, victim, place=6))]


def _unasked_address(asked: Asked) -> Packets:
    """Answer honestly, and add an address that nobody asked for."""
    return [Packet(0, _extended(asked, record(A, bytes((127, 0, 0, 1))), place=10))]


def _extended(asked: Asked, record: bytes, *, place: int) -> bytes:
    """Return a plain reply with a record more in the section counted at a place."""
    end = len(asked.reply) - (11 if asked.has_options else 0)
    count = int.from_bytes(asked.reply[place : place + 2], "big") + 1
    head = asked.reply[:place] + count.to_bytes(2, "big") + asked.reply[place + 2 : end]
    return head + record + asked.reply[end:]


def _rebind(asked: Asked) -> Packets:
    """Answer an address of the world at first, our own machine ever after."""
    if asked.kind != A or asked.repeat == 1:
        return _honest(asked)
    return asked.records(record(A, bytes((127, 0, 0, 1)), ttl=0))


def _rotate(asked: Asked) -> Packets:
    """Answer the same addresses in another order each time."""
    if asked.kind != A:
        return _honest(asked)
    hosts = [bytes((127, 110, 70, 1 + (asked.count + each) % 4)) for each in range(4)]
    return asked.records(*(record(A, host) for host in hosts))


REACTIONS: Final[dict[str, Callable[[Asked], Packets]]] = {
    "badcookie_once": _badcookie_once,
    "badvers_to_edns": _badvers_to_edns,
    "bad_pointer": _bad_pointer,
    "bogus": _servfail_for(6),
    "elsewhere_first": _elsewhere_first,
    "flood_first": _flood_first,
    "formerr_to_edns": _formerr_to_edns,
    "fresh_cname": _fresh_cname,
    "growing_dname": _growing_dname,
    "lame_every_other": _lame_every_other,
    "late": _late,
    "long_name": _long_name,
    "long_udp": _long_udp,
    "lose_two": _lose_two,
    "notimp": _fails(_NOTIMP),
    "odd_ttl": _odd_ttl,
    "other_case_first": _other_case_first,
    "other_question_first": _other_question_first,
    "question_first": _question_first,
    "rebind": _rebind,
    "rotate": _rotate,
    "scraps_first": _scraps_first,
    "silence": _silence,
    "stale_first": _stale_first,
    "tcp_drips": _tcp_drips,
    "tcp_nothing": _tcp_nothing,
    "tcp_stalls": _tcp_stalls,
    "tcp_wrong_id_first": _tcp_wrong_id_first,
    "thousands_of_a": _bomb(A, bytes(4)),
    "thousands_of_mx": _bomb(MX, b"\x00\x0a" + AT_QUESTION),
    "thousands_of_owners": _thousands_of_owners,
    "truncated": _truncated,
    "truncated_always": _truncated_always,
    "truncated_refused": _truncated_refused,
    "truncated_silent": _truncated_silent,
    "unasked_address": _unasked_address,
    "unreachable_authority": _servfail_for(22),
    "with_victim": _with_victim,
    "wrong_id_first": _wrong_id_first,
    "wrong_length": _wrong_length,
    "wrong_size": _wrong_size,
}
"""Reactions by the name that hostile_dns.toml gives them."""
