"""Which addresses we never connect to, whatever a stranger's DNS says.

A domain's owner chooses what its MX records point to, so every address is looked up in a deny
table of our own before a socket is opened. `ipaddress.is_global` is not that table: on Python
3.11.7 it calls 224.0.0.1, 64:ff9b::7f00:1 and 2002:7f00:1:: global, and CVE-2024-4032 changed
its answers between patch releases.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
)
from typing import Final, TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

DENIED: Final[tuple[tuple[Network, str], ...]] = (
    # IANA IPv4 Special-Purpose Address Registry, 2025-10; multicast from RFC 5771
    (IPv4Network("0.0.0.0/8"), "this_network"),
    (IPv4Network("10.0.0.0/8"), "private"),
    (IPv4Network("100.64.0.0/10"), "shared"),  # RFC 6598; 100.100.100.200 is a metadata service
    (IPv4Network("127.0.0.0/8"), "loopback"),
    (IPv4Network("169.254.0.0/16"), "link_local"),  # 169.254.169.254 is a metadata service
    (IPv4Network("172.16.0.0/12"), "private"),
    (IPv4Network("192.0.0.0/24"), "protocol"),
    (IPv4Network("192.0.2.0/24"), "documentation"),
    (IPv4Network("192.31.196.0/24"), "anycast"),  # AS112-v4, RFC 7535
    (IPv4Network("192.52.193.0/24"), "anycast"),  # AMT, RFC 7450
    (IPv4Network("192.88.99.0/24"), "anycast"),  # 6to4 relays, RFC 7526
    (IPv4Network("192.168.0.0/16"), "private"),
    (IPv4Network("192.175.48.0/24"), "anycast"),  # AS112, RFC 7534
    (IPv4Network("198.18.0.0/15"), "benchmarking"),
    (IPv4Network("198.51.100.0/24"), "documentation"),
    (IPv4Network("203.0.113.0/24"), "documentation"),
    (IPv4Network("224.0.0.0/4"), "multicast"),
    (IPv4Network("240.0.0.0/4"), "reserved"),  # with the broadcast address
    (IPv4Network("168.63.129.16/32"), "metadata"),  # public range, but a cloud's own host agent
    # IANA IPv6 Special-Purpose Address Registry, 2025-10: what lies inside 2000::/3
    (IPv6Network("2001::/23"), "protocol"),  # with Teredo, benchmarking, ORCHIDv2
    (IPv6Network("2001:db8::/32"), "documentation"),
    (IPv6Network("2002::/16"), "tunnel"),  # 6to4
    (IPv6Network("2620:4f:8000::/48"), "anycast"),  # AS112, RFC 7534
    (IPv6Network("3ffe::/16"), "reserved"),  # 6bone, returned by RFC 3701
    (IPv6Network("3fff::/20"), "documentation"),  # RFC 9637
)
"""Networks that hold no stranger's mail server, each with a word for the evidence."""

UNICAST6: Final = IPv6Network("2000::/3")
"""The only IPv6 block with public hosts (RFC 4291, section 2.4); all else is refused."""

EMBEDDING: Final = (IPv6Network("::ffff:0:0/96"), IPv6Network("64:ff9b::/96"))
"""IPv4-mapped (RFC 4291) and NAT64 (RFC 6052) blocks: the last 32 bits are what is dialled."""

ISATAP_MARKS: Final = (0x00005EFE, 0x02005EFE)
"""First half of an interface identifier that embeds IPv4 (RFC 5214, section 6.1)."""


def refuse_reason(
    ip: str,
    lab_networks: Sequence[Network],
    own_networks: Sequence[Network] = (),
) -> str | None:
    """Return a word for why we must not connect to `ip`, or None where we may.

    `lab_networks` pass whatever the table says: they are for sandboxes and laboratories and are
    named in every output. `own_networks` are this installation's own hosts, refused so that we
    do not ask ourselves. Embedded IPv4 is unwrapped first and judged by what is inside.

    >>> refuse_reason("8.8.8.8", ()), refuse_reason("169.254.169.254", ())
    (None, 'link_local')
    >>> refuse_reason("64:ff9b::7f00:1", ())
    'loopback'
    >>> refuse_reason("127.1.2.3", (IPv4Network("127.0.0.0/8"),)) is None
    True
    >>> refuse_reason("127.1", ())
    'unreadable'
    """
    try:
        address = ip_address(ip)
    except ValueError:
        return "unreadable"
    if isinstance(address, IPv6Address) and address.scope_id is not None:
        return "unreadable"  # a zone names an interface of this host, never one of the internet
    address = _unwrapped(address)
    if any(address in network for network in lab_networks):
        return None
    if any(address in network for network in own_networks):
        return "own"
    return _denied(address)


def _unwrapped(address: Address) -> Address:
    if isinstance(address, IPv6Address) and any(address in block for block in EMBEDDING):
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


def _denied(address: Address) -> str | None:
    for network, word in DENIED:
        if address in network:
            return word
    if isinstance(address, IPv4Address):
        return None
    if address not in UNICAST6:
        return "reserved"
    if (int(address) >> 32) & 0xFFFF_FFFF in ISATAP_MARKS:
        return _denied(IPv4Address(int(address) & 0xFFFF_FFFF))
    return None
