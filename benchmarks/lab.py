"""Probe a lab of self-describing servers, a fifth of them hostile, and hold it against the truth.

    python benchmarks/lab.py [--hosts 10000] [--each 20] [--hostile-every 5] [--kills 0]

The servers run in a process of their own under the default policy; time between asks is virtual,
a server's own seconds are multiplied by --io-scale, and so are our deadlines. With --kills the
prober is killed that often at random moments and resumed. Truth follows from every address's name,
politeness from the servers' own journals.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Final

import polars as pl

from checks.mailbox.probe import ADDRESSES, payloads, probe_mailboxes
from checks.mailbox.session import Deadlines, Identity
from checks.mailbox.settings import ProbeSettings
from data.journal import Journal, read_journal
from data.reference.providers import load_providers
from data.reference.smtp_replies import load_reply_rules
from flows.clocks import policy_clock
from flows.settings import SmtpSettings
from sandbox.audit import audit
from sandbox.hostile_farm import personalities
from sandbox.internet import Endpoints
from sandbox.journals import read_journals
from sandbox.lab import LabName, LabSize, mailboxes, start_lab, truth_of
from sandbox.limits import LIMITS
from sandbox.smtp_farm import Tempo

TICK: Final = 0.005
ROOM: Final = 5.0
LEAST_TRUE: Final = 0.98
AT_ONCE: Final = load_providers().courtesy.connections
OWED_TO_KILLS: Final = ("left_without_quit", "recipient_asked_again")
TRUE_VERDICT: Final = {
    "exists": "deliverable",
    "missing": "undeliverable",
    "full": "risky",
    "disabled": "undeliverable",
}


@dataclass
class Watch:
    """How long the event loop held itself up, and how much memory was held, over a run.

    `busy` is this thread's processor time between two looks: what others take of the machine is
    not the loop's fault. `late` is the same by the clock on the wall.
    """

    late: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)
    is_over: bool = False

    def told(self, done: int, total: int) -> None:
        """Take progress: what comes after the last outcome holds up nobody."""
        self.is_over = done == total

    memory: list[int] = field(default_factory=list)

    async def watch(self) -> None:
        """Look every five milliseconds until cancelled."""
        due, used = time.perf_counter() + TICK, time.thread_time()
        while True:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            now = time.perf_counter()
            if not self.is_over:
                self.late.append(max(0.0, now - due))
                self.busy.append(max(0.0, time.thread_time() - used - TICK))
            due, used = now + TICK, time.thread_time()
            if len(self.late) % 200 == 0:
                self.memory.append(resident())


def resident() -> int:
    """Return how much memory this process holds, in MiB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() >> 20


def scaled(scale: float) -> Deadlines:
    """Return the default deadlines at the lab's pace, with room for a machine that others use."""
    usual = Deadlines()
    return Deadlines(
        connect=max(ROOM, usual.connect * scale),
        banner=max(ROOM, usual.banner * scale),
        reply=max(ROOM, usual.reply * scale),
        quit=max(1.0, usual.quit * scale),
        write=max(ROOM, usual.write * scale),
        session=max(6 * ROOM, usual.session * scale),
        handshake=max(ROOM, usual.handshake * scale),
    )


def frame_of(size: LabSize, each: int) -> pl.DataFrame:
    """Return what is asked."""
    rows = [
        (address, name.domain, "other", [f"mx.{name.domain}"], [name.address])
        for name in size.names()
        for address in mailboxes(name, each)
    ]
    return pl.DataFrame(rows, schema=ADDRESSES, orient="row")


async def probe(arguments: argparse.Namespace, endpoints: Endpoints, folder: Path) -> None:
    """Probe everything once, or go on after a kill; write findings and figures."""
    path = folder / "journal"
    written = payloads(read_journal(path)) if path.exists() else ()
    addresses = frame_of(LabSize(arguments.hosts, arguments.hostile_every), arguments.each)
    settings = ProbeSettings(
        Identity(endpoints.helo, endpoints.mail_from),
        port=endpoints.smtp_port,
        deadlines=scaled(arguments.io_scale),
        lab_networks=tuple(ip_network(network) for network in endpoints.lab_networks),
    )
    watch, before = Watch(), resident()
    watching = asyncio.create_task(watch.watch())
    began = time.perf_counter()
    virtual = "" if arguments.real_clock else endpoints.clock
    async with policy_clock(SmtpSettings(lab_clock=virtual)) as clock:
        written = list(written)
        with Journal.open(path, epoch=1) as journal:
            result = await probe_mailboxes(
                addresses,
                settings,
                load_providers(),
                load_reply_rules(),
                clock=clock,
                journal=journal,
                as_of=datetime(2026, 11, 21, tzinfo=UTC),
                written=written,
                progress=watch.told,
            )
    figures = {
        "seconds": time.perf_counter() - began,
        "before": before,
        "memory": watch.memory,
        "late": sorted(watch.late[1:]),  # the first look covers the planning, before any session
        "busy": sorted(watch.busy[1:]),
        "processor": time.process_time(),
    }
    watching.cancel()
    result.findings.write_parquet(folder / "findings.parquet")
    (folder / "figures.json").write_text(json.dumps(figures), encoding="utf-8")


def run_probe(
    arguments: argparse.Namespace, endpoints: Endpoints, folder: Path, seconds: float | None
) -> bool:
    """Run the prober as a process of its own; kill it after some seconds. Return if it ended."""
    command = [sys.executable, __file__, "--probe", str(folder), "--endpoints", endpoints.to_json()]
    for name in ("hosts", "each", "hostile_every", "io_scale"):
        command += [f"--{name.replace('_', '-')}", str(getattr(arguments, name))]
    command += ["--real-clock"] if arguments.real_clock else []
    with subprocess.Popen(command) as child:
        try:
            return child.wait(seconds) == 0
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.kill(child.pid, signal.SIGKILL)
            child.wait()
            return False


