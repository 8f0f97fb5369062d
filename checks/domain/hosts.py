"""Which names may be mail hosts: a stranger writes them, and they reach logs and reports."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from checks.domain.model import MailHost

_LABEL: Final = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
# The underscore is no letter of host names (RFC 1123, section 2.1), but hosters use it.
_HOST: Final = re.compile(rf"(?:{_LABEL}\.)+{_LABEL}")
_LOCAL_NAMES: Final = (".localhost", ".invalid", ".local", ".localdomain")
_LONGEST: Final = 253


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
