"""Mailbox probing against listwash on the same servers, whose every reply takes 50 ms.

    python benchmarks/probing.py --peer PYTHON [--domains 200] [--each 10] [--pause 0.4]

PYTHON is an interpreter that has listwash installed (pip install listwash, an environment of its
own). Both get the same addresses and the same MX, without DNS. The policy is as free as the
peer's, no spacing and no budgets; connections at once are each one's own: 64 threads there, 200
here (--connections). The servers run in a process of their own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Final

import polars as pl

from checks.mailbox.pace import WallClock
from checks.mailbox.probe import ADDRESSES, probe_mailboxes
from checks.mailbox.providers import BudgetScope, Limits, Providers
from checks.mailbox.session import Identity
from checks.mailbox.settings import ProbeSettings
from data.reference.providers import load_providers
from data.reference.smtp_replies import load_reply_rules
from sandbox.internet import Endpoints, internet
from sandbox.journals import read_journals
from sandbox.smtp_farm import Tempo
from sandbox.world import DomainFate, World

REPLY_DELAY: Final = 0.05
HOST: Final = "exim"  # a server of its own for every domain
CATCH_ALL_EVERY: Final = 10

PEER: Final = """
import json, smtplib, sys, time
from listwash import verify
plan = json.load(sys.stdin)
connect = smtplib.SMTP.connect
smtplib.SMTP.connect = lambda self, host, port=25: connect(self, host, plan["port"])
class Mx:
    preference = 10
    def __init__(self, ip): self.exchange = ip
class Resolver:
    def resolve(self, domain, kind): return [Mx(plan["mx"][domain])]
began = time.perf_counter()
told = verify(plan["addresses"], helo=plan["helo"], mail_from=plan["mail_from"], workers=64,
    resolver=Resolver(), cache_path=plan["cache"], fresh=True, pause=plan["pause"],
    disposable=set())
seconds = time.perf_counter() - began
json.dump({"seconds": seconds, "verdicts": {a: r["verdict"] for a, r in told.items()}}, sys.stdout)
"""


class NoJournal:
    """Keeps nothing: the peer does not either."""

    def intend(self, payload: Mapping[str, object]) -> int:  # noqa: ARG002  a journal's shape
        """Forget a payload."""
        return 0

    def conclude(self, intent: int, payload: Mapping[str, object]) -> int:  # noqa: ARG002
        """Forget a payload."""
        return intent

    def flush(self) -> None:
        """Do nothing."""


def make_world(domains: int, each: int) -> World:
    """Return domains of which one in ten accepts all; of ten mailboxes seven exist."""
    fates = {
        f"d{n}.example": DomainFate(HOST, accepts_all=n % CATCH_ALL_EVERY == 0)
        for n in range(domains)
    }
    boxes = {f"box-{n}@{domain}": "exists" for domain in fates for n in range(each) if n % 10 < 7}
    return World(seed=1, domains=fates, mailboxes=boxes)


async def serve(world: World, folder: Path) -> None:
    """Serve the world until standard input closes."""
    async with internet(world, folder, tempo=Tempo(reply_delay=REPLY_DELAY)) as endpoints:
        print(endpoints.to_json(), flush=True)
        await asyncio.to_thread(sys.stdin.read)


@contextmanager
def servers(arguments: argparse.Namespace, folder: Path) -> Iterator[Endpoints]:
    """Run the servers in a process of their own."""
    sizes = ["--domains", str(arguments.domains), "--each", str(arguments.each)]
    command = [sys.executable, __file__, "--serve", str(folder), *sizes]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as child:
        yield Endpoints.from_json((child.stdout or sys.stdin).readline())
        if child.stdin is not None:
            child.stdin.close()


def free_providers(at_once: int) -> Providers:
    """Return the provider table with the peer's freedom, so many connections at once."""
    table, many = load_providers(), 1_000_000
    free = Limits(
        recipients_per_session=100,
        refusals_per_session=100,
        connections_per_address=at_once,
        connections_per_network=at_once,
        connections_per_provider=0,
        refusals_per_hour=many,
        refusals_per_day=many,
        budget_scope=BudgetScope.ADDRESS,
        unknown_share=1.0,
        unknown_share_min=many,
    )
    freed = {name: replace(p, limits=free) for name, p in table.by_name.items()}
    return Providers(freed, replace(table.courtesy, spacing=0.0, connections=at_once))


