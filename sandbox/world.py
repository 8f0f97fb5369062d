"""The world that servers play: domains, mailboxes and the addresses they live at."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from sandbox.draws import fate
from sandbox.market import read_table
from sandbox.personality import Personality, load_personalities
from sandbox.portfolio import Truth, read_truth


@dataclass(frozen=True, slots=True)
class DomainFate:
    """Who hosts a domain, what its DNS suffers from, whether every recipient is accepted.

    `dns` is ok, or one of markets.toml's faults: nxdomain, servfail, mx_timeout, null_mx, no_mx,
    mx_missing, mx_to_localhost, mx_to_metadata, mx_ip_literal, a_fallback, no_listener.
    """

    host: str
    dns: str = "ok"
    accepts_all: bool = False


def canonical(address: str) -> str:
    """Return the mailbox an address leads to: lower case, without tag; Gmail without dots.

    >>> canonical("Ana.Lima+contas@Gmail.com")
    'analima@gmail.com'
    """
    local, _, domain = address.lower().rpartition("@")
    local = local.partition("+")[0]
    if domain == "gmail.com":
        local = local.replace(".", "")
    return f"{local}@{domain}"


@dataclass(frozen=True)
class World:
    """Everything servers need to know; `mailboxes` maps canonical addresses to states.

    States are exists, full, disabled and absent; an address that is not in the map is absent.
    """

    seed: int
    domains: Mapping[str, DomainFate]
    mailboxes: Mapping[str, str]
    faults: Mapping[str, float] = field(default_factory=dict)  # as in markets.toml; none: no faults
    served_at: Mapping[str, str] = field(init=False)  # address of a spread host -> its domain
    _places: Mapping[str, int] = field(init=False, repr=False)  # of domains in their host's pool

    def __post_init__(self) -> None:
        """Give every domain of a spread host a server, in turn; the first domain names it."""
        places: dict[str, int] = {}
        served: dict[str, str] = {}
        counts: Counter[str] = Counter()
        for domain in sorted(self.domains):
            host = load_personalities()[self.domains[domain].host]
            if host.spread:
                pool = host.address_pool()
                places[domain] = counts[host.name] % len(pool)
                counts[host.name] += 1
                served.setdefault(pool[places[domain]], domain)
        object.__setattr__(self, "served_at", served)
        object.__setattr__(self, "_places", places)

    def host_of(self, domain: str) -> Personality | None:
        """Return the personality that hosts a domain; None for one that does not exist."""
        found = self.domains.get(domain)
        return None if found is None else load_personalities()[found.host]

    def mx_of(self, domain: str) -> tuple[str, ...]:
        """Return the host names that stand in a domain's MX records, best first."""
        host = self.host_of(domain)
        return () if host is None else tuple(named(name, domain, self.seed) for name in host.mx)

    def addresses_of(self, domain: str) -> tuple[str, ...]:
        """Return the addresses of a domain's first MX host."""
        return self.addresses_of_mx(domain, 0)

    def addresses_of_mx(self, domain: str, place: int) -> tuple[str, ...]:
        """Return where a domain's MX name at `place` leads.

        A spread host has one server a domain, as long as its pool lasts. A shared host deals its
        addresses out to its names; names that belong to one domain get two of them.
        """
        host = load_personalities()[self.domains[domain].host]
        pool = host.address_pool()
        if host.spread:
            return (pool[self._places[domain]],)
        if "{" in host.mx[place]:
            start = zlib.crc32(f"{domain}/{place}".encode()) % len(pool)
            return tuple(dict.fromkeys((pool[start], pool[(start + 1) % len(pool)])))
        share = pool[place :: len(host.mx)]
        return share or (pool[place % len(pool)],)

    def used_addresses(self) -> list[str]:
        """Return every address that must listen, sorted."""
        used: set[str] = set()
        for domain, known in self.domains.items():
            host = load_personalities()[known.host]
            if host.listens and known.dns != "no_listener":
                for place in range(len(host.mx)):
                    used.update(self.addresses_of_mx(domain, place))
        return sorted(used)


def named(template: str, domain: str, seed: int) -> str:
    """Fill a host name's template for a domain.

    >>> named("{label}.mail.protection.outlook.com", "acme.example", 1)
    'acme-example.mail.protection.outlook.com'
    """
    token = f"{int(fate(seed, 'name', domain) * 16**5):05x}"
    return template.format(domain=domain, label=domain.replace(".", "-"), token=token)


def world_of(truth: Truth, seed: int) -> World:
    """Return the world of a portfolio's truth; further domains can be laid over it."""
    domains = {
        domain: DomainFate(host, dns, accepts_all)
        for domain, host, dns, accepts_all in truth.domains.select(
            "domain", "host", "dns", "accepts_all"
        ).iter_rows()
        if dns != "nxdomain"
    }
    faults = read_table("markets.toml")["faults"]
    return World(seed, domains, _states(truth.addresses), faults)


def _states(addresses: pl.DataFrame) -> dict[str, str]:
    routed = addresses.filter(pl.col("mailbox").is_in(["exists", "full", "disabled"]))
    return {
        canonical(address): state
        for address, state in routed.select("address", "mailbox").iter_rows()
    }


def merged(worlds: Iterable[World]) -> World:
    """Lay several worlds over each other; the first one's seed, faults and facts win."""
    first, *others = worlds
    domains, mailboxes = dict(first.domains), dict(first.mailboxes)
    for other in others:
        domains = {**other.domains, **domains}
        mailboxes = {**other.mailboxes, **mailboxes}
    return World(first.seed, domains, mailboxes, first.faults)


def read_world(folder: Path, seed: int) -> World:
    """Return the world of a portfolio that was written to `folder`."""
    return world_of(read_truth(folder), seed)
