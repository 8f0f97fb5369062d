"""How close a night comes to the least time that the policy allows.

    python -m benchmarks.makespan [--load NAME] [--reply 0.05]

The whole engine, planner, conversation and journal, asks sandbox servers under the default policy;
every reply takes `--reply` seconds. Both run on a timelapse loop, so that hours of spacing and
budgets pass in seconds and the machine's speed plays no part. The bound is policy_bound.py's.
What the servers saw is audited: a makespan that breaks a limit is printed as a failure.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Final

import polars as pl

from benchmarks.policy_bound import BUSINESS, CONSUMER, ELSE, Bound, Domain, Row, least_time
from checks.mailbox.probe import ADDRESSES, ProbeResult, probe_mailboxes
from checks.mailbox.providers import Providers
from checks.mailbox.session import Identity
from checks.mailbox.settings import ProbeSettings
from data.journal import Journal
from data.reference.providers import load_providers
from data.reference.smtp_replies import load_reply_rules
from sandbox.audit import audit
from sandbox.internet import Endpoints, internet
from sandbox.journals import read_journals
from sandbox.personality import load_personalities
from sandbox.smtp_farm import Tempo
from sandbox.timelapse import Timelapse, TimelapseClock
from sandbox.world import DomainFate, World

START: Final = 1_795_176_000.0
SEED: Final = 5
PUT_OFF: Final = 360.0  # the first pass after greylisting, of the default settings
ROWS: Final[Mapping[str, Row]] = {"gmail": CONSUMER, "icloud": CONSUMER}
BUSINESSES: Final = ("workspace", "hostinger_titan", "uolhost", "godaddy", "umbler")


@dataclass(frozen=True, slots=True)
class Part:
    """So many domains at one kind of host, each with so many mailboxes of whom a share is gone."""

    host: str
    domains: int
    each: int
    missing: float

    def names(self) -> list[str]:
        """Return the domains' names."""
        if self.host == "gmail":
            return ["gmail.com"]
        return [f"{self.host.replace('_', '-')}-{n}.example" for n in range(self.domains)]


LOADS: Final[Mapping[str, tuple[Part, ...]]] = {
    "many small hosts": (Part("exim", 200, 10, 0.3),),
    "many small hosts, all there": (Part("exim", 200, 10, 0.0),),
    "one big provider, by spacing": (Part("gmail", 1, 2_000, 0.03),),
    "one big provider, by refusals": (Part("gmail", 1, 6_000, 0.06),),
    "one host of many domains": (Part("hostinger_titan", 40, 12, 0.08),),
    "slow hosts": (Part("exchange", 40, 8, 0.25),),
    "greylisting": (Part("postgrey", 100, 8, 0.2),),
    "a mix": (
        Part("gmail", 1, 1_000, 0.04),
        Part("hostinger_titan", 25, 12, 0.08),
        Part("uolhost", 20, 12, 0.08),
        Part("exim", 100, 6, 0.2),
        Part("exchange", 20, 6, 0.2),
        Part("postgrey", 40, 8, 0.2),
    ),
}


class Load:
    """A world, its addresses in the order of asking, and the calculator's view of it."""

    def __init__(self, parts: tuple[Part, ...]) -> None:
        """Draw who exists and who is asked first, by a fixed seed."""
        draw = random.Random(SEED)  # noqa: S311 - a load, not a secret
        self.order: list[str] = []
        self.boxes: dict[str, str] = {}
        fates: dict[str, DomainFate] = {}
        self._hosts: dict[str, str] = {}
        for part in parts:
            for domain in part.names():
                fates[domain] = DomainFate(part.host)
                self._hosts[domain] = part.host
                gone = round(part.missing * part.each)
                states = ["exists"] * (part.each - gone) + ["absent"] * gone
                draw.shuffle(states)
                people = [f"box-{n:05}@{domain}" for n in range(part.each)]
                self.order += people
                self.boxes |= {p: s for p, s in zip(people, states, strict=True) if s == "exists"}
        self.world = World(SEED, fates, self.boxes)

    def frame(self, providers: Providers) -> pl.DataFrame:
        """Return what the engine takes."""
        rows = [
            (
                address,
                domain,
                providers.provider_of(self.world.mx_of(domain)),
                list(self.world.mx_of(domain)),
                list(self.world.addresses_of(domain)),
            )
            for address in self.order
            for domain in [address.partition("@")[2]]
        ]
        frame = pl.DataFrame(rows, schema=ADDRESSES, orient="row")
        return frame.with_row_index("priority").with_columns(pl.col("priority").cast(pl.Float64))

    def domains(self) -> Iterator[Domain]:
        """Yield what the calculator takes."""
        people: dict[str, list[bool]] = {domain: [] for domain in self._hosts}
        for address in self.order:
            people[address.partition("@")[2]].append(address in self.boxes)
        for domain, host in self._hosts.items():
            kind = load_personalities()[host]
            yield Domain(
                owner=host,
                row=ROWS.get(host, BUSINESS if host in BUSINESSES else ELSE),
                address=self.world.addresses_of(domain)[0],
                exists=tuple(people[domain]),
                put_off=PUT_OFF if kind.greylist else 0.0,
                trusted_after=(kind.greylist.after if kind.greylist else 0) or 1 << 30,
                per_refusal=kind.tarpit.per_refusal,
            )


