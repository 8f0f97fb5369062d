"""Whether each distinct domain takes mail, and who runs its mailboxes."""

from __future__ import annotations

import asyncio
from functools import partial
from ipaddress import IPv4Network, IPv6Network, ip_network

import polars as pl

from checks import domain
from checks.domain import DomainReport, Nameserver, ResolverSettings, Sockets
from checks.errors import SettingError
from checks.frames import DOMAINS, empty
from checks.mailbox.guard import refuse_reason
from data.reference.providers import load_providers
from flows.clocks import policy_clock
from flows.run import Run
from flows.settings import DnsSettings, Settings, SmtpSettings

DNS_PORT = 53


def check_domains(run: Run) -> None:
    """Ask DNS about every domain of the run that the cache does not know for certain."""
    settings = run.plan.settings
    nameservers = nameservers_of(settings.dns)
    if not settings.dns.enabled or not nameservers:
        run.remember("domains", {"asked": False})
        run.commit("check_domains", {})
        return
    found, report = asyncio.run(_ask(run, nameservers))
    if report.degraded and not settings.dns.nameservers:
        # A resolver of the user's choosing that fails is a fault (exit 5). A machine without a
        # usable one is not: everything but DNS is useful without it, as if DNS were switched off.
        run.note("domains", [f"domains were not asked: {report.degraded}"])
        found = empty(DOMAINS)
    elif report.degraded:
        run.warn("domains", [report.degraded])
    run.warehouse.remember_domains(found)
    run.remember(
        "domains",
        {
            "asked": found.height > 0,
            "queries": report.queries,
            "cached": report.cached,
            "controls": [control.sentence for control in report.controls],
        },
    )
    run.commit("check_domains", {"domains": found})


async def _ask(run: Run, nameservers: tuple[Nameserver, ...]) -> tuple[pl.DataFrame, DomainReport]:
    settings = run.plan.settings
    async with policy_clock(settings.smtp) as clock:
        now = clock.moment()
    return await domain.check_domains(
        run.read("syntax")["domain"],
        settings=resolver_settings(settings, nameservers),
        guard=partial(refuse_reason, lab_networks=lab_networks(settings.smtp)),
        provider_of=load_providers().provider_of,
        now=now,
        cache=run.warehouse.domain_cache(),
    )


def resolver_settings(settings: Settings, nameservers: tuple[Nameserver, ...]) -> ResolverSettings:
    """Return how patiently DNS is asked."""
    dns = settings.dns
    return ResolverSettings(
        nameservers=nameservers,
        positive_controls=dns.positive_controls,
        concurrency=dns.concurrency,
        waits=(dns.timeout / 2, dns.timeout, dns.timeout * 1.5),
        sockets=Sockets(dns.sockets),
    )


def lab_networks(settings: SmtpSettings) -> tuple[IPv4Network | IPv6Network, ...]:
    """Return the networks that the address guard lets pass; checked when settings are loaded."""
    return tuple(ip_network(text) for text in settings.lab_networks)


def nameservers_of(settings: DnsSettings) -> tuple[Nameserver, ...]:
    """Return the nameservers of `[dns]`, or those of the system; empty where it has none."""
    if settings.nameservers:
        return tuple(_parse(text) for text in settings.nameservers)
    from dns.resolver import NoResolverConfiguration, Resolver

    try:
        system = Resolver().nameservers
    except (NoResolverConfiguration, OSError):
        return ()
    return tuple(Nameserver(str(address), DNS_PORT) for address in system)


def _parse(text: str) -> Nameserver:
    host, _, port = text.rpartition(":") if text.count(":") == 1 or "]:" in text else (text, "", "")
    try:
        return Nameserver(host.strip("[]"), int(port or DNS_PORT))
    except ValueError:
        problem = f"[dns] nameservers: '{text}' is not host or host:port"
        raise SettingError(problem, "write e.g. '127.0.0.1' or '127.0.0.1:5353'") from None
