"""The address guard: what is never dialled, checked against a second implementation."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from checks.mailbox.guard import refuse_reason

REFUSED = """
0.0.0.0 0.0.0.1 0.255.255.255 10.0.0.0 10.0.0.1 10.255.255.255 100.64.0.0 100.64.0.1
100.100.100.200 100.127.255.255 127.0.0.0 127.0.0.1 127.1.2.3 127.255.255.255 169.254.0.0
169.254.169.254 169.254.255.255 172.16.0.0 172.20.1.1 172.31.255.255 192.0.0.0 192.0.0.8
192.0.0.170 192.0.0.255 192.0.2.0 192.0.2.1 192.0.2.255 192.31.196.1 192.52.193.1 192.88.99.0
192.88.99.1 192.88.99.255 192.168.0.0 192.168.1.1 192.168.255.255 192.175.48.6 198.18.0.0
198.18.0.1 198.19.255.255 198.51.100.0 198.51.100.7 198.51.100.255 203.0.113.0 203.0.113.9
203.0.113.255 224.0.0.0 224.0.0.1 239.255.255.255 240.0.0.0 240.0.0.1 255.255.255.254
255.255.255.255 168.63.129.16
:: ::1 ::2 ::127.0.0.1 ::8.8.8.8 ::ffff:0.0.0.0 ::ffff:10.0.0.1 ::ffff:127.0.0.1
::ffff:169.254.169.254 ::ffff:7f00:1 ::ffff:224.0.0.1 ::ffff:0:127.0.0.1 ::ffff:0:8.8.8.8
64:ff9b::7f00:1 64:ff9b::a00:1 64:ff9b::a9fe:a9fe 64:ff9b::e000:1 64:ff9b:1::a00:1
64:ff9b:1::8.8.8.8 100::1 100:0:0:1::1 2001::1 2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:2::1
2001:10::1 2001:20::1 2001:1ff:ffff::1 2001:db8::1 2001:db8:ffff::1 2002:7f00:1:: 2002:a00:1::
2002:808:808::1 2620:4f:8000::1 3ffe::1 3fff::1 3fff:fff::1 4000::1 5f00::1 8000::1 fc00::1
fd00::1 fd00:ec2::254 fe80::1 fe80::5efe:10.0.0.1 febf::1 fec0::1 feff::1 ff00::1 ff02::1
ff0e::1 2600::5efe:10.0.0.1 2600::5efe:127.0.0.1 2600::200:5efe:192.168.0.1
1fff:ffff::1 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff
"""

NOT_ADDRESSES = ["", " ", "localhost", "127.1", "0x7f000001", "2130706433", "127.0.0.01",
                 "127.0.0.1 ", "127.0.0.1\r\n", "1.2.3.4/32", "[::1]", "fe80::1%eth0", "::1%lo",
                 "2600::1%1", "1.2.3", "1.2.3.4.5", "256.1.1.1", "mx.example.com"]  # fmt: skip

PASSED = """
1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0
169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 191.255.255.255 192.0.1.0 192.0.3.0
192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 203.0.112.255 203.0.114.0
223.255.255.255 200.147.35.1 168.63.129.15 168.63.129.17
2001:200::1 2001:4860:4860::8888 2001:db7:ffff::1 2001:db9::1 2003::1 2600::1 2606:4700::1111
2804:1::1 2a00:1450::1 3ffd::1 3fff:1000::1 ::ffff:8.8.8.8 64:ff9b::8.8.8.8
2600::5efe:8.8.8.8
"""


@pytest.mark.parametrize("ip", REFUSED.split())
def test_special_addresses_are_refused_in_every_notation(ip: str) -> None:
    assert refuse_reason(ip, ()) not in {None, "unreadable"}


@pytest.mark.parametrize("text", NOT_ADDRESSES)
def test_what_is_not_an_address_literal_is_refused(text: str) -> None:
    assert refuse_reason(text, ()) == "unreadable"


@pytest.mark.parametrize("ip", PASSED.split())
def test_public_addresses_and_the_neighbours_of_every_block_pass(ip: str) -> None:
    assert refuse_reason(ip, ()) is None


def test_a_lab_network_passes_only_what_it_holds() -> None:
    lab = (IPv4Network("127.9.0.0/16"), IPv6Network("fd00:1::/32"))
    assert refuse_reason("127.9.1.1", lab) is None
    assert refuse_reason("::ffff:127.9.1.1", lab) is None
    assert refuse_reason("fd00:1::25", lab) is None
    assert refuse_reason("127.8.1.1", lab) == "loopback"
    assert refuse_reason("fd00:2::25", lab) == "reserved"


def test_own_hosts_are_refused_though_public() -> None:
    assert refuse_reason("200.1.2.3", (), (IPv4Network("200.1.2.0/24"),)) == "own"
    assert refuse_reason("200.1.3.3", (), (IPv4Network("200.1.2.0/24"),)) is None


V4_PREFIXES = (
    "0/8 10/8 100.64/10 127/8 169.254/16 172.16/12 192.0.0/24 192.0.2/24 192.31.196/24 "
    "192.52.193/24 192.88.99/24 192.168/16 192.175.48/24 198.18/15 198.51.100/24 203.0.113/24 "
    "224/3 168.63.129.16/32"
)


def _bits(prefix: str) -> str:
    head, length = prefix.split("/")
    octets = [int(part) for part in head.split(".")]
    whole = "".join(f"{octet:08b}" for octet in [*octets, 0, 0, 0][:4])
    return whole[: int(length)]


V4_BITS = tuple(_bits(prefix) for prefix in V4_PREFIXES.split())


def _v4_refused(number: int) -> bool:
    return f"{number:032b}".startswith(V4_BITS)


def _v6_refused(number: int) -> bool:
    groups = [(number >> shift) & 0xFFFF for shift in range(112, -1, -16)]
    inner = number & 0xFFFF_FFFF
    if groups[:6] in ([0, 0, 0, 0, 0, 0xFFFF], [0x64, 0xFF9B, 0, 0, 0, 0]):
        return _v4_refused(inner)
    first, second = groups[:2]
    special = (
        first >> 13 != 1
        or (first == 0x2001 and (second < 0x200 or second == 0xDB8))
        or first in {0x2002, 0x3FFE}
        or groups[:3] == [0x2620, 0x4F, 0x8000]
        or (first == 0x3FFF and second < 0x1000)
    )
    isatap = groups[4] in {0, 0x200} and groups[5] == 0x5EFE
    return special or (isatap and _v4_refused(inner))


@settings(max_examples=3000, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_ipv4_agrees_with_an_implementation_on_bit_strings(number: int) -> None:
    assert (refuse_reason(str(IPv4Address(number)), ()) is not None) == _v4_refused(number)


HEADS = st.sampled_from(
    [0x20010000, 0x20010DB8, 0x2001FFFF, 0x20020A00, 0x2620004F, 0x3FFF0FFF, 0x3FFF1000,
     0x0064FF9B, 0, 0xFE800000, 0x26000000],
)  # fmt: skip


@settings(max_examples=3000, deadline=None)
@given(
    number=st.integers(0, 2**128 - 1),
    head=st.one_of(st.none(), HEADS),
    v4_tail=st.booleans(),
)
@example(number=0xFFFF_7F00_0001, head=None, v4_tail=False)
def test_ipv6_agrees_with_an_implementation_on_groups(
    number: int,
    head: int | None,
    *,
    v4_tail: bool,
) -> None:
    if head is not None:
        number = (head << 96) | (number & (2**96 - 1))
    if v4_tail:
        number &= ~(0xFFFF_FFFF_FFFF_FFFF << 32)
    assert (refuse_reason(str(IPv6Address(number)), ()) is not None) == _v6_refused(number)