@dataclass(frozen=True, slots=True)
class Night:
    """What one load took: policy seconds from the first connect to the last reply."""

    makespan: float
    verdicts: Counter[str]
    wrong: int
    violations: int
    real_seconds: float


def spend(load: Load, reply: float, folder: Path) -> Night:
    """Ask a load's mailboxes on a timelapse loop."""
    began = time.perf_counter()
    with Timelapse(START) as timelapse:
        result = timelapse.run(ask(load, reply, folder, timelapse.clock, load_providers()))
    seen = read_journals(folder)
    told = dict(result.findings.select("address", "verdict").iter_rows())
    truth = {a: "deliverable" if a in load.boxes else "undeliverable" for a in load.order}
    return Night(
        makespan=seen.select(pl.col("at").max() - START).item(),
        verdicts=Counter(told.values()),
        wrong=sum(told[a] not in {truth[a], "unknown"} for a in load.order),
        violations=audit(seen, load_personalities()).height,
        real_seconds=time.perf_counter() - began,
    )


async def ask(
    load: Load, reply: float, folder: Path, clock: TimelapseClock, providers: Providers
) -> ProbeResult:
    """Ask a load's mailboxes by a table of limits, of servers that keep journals in the folder."""
    tempo = Tempo(io_scale=1.0, reply_delay=reply)
    async with internet(load.world, folder, tempo=tempo, clock=clock) as endpoints:
        with Journal.open(folder / "probe.journal", epoch=1) as journal:
            return await probe_mailboxes(
                load.frame(providers),
                _settings(endpoints),
                providers,
                load_reply_rules(),
                clock=clock,
                journal=journal,
                as_of=datetime(2026, 11, 21, tzinfo=UTC),
            )


def _settings(endpoints: Endpoints) -> ProbeSettings:
    return ProbeSettings(
        Identity(endpoints.helo, endpoints.mail_from),
        port=endpoints.smtp_port,
        lab_networks=tuple(ip_network(network) for network in endpoints.lab_networks),
    )


def show(name: str, night: Night, bound: Bound) -> None:
    """Print one load's line."""
    verdicts = ", ".join(f"{n} {v}" for v, n in sorted(night.verdicts.items()))
    print(
        f"{name:<32}{night.makespan:>10,.1f} s{bound.seconds:>10,.1f} s"
        f"{night.makespan / bound.seconds:>7.2f}  {bound.why}\n"
        f"    {verdicts}; {night.wrong} wrong, {night.violations} limits broken"
        f" ({night.real_seconds:.1f} s here)",
        flush=True,
    )


def main(measure: Callable[[Load, float, Path], Night] = spend) -> None:
    """Measure every load; end with 1 where a limit was broken or a verdict was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--load", choices=sorted(LOADS), help="only this one")
    parser.add_argument("--reply", type=float, default=0.05, help="seconds a reply takes")
    arguments = parser.parse_args()
    print(f"{'load':<32}{'makespan':>12}{'bound':>12}{'ratio':>7}  set by")
    failed = False
    for name, parts in LOADS.items():
        if arguments.load in {None, name}:
            load = Load(parts)
            with tempfile.TemporaryDirectory() as folder:
                night = measure(load, arguments.reply, Path(folder))
            show(name, night, least_time(load.domains(), arguments.reply))
            failed |= bool(night.violations or night.wrong)
    sys.exit(int(failed))


if __name__ == "__main__":
    main()
