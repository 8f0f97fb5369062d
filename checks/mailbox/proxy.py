r"""A SOCKS5 proxy between us and a mail server, as messages without I/O (RFC 1928, RFC 1929).

Only CONNECT, and only to a literal address: a name would be looked up by the proxy, behind the
guard's back. What the proxy itself cannot do is our own fault and says nothing of the host.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from ipaddress import IPv4Address, ip_address
from typing import Final, NoReturn, TypeAlias

_VERSION, _LOGIN_VERSION = 5, 1
_NO_LOGIN, _BY_PASSWORD = 0, 2  # RFC 1928, section 3
_CONNECT: Final = 1
_IPV4, _NAME, _IPV6 = 1, 3, 4
_BOUND_BYTES: Final = {_IPV4: 4, _IPV6: 16}
_LONGEST: Final = 255  # of a user's name or a password (RFC 1929, section 2)

# RFC 1928, section 6. A general failure is what simple proxies answer for any dead host.
_HOST_IS_AWAY: Final = {
    1: "general failure",
    3: "network unreachable",
    4: "host unreachable",
    5: "connection refused",
    6: "expired on the way",
    8: "no way to such addresses",
}


class ProxyError(Exception):
    """The proxy itself does not let us through: a fault of our own, never the host's."""


@dataclass(frozen=True, slots=True)
class Login:
    """A user's name and password; shown nowhere.

    >>> Login("ana", "secret")
    Login()
    """

    user: str = field(repr=False)
    password: str = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse what the protocol has no room for."""
        if not all(1 <= len(text.encode()) <= _LONGEST for text in (self.user, self.password)):
            message = "the proxy's user and password must have 1 to 255 bytes each"
            raise ValueError(message)


@dataclass(frozen=True, slots=True)
class Proxy:
    """Where the proxy is; `patience`: seconds before each further try where it fails itself."""

    host: str
    port: int
    login: Login | None = None
    patience: tuple[float, ...] = (1.0, 5.0)


@dataclass(frozen=True, slots=True)
class Exchange:
    """Send these bytes, then read exactly so many."""

    line: bytes
    wanted: int


Steps: TypeAlias = Generator[Exchange, bytes, None]


def greet(login: Login | None) -> Steps:
    r"""Yield what to exchange until the proxy takes commands; raises ProxyError.

    >>> next(greet(None)).line, next(greet(Login("ana", "secret"))).line
    (b'\x05\x01\x00', b'\x05\x02\x00\x02')
    """
    methods = bytes([_NO_LOGIN] if login is None else [_NO_LOGIN, _BY_PASSWORD])
    version, method = yield Exchange(bytes([_VERSION, len(methods)]) + methods, 2)
    if version != _VERSION:
        _fail("does not speak SOCKS5")
    if method == _BY_PASSWORD and login is not None:
        yield from _log_in(login)
    elif method != _NO_LOGIN:
        _fail("takes none of our ways to log in")


def connect(ip: str, port: int) -> Steps:
    r"""Yield what to exchange until bytes go to the literal address.

    Raises ProxyError where the proxy is at fault, ConnectionRefusedError where the host is away.

    >>> next(connect("192.0.2.1", 25)).line
    b'\x05\x01\x00\x01\xc0\x00\x02\x01\x00\x19'
    """
    version, reply, _, kind = yield Exchange(_command(ip, port), 4)
    if version != _VERSION or kind not in {_IPV4, _NAME, _IPV6}:
        _fail("does not speak SOCKS5")
    if reply in _HOST_IS_AWAY:
        raise ConnectionRefusedError(_HOST_IS_AWAY[reply])
    if reply:
        _fail(f"refuses to connect (code {reply})")
    if kind == _NAME:
        (bound,) = yield Exchange(b"", 1)
    else:
        bound = _BOUND_BYTES[kind]
    yield Exchange(b"", bound + 2)  # where the proxy calls from, and its port


def _log_in(login: Login) -> Steps:
    user, password = login.user.encode(), login.password.encode()
    line = bytes([_LOGIN_VERSION, len(user)]) + user + bytes([len(password)]) + password
    version, status = yield Exchange(line, 2)
    if version != _LOGIN_VERSION or status:
        _fail("refuses our user or password")


def _command(ip: str, port: int) -> bytes:
    address = ip_address(ip)
    kind = _IPV4 if isinstance(address, IPv4Address) else _IPV6
    return bytes([_VERSION, _CONNECT, 0, kind]) + address.packed + port.to_bytes(2)


def _fail(how: str) -> NoReturn:
    message = f"the proxy {how}"
    raise ProxyError(message)
