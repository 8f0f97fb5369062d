"""One domain for every personality and every DNS fate: a small world for tests and for looking.

`gmail.zoo.example` is hosted like Gmail, `cpanel-shared.zoo.example` like a cPanel server, and so
on; each has the mailboxes exists@, exists2@ ... exists40@, full@ and disabled@, and no other.
`servfail.dns.zoo.example` and its like show what DNS can suffer from; `all.<name>.zoo.example`
accepts every recipient.
"""

from __future__ import annotations

from typing import Final

from sandbox.personality import load_personalities
from sandbox.world import DomainFate, World

DNS_FATES: Final = (
    "a_fallback",
    "mx_ip_literal",
    "mx_missing",
    "mx_timeout",
    "mx_to_localhost",
    "mx_to_metadata",
    "no_listener",
    "no_mx",
    "null_mx",
    "refused",
    "servfail",
)
"""Every DNS fate but ok, and nxdomain, which every name outside the zoo has."""

_LIVING: Final = 40


def zoo_domain(personality: str) -> str:
    """Return the domain that a personality hosts in the zoo.

    >>> zoo_domain("cpanel_shared")
    'cpanel-shared.zoo.example'
    """
    return f"{personality.replace('_', '-')}.zoo.example"


def zoo(seed: int = 1) -> World:
    """Return the world of the zoo."""
    domains = {zoo_domain(name): DomainFate(name) for name in load_personalities()}
    del domains[zoo_domain("tripwire")]
    for name in ("cpanel_shared", "locaweb", "m365", "postfix", "workspace"):
        domains[f"all.{zoo_domain(name)}"] = DomainFate(name, accepts_all=True)
    for fate in DNS_FATES:
        domains[f"{fate.replace('_', '-')}.dns.zoo.example"] = DomainFate("postfix", fate)
    mailboxes: dict[str, str] = {}
    for domain in domains:
        mailboxes |= {f"full@{domain}": "full", f"disabled@{domain}": "disabled"}
        mailboxes[f"exists@{domain}"] = "exists"
        mailboxes |= {f"exists{i}@{domain}": "exists" for i in range(2, _LIVING + 1)}
    return World(seed=seed, domains=domains, mailboxes=mailboxes)