def show_verdicts(findings: pl.DataFrame) -> bool:
    """Print verdicts against the truth, honest and hostile hosts apart; return if they hold."""
    counts: Counter[tuple[bool, str, str, str]] = Counter()
    unknown: Counter[tuple[str, str]] = Counter()
    for address, verdict, reason in findings.select("address", "verdict", "reason").iter_rows():
        name, truth = LabName.of_domain(address.partition("@")[2]), truth_of(address)
        counts[name.is_hostile, truth, verdict, reason] += 1
        if verdict == "unknown" and not name.is_hostile:
            unknown[truth, reason] += 1
    for (hostile, *told), count in sorted(counts.items()):
        print(f"{'hostile' if hostile else 'honest ':8}", *(f"{word:18}" for word in told), count)
    wrong = sum(
        count
        for (_, truth, verdict, _), count in counts.items()
        if (truth, verdict) in {("exists", "undeliverable"), ("missing", "deliverable")}
    )
    honest = {key: count for key, count in counts.items() if not key[0]}
    true = sum(c for (_, truth, verdict, _), c in honest.items() if TRUE_VERDICT[truth] == verdict)
    share = true / sum(honest.values())
    print(f"wrong {wrong}; true verdicts on honest hosts {share:.2%}")
    print(f"unknown on honest hosts: {dict(unknown) or 'none'}")
    return not wrong and share >= LEAST_TRUE


def show_manners(journal: pl.DataFrame, kills: int, session: float) -> bool:
    """Print which limits were broken, as the servers saw it; return if none was but by kills.

    A kill cuts off the sessions that are open, and each of them may repeat one recipient. `session`
    is the longest that one may last here.
    """
    sessions = journal.filter(event="connect").height
    verbs = journal.filter(event="command")["verb"].value_counts().sort("verb").rows()
    limits = {name: replace(usual, cut_off=session) for name, usual in LIMITS.items()}
    broken = audit(journal, personalities(), limits)
    counts = dict(broken["rule"].value_counts().iter_rows())
    print(f"{sessions} sessions, {kills} kills; verbs {dict(verbs)}")
    for rule, count in sorted(counts.items()):
        owed = " (owed to kills)" if kills and rule in OWED_TO_KILLS else ""
        print(f"  broken: {rule} {count}{owed}")
    if not counts:
        print("  no limit was broken")
    cut_off, again = (counts.pop(rule, 0) for rule in OWED_TO_KILLS)
    return not counts and cut_off <= kills * AT_ONCE and again <= cut_off


def show_pace(figures: dict[str, Any]) -> None:
    """Print seconds, memory and how late the event loop was."""
    memory = figures["memory"] or [0]
    half = memory[len(memory) // 2 :]
    print(f"{figures['seconds']:.1f} s, of them {figures['processor']:.1f} s of processor")
    print(f"memory {figures['before']} MiB before, {half[0]} half-way, {half[-1]} at the end")
    for what, name in (("late", "by the wall"), ("busy", "by the processor")):
        ticks = figures[what]
        p999, most = ticks[int(len(ticks) * 0.999)], ticks[-1]
        print(f"event loop held up, {name}: p99.9 {p999 * 1000:.1f} ms, most {most * 1000:.1f} ms")


def main() -> None:
    """Be the prober, or run servers and prober and judge both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hosts", type=int, default=10_000)
    parser.add_argument("--each", type=int, default=20, help="addresses asked about at a host")
    parser.add_argument("--hostile-every", type=int, default=5, help="0: none is hostile")
    parser.add_argument("--io-scale", type=float, default=0.05)
    parser.add_argument("--real-clock", action="store_true", help="wait for spacing and retries")
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--kill-after", type=float, default=20.0, help="seconds, on average")
    parser.add_argument("--out", type=Path, help="an empty folder to keep journals and findings in")
    parser.add_argument("--probe", type=Path, help="be the prober, for the other process")
    parser.add_argument("--endpoints", help="where the servers are")
    arguments = parser.parse_args()
    if arguments.probe:
        asyncio.run(probe(arguments, Endpoints.from_json(arguments.endpoints), arguments.probe))
        return
    size = LabSize(arguments.hosts, arguments.hostile_every)
    chance = random.Random(1)  # noqa: S311  moments of kills, not secrets
    with tempfile.TemporaryDirectory() as temporary:
        root = arguments.out or Path(temporary)
        folder = root / "probe"
        folder.mkdir(mode=0o700, parents=True)
        with start_lab(size, root / "servers", Tempo(arguments.io_scale)) as endpoints:
            for _ in range(arguments.kills):
                run_probe(arguments, endpoints, folder, chance.uniform(0, 2 * arguments.kill_after))
            run_probe(arguments, endpoints, folder, None)
            journal = read_journals(Path(endpoints.journal))
        if arguments.real_clock:  # nobody moves the servers' policy clock then
            journal = journal.with_columns(at=pl.col("ns") / 1e9)
        holds = show_verdicts(pl.read_parquet(folder / "findings.parquet"))
        holds &= show_manners(journal, arguments.kills, scaled(arguments.io_scale).session)
        show_pace(json.loads((folder / "figures.json").read_text(encoding="utf-8")))
    sys.exit(not holds)


if __name__ == "__main__":
    main()
