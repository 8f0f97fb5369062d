r"""The only lines we ever send, and what may stand in them.

The verbs are EHLO, HELO, STARTTLS, MAIL, RCPT and QUIT: there is no way here to send a message.
Arguments are matched whole, never parsed and never repaired: a library that "fixes" an address asks
about another one, and a CR or LF inside would be a command of its own (CVE-2015-9096).
"""

from __future__ import annotations

import re
from typing import Final

ADDRESS_BYTES: Final = 254  # RFC 5321 4.5.3.1.3: a path of 256 with its angle brackets
LOCAL_BYTES: Final = 64  # RFC 5321 4.5.3.1.1

_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_ADDRESS: Final = re.compile(
    rf"({_ATOM}(?:\.{_ATOM})*)@([A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)"
)
_HELO: Final = re.compile(
    r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?|\[(?:IPv6:)?[0-9A-Fa-f.:]{2,45}\]",
)

STARTTLS: Final = b"STARTTLS\r\n"
QUIT: Final = b"QUIT\r\n"


def is_askable(address: str) -> bool:
    r"""Whether an address can be put on the wire as it is: a dot-atom at an ASCII domain.

    Quoted local parts and UTF-8 are legal and rare; they are not asked.

    >>> is_askable("maria@firma.example"), is_askable("a@b.example\r\nRCPT TO:<c@d.example>")
    (True, False)
    """
    match = _ADDRESS.fullmatch(address)
    return match is not None and len(address) <= ADDRESS_BYTES and len(match[1]) <= LOCAL_BYTES


def is_helo_name(name: str) -> bool:
    """Whether a name or address literal can be our own in EHLO.

    >>> is_helo_name("probe.example.com"), is_helo_name("[192.0.2.1]"), is_helo_name("a b")
    (True, True, False)
    """
    return _HELO.fullmatch(name) is not None


def ehlo(name: str) -> bytes:
    """Return the EHLO line; ValueError if the name cannot be sent."""
    return _greeting(b"EHLO ", name)


def helo(name: str) -> bytes:
    """Return the HELO line, for hosts that do not know EHLO."""
    return _greeting(b"HELO ", name)


def mail_from(address: str) -> bytes:
    """Return the MAIL line; ValueError if the address cannot be sent."""
    return b"MAIL FROM:" + _path(address)


def rcpt_to(address: str) -> bytes:
    r"""Return the RCPT line; ValueError if the address cannot be sent.

    >>> rcpt_to("maria@firma.example")
    b'RCPT TO:<maria@firma.example>\r\n'
    """
    return b"RCPT TO:" + _path(address)


def _greeting(verb: bytes, name: str) -> bytes:
    if not is_helo_name(name):
        message = "the HELO name must be a host name or an address literal"
        raise ValueError(message)
    return verb + name.encode("ascii") + b"\r\n"


def _path(address: str) -> bytes:
    if not is_askable(address):
        message = "the address has characters that may not be put into a command"
        raise ValueError(message)
    return b"<" + address.encode("ascii") + b">\r\n"
