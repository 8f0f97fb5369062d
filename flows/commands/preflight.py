"""`entrega preflight`: whether this host is fit to ask mail servers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from checks.domain import Nameserver, Trust
from checks.domain.check import random_label
from checks.domain.controls import control
from checks.errors import SettingError
from checks.host import Asks, Check, Greeting, Lookup, Names, examine_host, greet, is_fit
from checks.host.blocklists import (
    TEST_CLEAR,
    TEST_LISTED,
    Listing,
    blocklist_lookup,
    judge_listing,
)
from checks.host.fitness import port_check, proxy_check, resolver_checks
from checks.host.names import drive, lookup_with
from checks.host.spf import SpfResult, evaluate_spf
from checks.mailbox.guard import refuse_reason
from checks.mailbox.proxy import ProxyError
from flows.configuration import load_settings
from flows.outcome import DEGRADED
from flows.proxy import proxy_of
from flows.settings import Settings, SmtpSettings
from flows.stages.domains import lab_networks, nameservers_of, resolver_settings
from flows.stages.mailboxes import deadlines, probe_settings

HOSTS_TRIED = 3
SILENT = Listing.SILENT


def run_preflight(config: Path | None, *, as_json: bool) -> int:
    """Print a line for each check; return 0 where the host is fit, 5 where it is not."""
    settings = load_settings(config)
    smtp = settings.smtp
    if not (smtp.helo and smtp.mail_from):
        problem = "[smtp] helo and mail_from are not set: there is no identity to examine"
        raise SettingError(problem, "write this host's name and a mailbox of yours there")
    probe_settings(settings)  # refuses an identity that could not be sent
    nameservers = nameservers_of(settings.dns)
    if not nameservers:
        problem = "no nameserver is known"
        raise SettingError(problem, "write one under [dns] nameservers")
    checks = asyncio.run(examine(settings, nameservers))
    fit = is_fit(checks)
    if as_json:
        print(json.dumps({"fit": fit, "checks": [asdict(check) for check in checks]}))
    else:
        for check in checks:
            remedy = f"; {check.remedy}" if check.remedy else ""
            print(f"{check.level.value:<5}{check.name:<10} {check.sentence}{remedy}")
        print("this host is fit to ask" if fit else "this host is not fit to ask yet")
    return 0 if fit else DEGRADED


async def examine(settings: Settings, nameservers: Sequence[Nameserver]) -> list[Check]:
    """Return every check; a resolver that cannot be believed ends it, for the rest hangs on it."""
    resolver = resolver_settings(settings, tuple(nameservers))
    controls = await asyncio.gather(
        *(control(server, resolver, random_label) for server in nameservers)
    )
    checks = resolver_checks(controls)
    believed = [one.nameserver for one in controls if one.trust is Trust.TRUSTED]
    if not believed:
        return checks
    ask = lookup_with(believed, settings.dns.timeout * 2)
    try:
        greetings = [
            await _greeting(settings, ask, source)
            for source in settings.smtp.source_addresses or ("",)
        ]
    except ProxyError as error:
        greetings, ways = [], [proxy_check(str(error))]
    else:
        ways = [port_check(each, settings.smtp.port) for each in greetings]
    greeting = next(filter(None, greetings), None)
    names = await _names(settings.smtp, ask, greeting)
    helo, mail_from = settings.smtp.helo, settings.smtp.mail_from
    return [*checks, *ways, *examine_host(names, helo, mail_from)]


async def _greeting(settings: Settings, ask: Asks, source: str) -> Greeting | None:
    """Return the greeting of a control domain's mail server, of the first that lets us connect."""
    smtp = settings.smtp
    for domain in settings.dns.positive_controls:
        hosts = await ask(Lookup(domain, "MX")) or ()
        found = [await ask(Lookup(host, "A")) or () for host in hosts[:HOSTS_TRIED]]
        allowed = [
            ip
            for addresses in found
            for ip in addresses[:1]
            if refuse_reason(ip, lab_networks(smtp)) is None
        ]
        greeting = await greet(allowed, smtp.port, deadlines(smtp), source, proxy_of(smtp))
        if greeting is not None:
            return greeting
    return None


async def _names(smtp: SmtpSettings, ask: Asks, greeting: Greeting | None) -> Names:
    """Look up what DNS says of our own addresses.

    1. `[smtp] source_addresses` name them. 2. Else it is the one that the connection came from.
    3. That one is private (a translator stands before us), or there was no connection: those that
    HELO leads to, and their PTR and SPF are examined in its place. In a lab every address is as
    good as another.
    """
    helo = await ask(Lookup(smtp.helo, "A"))
    own = smtp.source_addresses or ((greeting.own,) if greeting and greeting.own else ())
    if any(":" in ip for ip in own):
        helo = None if helo is None else (*helo, *(await ask(Lookup(smtp.helo, "AAAA")) or ()))
    private = any(refuse_reason(ip, ()) for ip in own) and not smtp.lab_networks
    if private or not own:
        own = helo or ()
    domain = smtp.mail_from.rpartition("@")[2]
    spf: dict[str, SpfResult] = {}
    for ip in own:
        spf[ip] = await drive(evaluate_spf(domain, ip), ask)
    listings = {ip: await _listings(ip, smtp.blocklists, ask) for ip in own}
    silent = {zone for found in listings.values() for zone, says in found if says is SILENT}
    return Names(
        own=tuple(own),
        helo=helo,
        reverse={ip: await ask(Lookup(ip, "PTR")) for ip in own},
        spf=spf,
        listed={
            ip: tuple(zone for zone, says in found if says is Listing.LISTED)
            for ip, found in listings.items()
            if any(says is not SILENT for _, says in found)
        },
        silent=tuple(sorted(silent)),
        sender=await _takers(domain, ask),
        translated=private,
    )


async def _listings(ip: str, zones: Sequence[str], ask: Asks) -> list[tuple[str, Listing]]:
    """Ask each list for an address and for its two test entries."""
    found = []
    for zone in zones:
        wanted = (blocklist_lookup(zone, each) for each in (ip, TEST_LISTED, TEST_CLEAR))
        found.append((zone, judge_listing(*[await ask(each) for each in wanted])))
    return found


async def _takers(domain: str, ask: Asks) -> tuple[str, ...] | None:
    """Return who takes a domain's mail: MX hosts, else its addresses (RFC 5321, section 5.1)."""
    hosts = await ask(Lookup(domain, "MX"))
    if hosts:
        return tuple(host for host in hosts if host.strip("."))  # a null MX has no name (RFC 7505)
    return hosts if hosts is None else await ask(Lookup(domain, "A"))
