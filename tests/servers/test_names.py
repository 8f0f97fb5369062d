"""The domain check against a real Unbound with a real NSD behind it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from functools import partial

import polars as pl
import pytest

from checks.domain import DomainReport, Nameserver, ResolverSettings, Trust, check_domains
from checks.mailbox.guard import refuse_reason
from sandbox.servers.nameservers import NameServers

pytestmark = pytest.mark.servers

# Domain, reason (None: it takes mail), the addresses that may be dialled.
TABLE: list[tuple[str, str | None, list[str]]] = [
    ("postfix.example", None, ["200.1.1.25"]),
    ("implicit.example", None, ["200.1.8.1"]),  # no MX: the domain itself (RFC 5321 5.1)
    ("six.example", None, ["2001:1388::1"]),
    ("alias.example", None, ["200.1.8.2"]),  # the MX is an alias: not allowed, common, followed
    ("moved.example", None, ["200.1.8.2"]),  # the domain is an alias of another
    ("large.example", None, ["200.1.8.3"]),  # truncated over UDP, whole over TCP
    ("both.example", "not_asked_policy", []),  # a null MX beside others must not stand (RFC 7505 3)
    ("any.wild.example", None, ["200.1.8.2"]),  # a wildcard, as hosters set them
    ("nowhere.example", "no_such_domain", []),
    ("gone.example", "no_such_domain", []),  # an alias of a name that does not exist
    ("literal.example", "no_mail_route", []),  # its MX is an address where a name must stand
    ("null.example", "null_mx", []),
    ("nodata.example", "no_mail_route", []),
    ("ghosts.example", "no_mail_route", []),  # every MX is a name that does not exist
    ("inside.example", "not_asked_policy", []),  # its MX leads into our own network
    ("bogus.example", "dns_servfail", []),  # fails DNSSEC validation
    ("loop.example", "dns_servfail", []),  # aliases in a circle
    ("refused.example", "dns_servfail", []),
    ("lame.example", "dns_timeout", []),  # delegated to a server that nobody runs
]

Checked = tuple[dict[str, tuple[str | None, list[str]]], DomainReport]


def _check(at: NameServers, names: list[str], port: int | None = None) -> Checked:
    """Check names with default settings by the real resolver, or by what is at another port."""
    host, real = at.resolver
    frame, report = asyncio.run(
        check_domains(
            pl.Series("domain", names, dtype=pl.String),
            settings=ResolverSettings((Nameserver(host, port or real),)),
            guard=partial(refuse_reason, lab_networks=()),
            provider_of=lambda _: "other",
            now=datetime(2026, 11, 21, tzinfo=UTC),
        )
    )
    rows = frame.select("domain", "reason", "mx_addresses").iter_rows()
    return {domain: (reason, addresses or []) for domain, reason, addresses in rows}, report


@pytest.fixture(scope="module")
def told(resolver: NameServers) -> Checked:
    """Return what the check says of the whole table, asked once."""
    return _check(resolver, [domain for domain, _, _ in TABLE])


@pytest.mark.parametrize(("domain", "reason", "addresses"), TABLE, ids=str)
def test_a_domain_is_judged_right(
    told: Checked, domain: str, reason: str | None, addresses: list[str]
) -> None:
    assert told[0][domain] == (reason, addresses)


def test_a_real_resolver_passes_its_controls(told: Checked) -> None:
    assert told[1].degraded is None
    assert {one.trust for one in told[1].controls} == {Trust.TRUSTED}


def test_a_resolver_that_is_gone_condemns_nobody(resolver: NameServers) -> None:
    said, report = _check(resolver, ["nowhere.example", "postfix.example"], port=1)
    assert {reason for reason, _ in said.values()} == {"resolver_untrusted"}
    assert report.degraded is not None
