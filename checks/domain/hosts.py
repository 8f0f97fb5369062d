"""Which names may be mail hosts: a stranger writes them, and they reach logs and reports."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from checks.domain.model import MailHost
from checks.model import Reason

_LABEL: Final = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
# The underscore is no letter of host names (RFC 1123, section 2.1), but hosters use it.
_HOST: Final = re.compile(rf"(?:{_LABEL}\.)+{_LABEL}")
_LOCAL_NAMES: Final = (".localhost", ".invalid", ".local", ".localdomain")
_LONGEST: Final = 253
_ROOT: Final = ""
_SHOWN: Final = 10  # MX records in the evidence


@lru_cache(maxsize=1 << 14)  # thousands of domains share a provider's hosts
def host_problem(name: str) -> str | None:
    r"""Return a word for why a name cannot be a mail host, or None.

    >>> host_problem("mx1.example.com") is None
    True
    >>> [host_problem(name) for name in ("localhost", "10.0.0.1", "a\r\nrcpt.example", "mx")]
    ['local', 'literal', 'letters', 'single_label']
    """
    if name == "localhost" or name.endswith(_LOCAL_NAMES):
        return "local"
    if len(name) > _LONGEST:
        return "length"
    if "." not in name:
        return "single_label"
    if not _HOST.fullmatch(name):
        return "letters"
    if name.rpartition(".")[2].isdigit():
        return "literal"  # no top-level domain is all digits: this is an address
    return None


def by_preference(hosts: Iterable[MailHost]) -> tuple[str, ...]:
    """Return distinct usable names, most preferred first, equals by name.

    >>> by_preference([MailHost(20, "b.example"), MailHost(5, "c.example"),
    ...                MailHost(5, "a.example"), MailHost(9, "c.example"), MailHost(0, "x")])
    ('a.example', 'c.example', 'b.example')
    """
    ordered = [host.name for host in sorted(hosts)]
    return tuple(dict.fromkeys([name for name in ordered if host_problem(name) is None]))


def is_null_mx(hosts: Iterable[MailHost]) -> bool:
    """Tell whether the only MX is the root: the domain takes no mail (RFC 7505, section 3).

    >>> is_null_mx([MailHost(0, "")]), is_null_mx([MailHost(0, ""), MailHost(10, "a.example")])
    (True, False)
    """
    return {host.name for host in hosts} == {""}


class Route(NamedTuple):
    """What MX hosts tell before any address is known; `reason` where that is enough.

    `names` are the usable ones, most preferred first; `details` become evidence.
    """

    names: tuple[str, ...]
    reason: Reason | None
    details: Mapping[str, object]


def route_of(hosts: tuple[MailHost, ...]) -> Route:
    """Return what MX hosts tell.

    1. The root alone: the domain takes no mail (null MX).
    2. The root beside usable hosts: a domain that refuses mail and names a host for it (RFC 7505,
       section 3, forbids that) is neither condemned nor bothered.
    3. No usable host: no mail route.

    >>> route_of((MailHost(10, "mx.example.com"),)).names
    ('mx.example.com',)
    """
    details: dict[str, object] = {"mx": [list(host) for host in sorted(hosts)[:_SHOWN]]}
    names = by_preference(hosts)
    if is_null_mx(hosts):
        return Route((), Reason.NULL_MX, details)
    if names and _ROOT in {host.name for host in hosts}:
        return Route(names, Reason.NOT_ASKED_POLICY, {**details, "null_mx": "beside"})
    unusable = sorted({word for host in hosts if (word := host_problem(host.name))})
    if unusable:
        details["unusable"] = unusable
    return Route(names, None if names else Reason.NO_MAIL_ROUTE, details)
