"""Domains judged per core-second of the client, against dnspython's asyncresolver and dnsperf.

    python benchmarks/domain.py [--domains 20000] [--rounds 3] [--nsd PATH] [--dnsperf PATH]

All ask the same server in the same run, 100 questions at once, each in a process of its own: NSD
where there is one (Debian's package, on the path or by --nsd), else the sandbox's DNS server.
dnspython does what most scripts do: MX, then A of the first host, with its cache. Ours asks A of
every host, controls, and every condemning answer twice, and ends with the frame and its evidence.
dnsperf sends the MX questions and reads the header of what comes: the ceiling of any client. A
core-second is a second of the client's own CPU time, user and system.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from socket import AF_INET, SOCK_DGRAM, socket
from statistics import median
from typing import Final

import dns.asyncresolver
import dns.exception
import dns.resolver
import polars as pl

from checks.domain import Nameserver, ResolverSettings, Sockets, check_domains
from sandbox.dns_server import DnsServer, Responder
from sandbox.zone import Records, Zone

CONCURRENCY: Final = 100
GONE_EVERY: Final = 20
DOMAINS_PER_HOST: Final = 10
CONTROLS: Final = ("control-a.example", "control-b.example")
START_SECONDS: Final = 20

_NSD_CONFIGURATION: Final = """
server:
  ip-address: 127.0.0.1@{port}
  username: ""
  database: ""
  pidfile: "{folder}/nsd.pid"
  xfrdfile: "{folder}/xfrd.state"
  zonelistfile: "{folder}/zone.list"
  zonesdir: "{folder}"
  minimal-responses: yes
  rrl-ratelimit: 0
remote-control:
  control-enable: no
zone:
  name: example
  zonefile: example.zone
"""
_ZONE_HEAD: Final = "$ORIGIN .\n$TTL 300\nexample. SOA ns.example. root.example. 1 2 3 4 60\n"


def records_of(domains: int) -> dict[str, Records]:
    """Return `domains` domains, one in twenty missing, ten on each pair of mail hosts."""
    records: dict[str, Records] = {name: {"MX": [f"10 mx.{name}."]} for name in CONTROLS}
    for number in range(domains):
        host = f"h{number // DOMAINS_PER_HOST}.host.example"
        if number % GONE_EVERY:
            records[f"d{number}.example"] = {"MX": [f"10 mx1.{host}.", f"20 mx2.{host}."]}
        for place in (1, 2):
            records[f"mx{place}.{host}"] = {"A": [f"200.1.{place}.{number // 10 % 250}"]}
    return records


@contextmanager
def _nsd(program: str, domains: int) -> Iterator[int]:
    """Serve the zone by NSD; yield its port."""
    with socket(AF_INET, SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    lines = [
        f"{name}. {kind} {value}\n"
        for name, kinds in records_of(domains).items()
        for kind, values in kinds.items()
        for value in values
    ]
    with tempfile.TemporaryDirectory() as folder:
        zone = f"{_ZONE_HEAD}example. NS ns.example.\nns.example. A 127.0.0.1\n{''.join(lines)}"
        Path(folder, "example.zone").write_text(zone, encoding="ascii")
        configuration = Path(folder, "nsd.conf")
        text = _NSD_CONFIGURATION.format(port=port, folder=folder)
        configuration.write_text(text, encoding="ascii")
        with subprocess.Popen([program, "-d", "-c", configuration]) as process:
            try:
                _wait_for(port)
                yield port
            finally:
                process.terminate()


def _wait_for(port: int) -> None:
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], port
    resolver.lifetime = START_SECONDS
    resolver.resolve(CONTROLS[0], "MX")


async def _serve(domains: int) -> None:
    server = DnsServer(Responder(Zone(records_of(domains), {})))
    print(await server.start(), flush=True)
    await asyncio.Event().wait()


@contextmanager
def _sandbox(domains: int) -> Iterator[int]:
    """Serve the zone by the sandbox's server in a process of its own; yield its port."""
    command = [sys.executable, __file__, "--serve", "--domains", str(domains)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield int(next(iter(process.stdout or ())))
        finally:
            process.kill()


def _ours(sockets: Sockets, port: int, names: list[str]) -> int:
    settings = ResolverSettings(
        (Nameserver("127.0.0.1", port),),
        positive_controls=CONTROLS,
        negative_suffixes=("example",),
        concurrency=CONCURRENCY,
        sockets=sockets,
    )
    frame, _ = asyncio.run(
        check_domains(
            pl.Series(names),
            settings=settings,
            guard=lambda _: None,
            provider_of=lambda _: "other",
            now=datetime(2026, 11, 21, tzinfo=UTC),
        )
    )
    return frame["reason"].null_count()


async def _resolve(port: int, names: list[str]) -> int:
    resolver = dns.asyncresolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], port
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


