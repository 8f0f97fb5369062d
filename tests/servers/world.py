"""A world of real servers in a namespace of its own, and one visit of ours to it.

    unshare --net --mount --pid --fork --kill-child --mount-proc python -m tests.servers.world OUT

Every address is this machine's here and nothing can leave: port 25 and 53, public addresses and
the address guard are as in production. What was found goes into OUT/visit.json, logs beside it.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

import polars as pl

from checks.domain import Nameserver, ResolverSettings, check_domains
from checks.mailbox.guard import refuse_reason
from checks.mailbox.pace import PolicyClock
from checks.mailbox.probe import probe_mailboxes
from checks.mailbox.providers import OTHER
from checks.mailbox.session import Identity
from checks.mailbox.settings import ProbeSettings
from data.reference.providers import load_providers
from data.reference.smtp_replies import load_reply_rules
from sandbox.servers import packages
from sandbox.servers.mailservers import mail_servers
from sandbox.servers.nameservers import name_servers
from tests.servers.recipients import RECIPIENTS
from tests.servers.visit import Findings, Visit
from tests.servers.wiretap import Wiretap

ZONE: Final = Path(packages.__file__).with_name("etc") / "world.zone"
US: Final = "200.1.9.9"
NOW: Final = datetime(2026, 11, 21, tzinfo=UTC)
_NETWORK: Final = (
    "ip link set lo up",
    "ip route add local 0.0.0.0/0 dev lo",
    "ip -6 route add local ::/0 dev lo",
)
_SPEED: Final = 100.0
_LONGEST_WAIT: Final = 1.2


class BriskClock:
    """A policy clock that runs a hundred times as fast, and hurries through long waits.

    A greylist counts real seconds: it must see one pass between two asks, and does.
    """

    jumps = True

    def __init__(self) -> None:
        """Begin at the visit's own time."""
        self._now = NOW.timestamp()

    def now(self) -> float:
        """Return the policy time."""
        return self._now

    async def sleep_until(self, moment: float) -> None:
        """Let the wait pass."""
        await asyncio.sleep(min(max(0.0, moment - self._now) / _SPEED, _LONGEST_WAIT))
        self._now = max(self._now, moment)


def main(out: Path) -> None:
    """Build the world, visit it, and write down what was found."""
    for line in _NETWORK:
        subprocess.run(line.split(), check=True)
    memory = out / "memory"
    memory.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(memory)], check=True)
    with name_servers(ZONE, out, 53), mail_servers(memory, out), Wiretap() as tap:
        found = asyncio.run(_visit(BriskClock()))
    # those who only looked whether a server listens have another address
    talks = [talk for (client, _), talk in tap.talks.items() if client == US]
    Visit(found, [[(one.client, one.text) for one in talk] for talk in talks]).write(out)


async def _visit(clock: PolicyClock) -> Findings:
    """Check domains, then mailboxes, with the product's own settings."""
    people = pl.DataFrame({"address": list(RECIPIENTS)}).with_columns(
        domain=pl.col("address").str.split("@").list.last()
    )
    domains, dns = await check_domains(
        people["domain"],
        settings=ResolverSettings((Nameserver("127.0.0.1"),)),
        guard=partial(refuse_reason, lab_networks=()),
        provider_of=lambda _: OTHER,
        now=NOW,
    )
    known = domains.select("domain", "provider", "mx_hosts", "mx_addresses")
    result = await probe_mailboxes(
        people.join(known, on="domain"),
        ProbeSettings(
            Identity("probe.example.com", "probe@probe.example.com"), source_addresses=(US,)
        ),
        load_providers(),
        load_reply_rules(),
        clock=clock,
        journal=_NoJournal(),
        as_of=NOW,
    )
    return Findings(
        reasons=dict(result.findings.select("address", "reason").iter_rows()),
        evidence=dict(result.findings.select("address", "evidence").iter_rows()),
        domains=dict(domains.select("domain", "reason").iter_rows()),
        degraded=dns.degraded or result.report.degraded,
    )


class _NoJournal:
    """The visit is never taken up again."""

    def intend(self, payload: Mapping[str, object]) -> int:
        """Keep nothing."""
        del payload
        return 0

    def conclude(self, intent: int, payload: Mapping[str, object]) -> int:
        """Keep nothing."""
        del payload
        return intent

    def flush(self) -> None:
        """Do nothing."""


if __name__ == "__main__":
    main(Path(sys.argv[1]))
