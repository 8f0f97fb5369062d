"""Domains judged per core-second, against dnspython's own asyncresolver on the same server.

    python benchmarks/domain.py [--domains 5000]

Both ask the sandbox's DNS server, in a process of its own, 100 questions at once. The peer does
what most scripts do: MX, then A of the first host, with dnspython's cache. Ours also asks controls
and every condemning answer twice. A core-second is a second of the client's CPU time.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

import dns.asyncresolver
import dns.exception
import dns.resolver
import polars as pl

from checks.domain import Nameserver, ResolverSettings, check_domains
from sandbox.dns_server import DnsServer, Responder
from sandbox.zone import Zone

CONCURRENCY: Final = 100
GONE_EVERY: Final = 20
DOMAINS_PER_HOST: Final = 10
CONTROLS: Final = ("control-a.example", "control-b.example")


def _zone(domains: int) -> Zone:
    """Return `domains` domains, one in twenty missing, ten on each pair of mail hosts."""
    records: dict[str, dict[str, list[str]]] = {}
    for number in range(domains):
        host = f"h{number // DOMAINS_PER_HOST}.host.example"
        if number % GONE_EVERY:
            mx = [f"10 mx1.{host}.", f"20 mx2.{host}."]
            records[f"d{number}.example"] = {"MX": mx}
        for place in (1, 2):
            records[f"mx{place}.{host}"] = {"A": [f"200.1.{place}.{number % 250}"]}
    for name in CONTROLS:
        records[name] = {"MX": [f"10 mx.{name}."]}
    return Zone(records, {})


async def _serve(domains: int) -> None:
    server = DnsServer(Responder(_zone(domains)))
    print(await server.start(), flush=True)
    await asyncio.Event().wait()


@contextmanager
def _server(domains: int) -> Iterator[int]:
    command = [sys.executable, __file__, "--serve", "--domains", str(domains)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield int(next(iter(process.stdout or ())))
        finally:
            process.kill()


async def _ours(port: int, names: list[str]) -> int:
    settings = ResolverSettings(
        (Nameserver("127.0.0.1", port),),
        positive_controls=CONTROLS,
        concurrency=CONCURRENCY,
    )
    frame, _ = await check_domains(
        pl.Series(names),
        settings=settings,
        guard=lambda _: None,
        provider_of=lambda _: "other",
        now=datetime(2026, 11, 21, tzinfo=UTC),
    )
    return frame["reason"].null_count()


async def _peer(port: int, names: list[str]) -> int:
    resolver = dns.asyncresolver.Resolver(configure=False)
    resolver.nameservers = ["127.0.0.1"]
    resolver.port = port
    resolver.cache = dns.resolver.LRUCache(100_000)
    waiting = iter(names)
    found = 0

    async def work() -> None:
        nonlocal found
        for name in waiting:
            try:
                answer = await resolver.resolve(name, "MX")
                best = min(answer, key=lambda record: record.preference)
                await resolver.resolve(best.exchange, "A")
            except dns.exception.DNSException:
                continue
            found += 1

    async with asyncio.TaskGroup() as workers:
        for _ in range(CONCURRENCY):
            workers.create_task(work())
    return found


def _measure(
    label: str,
    run: Callable[[int, list[str]], Coroutine[None, None, int]],
    port: int,
    names: list[str],
) -> float:
    wall, core = time.perf_counter(), time.process_time()
    found = asyncio.run(run(port, names))
    wall, core = time.perf_counter() - wall, time.process_time() - core
    rate = len(names) / core
    print(f"{label:<14} {len(names) / wall:8.0f} /s {rate:8.0f} /core-s  {found} take mail")
    return rate


def main() -> None:
    """Serve, or measure both and print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--domains", type=int, default=5000)
    parser.add_argument("--serve", action="store_true", help="be the server, for the other process")
    arguments = parser.parse_args()
    if arguments.serve:
        asyncio.run(_serve(arguments.domains))
        return
    names = [f"d{number}.example" for number in range(arguments.domains)]
    with _server(arguments.domains) as port:
        peer = _measure("asyncresolver", _peer, port, names)
        ours = _measure("entrega", _ours, port, names)
    print(f"ratio {ours / peer:.2f}")


if __name__ == "__main__":
    main()