def _asyncresolver(port: int, names: list[str]) -> int:
    return asyncio.run(_resolve(port, names))


def _dnsperf(program: str, port: int, names: list[str]) -> int:
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="ascii") as questions:
        questions.write("".join(f"{name} MX\n" for name in names))
        questions.flush()
        to = ["-s", "127.0.0.1", "-p", str(port), "-d", questions.name, "-n", "1"]
        how = ["-e", "-c", "8", "-T", "1", "-q", str(CONCURRENCY)]
        done = subprocess.run([program, *to, *how], capture_output=True, text=True, check=True)
    codes = next(line for line in done.stdout.splitlines() if "Response codes" in line)
    return int(codes.partition("NOERROR ")[2].partition(" ")[0])


Client = Callable[[int, list[str]], int]


def _clients(dnsperf: str | None) -> dict[str, Client]:
    clients: dict[str, Client] = {
        "asyncresolver": _asyncresolver,
        "kept sockets": partial(_ours, Sockets.KEPT),
        "fresh ports": partial(_ours, Sockets.FRESH),
    }
    if dnsperf:
        clients["dnsperf"] = partial(_dnsperf, dnsperf)
    return clients


def _work(client: Client, port: int, names: list[str]) -> None:
    """Be a client in a process of its own: print seconds, core-seconds, and what was found."""
    wall, core = time.perf_counter(), _core_seconds()
    found = client(port, names)
    print(time.perf_counter() - wall, _core_seconds() - core, found)


def _core_seconds() -> float:
    """Return CPU seconds of this process and of the children it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def measure(label: str, port: int, arguments: argparse.Namespace) -> float:
    """Run one client over all names; print and return its domains per core-second."""
    command = [sys.executable, __file__, "--client", label, "--port", str(port)]
    command += ["--domains", str(arguments.domains), "--dnsperf", arguments.dnsperf or ""]
    printed = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    wall, core, found = (float(word) for word in printed.split())
    rate: float = arguments.domains / core
    wide = f"{arguments.domains / wall:8.0f} /s {rate:8.0f} /core-s"
    print(f"{label:<14} {wide}  {found:.0f} take mail", flush=True)
    return rate


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--domains", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--nsd", default=shutil.which("nsd", path=f"{os.defpath}:/usr/sbin"))
    parser.add_argument("--dnsperf", default=shutil.which("dnsperf"))
    parser.add_argument("--serve", action="store_true", help="be the server, for other processes")
    parser.add_argument("--client", help="be a client of --port, for the first process")
    parser.add_argument("--port", type=int)
    return parser.parse_args()


def main() -> None:
    """Serve, ask, or have all clients ask in turn and print their ratios."""
    arguments = _parse()
    clients = _clients(arguments.dnsperf)
    if arguments.serve:
        asyncio.run(_serve(arguments.domains))
        return
    if arguments.client:
        names = [f"d{number}.example" for number in range(arguments.domains)]
        _work(clients[arguments.client], arguments.port, names)
        return
    rates: dict[str, list[float]] = {label: [] for label in clients}
    server = partial(_nsd, arguments.nsd) if arguments.nsd else _sandbox
    with server(arguments.domains) as port:
        for _ in range(arguments.rounds):
            for label, found in rates.items():
                found.append(measure(label, port, arguments))
    middle = {label: median(found) for label, found in rates.items()}
    for label, rate in middle.items():
        of = ", ".join(f"{rate / other:.2f} of {name}" for name, other in middle.items())
        print(f"{label}: {of}")


if __name__ == "__main__":
    main()
