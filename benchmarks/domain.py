"""Domains judged per core-second of the client, against dnspython's asyncresolver and dnsperf.

    python -m benchmarks.domain [--domains 20000] [--rounds 3] [--nsd PATH] [--dnsperf PATH]

All ask the same server in the same run, 100 questions at once, each in a process of its own: NSD
where there is one (Debian's package, on the path or by --nsd), else the sandbox's DNS server.
dnspython does what most scripts do: MX, then A of the first host, with its cache. Ours asks A of
every host, controls, and every condemning answer twice, and ends with the frame and its evidence.
dnsperf sends the MX questions, ten times over, and reads the header of what comes: the ceiling of
any client. "bare sockets" are a loop of ours that sends the same bytes and looks at nothing: what
Python's calls of the kernel cost alone. A core-second is a second of the client's own CPU time,
user and system.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import resource
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from itertools import cycle
from socket import AF_INET, SOCK_DGRAM, SOCK_NONBLOCK, socket
from statistics import median
from typing import Final, NamedTuple

import dns.asyncresolver
import dns.exception
import dns.resolver
import polars as pl

from benchmarks.domain_zone import CONTROLS, names_of, served_by_nsd, served_by_sandbox
from checks.domain import Nameserver, ResolverSettings, Sockets, check_domains
from checks.domain.model import Question, RecordType
from checks.domain.query import query, question_section

CONCURRENCY: Final = 100
SOCKETS: Final = 8
TIMES: Final = 10
"""How often those who only send go through the names: else starting up is what is measured."""


class Outcome(NamedTuple):
    """What a client did: domains, queries, and how many domains take mail."""

    domains: int
    queries: int
    found: int


class Rates(NamedTuple):
    """A client's domains and queries per core-second."""

    domains: float
    queries: float


def _ours(sockets: Sockets, port: int, names: list[str]) -> Outcome:
    settings = ResolverSettings(
        (Nameserver("127.0.0.1", port),),
        positive_controls=CONTROLS,
        negative_suffixes=("example",),
        concurrency=CONCURRENCY,
        sockets=sockets,
    )
    frame, report = asyncio.run(
        check_domains(
            pl.Series(names),
            settings=settings,
            guard=lambda _: None,
            provider_of=lambda _: "other",
            now=datetime(2026, 11, 21, tzinfo=UTC),
        )
    )
    return Outcome(len(names), report.queries, frame["reason"].null_count())


async def _resolve(port: int, names: list[str]) -> Outcome:
    resolver = dns.asyncresolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], port
    resolver.cache = cache = dns.resolver.LRUCache(100_000)
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
    return Outcome(len(names), len(cache.data), found)


def _asyncresolver(port: int, names: list[str]) -> Outcome:
    return asyncio.run(_resolve(port, names))


def _dnsperf(program: str, port: int, names: list[str]) -> Outcome:
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="ascii") as questions:
        questions.write("".join(f"{name} MX\n" for name in names))
        questions.flush()
        to = ["-s", "127.0.0.1", "-p", str(port), "-d", questions.name, "-n", str(TIMES)]
        how = ["-e", "-c", str(SOCKETS), "-T", "1", "-q", str(CONCURRENCY)]
        done = subprocess.run([program, *to, *how], capture_output=True, text=True, check=True)
    completed, found = (
        int(match[1])
        for label in ("Queries completed: +", "NOERROR ")
        if (match := re.search(rf"{label}(\d+)", done.stdout))
    )
    return Outcome(completed, completed, found // TIMES)


def _bare_sockets(port: int, names: list[str]) -> Outcome:
    """Send and receive, 100 under way, eight sockets in turn, 32 questions from each."""
    sections = [question_section(Question(name, RecordType.MX)) for name in names]
    queries = [
        query(number.to_bytes(4)[2:], section, edns=True)
        for number, section in enumerate(sections)
        if section is not None
    ] * TIMES
    ports = [socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK) for _ in range(SOCKETS)]
    receiving, turns = select.epoll(), cycle(ports)
    for each in ports:
        each.connect(("127.0.0.1", port))
        receiving.register(each, select.EPOLLIN)
    receive_of = {each.fileno(): each.recv for each in ports}
    sent = received = 0
    while received < len(queries):
        while sent < len(queries) and sent - received < CONCURRENCY:
            send = next(turns).send
            burst = queries[sent : sent + min(32, CONCURRENCY - (sent - received))]
            for wire in burst:
                send(wire)
            sent += len(burst)
        for number, _ in receiving.poll():
            received += _drain(receive_of[number])
    for each in ports:
        each.close()
    return Outcome(received, received, 0)


def _drain(receive: Callable[[int], bytes]) -> int:
    count = 0
    try:
        while True:
            receive(1233)
            count += 1
    except BlockingIOError:
        return count


Client = Callable[[int, list[str]], Outcome]


def _clients(dnsperf: str | None) -> dict[str, Client]:
    clients: dict[str, Client] = {
        "asyncresolver": _asyncresolver,
        "kept sockets": partial(_ours, Sockets.KEPT),
        "fresh ports": partial(_ours, Sockets.FRESH),
        "bare sockets": _bare_sockets,
    }
    if dnsperf:
        clients["dnsperf"] = partial(_dnsperf, dnsperf)
    return clients


def _work(client: Client, port: int, names: list[str]) -> None:
    """Be a client in a process of its own: print seconds, core-seconds, and the outcome."""
    wall, core = time.perf_counter(), _core_seconds()
    outcome = client(port, names)
    print(time.perf_counter() - wall, _core_seconds() - core, *outcome)


def _core_seconds() -> float:
    """Return CPU seconds of this process and of the children it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def measure(label: str, port: int, arguments: argparse.Namespace) -> Rates:
    """Run one client over all names; print and return its rates."""
    command = [sys.executable, "-m", "benchmarks.domain", "--client", label, "--port", str(port)]
    command += ["--domains", str(arguments.domains), "--dnsperf", arguments.dnsperf or ""]
    printed = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    wall, core, domains, queries, found = (float(word) for word in printed.split())
    rates = Rates(domains / core, queries / core)
    own = f"{rates.domains:8.0f} domains {rates.queries:8.0f} queries /core-s"
    print(f"{label:<14} {domains / wall:8.0f} /s {own}  {found:.0f} take mail", flush=True)
    return rates


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--domains", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--nsd", default=shutil.which("nsd", path=f"{os.defpath}:/usr/sbin"))
    parser.add_argument("--dnsperf", default=shutil.which("dnsperf"))
    parser.add_argument("--client", help="be a client of --port, for the first process")
    parser.add_argument("--port", type=int)
    return parser.parse_args()


def main() -> None:
    """Have all clients ask in turn and print the ratios of their medians."""
    arguments = _parse()
    clients = _clients(arguments.dnsperf)
    if arguments.client:
        _work(clients[arguments.client], arguments.port, names_of(arguments.domains))
        return
    runs: dict[str, list[Rates]] = {label: [] for label in clients}
    server = partial(served_by_nsd, arguments.nsd) if arguments.nsd else served_by_sandbox
    with server(arguments.domains) as port:
        for _ in range(arguments.rounds):
            for label, rates in runs.items():
                rates.append(measure(label, port, arguments))
    for unit in Rates._fields:
        middle = {label: median(getattr(one, unit) for one in runs[label]) for label in runs}
        for label, rate in middle.items():
            of = ", ".join(f"{rate / other:.3f} of {name}" for name, other in middle.items())
            print(f"{unit} per core-second, {label}: {of}")


if __name__ == "__main__":
    main()