def ask_ours(
    world: World,
    addresses: list[str],
    endpoints: Endpoints,
    at_once: int,
) -> dict[str, str]:
    """Return our verdicts."""
    rows = [
        (a, d, "other", list(world.mx_of(d)), list(world.addresses_of(d)))
        for a in addresses
        for d in [a.partition("@")[2]]
    ]
    settings = ProbeSettings(
        Identity(endpoints.helo, endpoints.mail_from),
        port=endpoints.smtp_port,
        lab_networks=tuple(ip_network(network) for network in endpoints.lab_networks),
    )
    result = asyncio.run(
        probe_mailboxes(
            pl.DataFrame(rows, schema=ADDRESSES, orient="row"),
            settings,
            free_providers(at_once),
            load_reply_rules(),
            clock=WallClock(),
            journal=NoJournal(),
            as_of=datetime(2026, 11, 21, tzinfo=UTC),
        ),
    )
    return dict(result.findings.select("address", "verdict").iter_rows())


def ask_peer(
    arguments: argparse.Namespace,
    world: World,
    addresses: list[str],
    endpoints: Endpoints,
) -> tuple[float, dict[str, str]]:
    """Return the peer's seconds, without its start, and its verdicts."""
    plan = {
        "addresses": addresses,
        "mx": {domain: world.addresses_of(domain)[0] for domain in world.domains},
        "port": endpoints.smtp_port,
        "helo": endpoints.helo,
        "mail_from": endpoints.mail_from,
        "pause": arguments.pause,
        "cache": str(Path(endpoints.journal) / "peer-cache.json"),
    }
    told = subprocess.run(
        [arguments.peer, "-c", PEER],
        input=json.dumps(plan),
        capture_output=True,
        text=True,
        check=True,
    )
    answer = json.loads(told.stdout)
    return answer["seconds"], answer["verdicts"]


def connections(folder: Path) -> int:
    """Return how many connections the servers saw."""
    return read_journals(folder).filter(pl.col("event") == "connect").height


def show(name: str, seconds: float, folder: Path, verdicts: dict[str, str]) -> None:
    """Print one line of the comparison."""
    counts = ", ".join(f"{v} {n}" for v, n in sorted(Counter(verdicts.values()).items()))
    print(f"{name:10} {seconds:7.2f} s {connections(folder):5} connections   {counts}")


def main() -> None:
    """Serve, or measure both and print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer", default=sys.executable)
    parser.add_argument("--domains", type=int, default=200)
    parser.add_argument("--each", type=int, default=10)
    parser.add_argument("--pause", type=float, default=0.4, help="the peer's own default")
    parser.add_argument("--connections", type=int, default=200, help="ours at once")
    parser.add_argument("--serve", type=Path, help="be the servers, for the other process")
    arguments = parser.parse_args()
    world = make_world(arguments.domains, arguments.each)
    if arguments.serve:
        asyncio.run(serve(world, arguments.serve))
        return
    addresses = [f"box-{n}@{domain}" for domain in world.domains for n in range(arguments.each)]
    with tempfile.TemporaryDirectory() as root:
        ours, peer = Path(root, "ours"), Path(root, "peer")
        with servers(arguments, ours) as endpoints:
            began = time.perf_counter()
            verdicts = ask_ours(world, addresses, endpoints, arguments.connections)
            seconds = time.perf_counter() - began
            show("entrega", seconds, ours, verdicts)
        with servers(arguments, peer) as endpoints:
            theirs, verdicts = ask_peer(arguments, world, addresses, endpoints)
            show("listwash", theirs, peer, verdicts)
    print(f"ratio {theirs / seconds:.1f}")


if __name__ == "__main__":
    main()
