"""The mail internet on loopback: DNS, SMTP farm and policy clock, started together.

In the process of a test:

    async with internet(world, journal=folder) as endpoints: ...

As a process of its own, which a killed and resumed pipeline finds again:

    with start(portfolio_folder, journal=folder) as endpoints: ...

On a thread of a test that is not asynchronous:

    with background(world, journal=folder) as endpoints: ...

`python -m sandbox serve --portfolio FOLDER` does the same from a shell.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Thread
from typing import Final, Self

from sandbox.clock import PolicyClock, serve_clock
from sandbox.dns_server import DnsServer, Mood, Responder
from sandbox.hostile_cases import hostile_records
from sandbox.hostile_dns import HostileNames, with_hostile_names
from sandbox.hostile_farm import HostileFarm
from sandbox.journals import JournalWriter
from sandbox.personality import LAB_NETWORK
from sandbox.smtp_farm import SmtpFarm, Tempo
from sandbox.world import World
from sandbox.zone import PROBE, SENDER_DOMAIN, Zone, zone_of

DEFAULT_START: Final = 1_795_176_000.0
"""Policy time at the start unless given: 2026-11-20T12:00:00Z."""

_STOP_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where the sandbox is reached, as settings a pipeline understands.

    `nameserver` and `clock` are host:port; `smtp_port` is the port on all MX addresses;
    `lab_networks` the networks its servers live in (127.0.0.1 is not among them); `helo` and
    `mail_from` an identity whose DNS is in order; `journal` the folder of the servers' journals.
    """

    nameserver: str
    smtp_port: int
    lab_networks: tuple[str, ...]
    clock: str
    journal: str
    helo: str = PROBE
    mail_from: str = f"postmaster@{SENDER_DOMAIN}"

    def to_json(self) -> str:
        """Return one line of JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, line: str) -> Self:
        """Read what `to_json` wrote.

        >>> one = Endpoints("127.0.0.1:53", 2525, ("127.64.0.0/10",), "127.0.0.1:99", "/tmp/j")
        >>> Endpoints.from_json(one.to_json()) == one
        True
        """
        values = json.loads(line)
        return cls(**{**values, "lab_networks": tuple(values["lab_networks"])})


@asynccontextmanager
async def internet(
    world: World,
    journal: Path,
    *,
    mood: Mood = "honest",
    tempo: Tempo | None = None,
    start_at: float = DEFAULT_START,
    clock: PolicyClock | None = None,
    hostile: bool = False,
) -> AsyncIterator[Endpoints]:
    """Run everything on the running event loop, and yield where it is reached.

    With `hostile`, the cases of hostile.toml and hostile_dns.toml are served as well, under
    hostile.example.
    """
    policy = clock if clock is not None else PolicyClock(start_at)
    pace = tempo if tempo is not None else Tempo()
    writer = JournalWriter(journal, policy.now)
    farm, foes = SmtpFarm(world, policy, writer, pace), HostileFarm(writer, pace, policy.now)
    names = _dns_server(world, mood, hostile=hostile)
    served_clock = await serve_clock(policy)
    try:
        smtp_port = await farm.start()
        if hostile:
            await foes.start(smtp_port)
        dns_port = await names.start()
        clock_port = served_clock.sockets[0].getsockname()[1]
        yield Endpoints(
            nameserver=f"127.0.0.1:{dns_port}",
            smtp_port=smtp_port,
            lab_networks=(LAB_NETWORK,),
            clock=f"127.0.0.1:{clock_port}",
            journal=str(journal),
        )
        await names.stop()
    finally:
        await farm.stop()
        await foes.stop()
        served_clock.close()
        writer.close()


def _dns_server(world: World, mood: Mood, *, hostile: bool) -> DnsServer:
    zone = zone_of(world)
    if not hostile:
        return DnsServer(Responder(zone, mood))
    zone = with_hostile_names(Zone({**zone.records, **hostile_records()}, zone.fates))
    return DnsServer(Responder(zone, mood), HostileNames())


@contextmanager
def background(
    world: World,
    journal: Path,
    *,
    mood: Mood = "honest",
    tempo: Tempo | None = None,
    clock: PolicyClock | None = None,
    hostile: bool = False,
) -> Iterator[Endpoints]:
    """Run everything on a thread of its own for the length of the block."""
    ready: Future[Endpoints] = Future()
    stop = asyncio.Event()

    async def serve() -> None:
        served = internet(world, journal, mood=mood, tempo=tempo, clock=clock, hostile=hostile)
        try:
            async with served as endpoints:
                ready.set_result(endpoints)
                await stop.wait()
        except OSError as error:
            ready.set_exception(error)

    loop = asyncio.new_event_loop()
    thread = Thread(target=asyncio.Runner(loop_factory=lambda: loop).run, args=(serve(),))
    thread.start()
    try:
        yield ready.result(_STOP_SECONDS)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


@contextmanager
def start(
    portfolio: Path | None,
    journal: Path,
    *,
    seed: int = 1,
    mood: Mood = "honest",
    tempo: Tempo | None = None,
    start_at: float = DEFAULT_START,
    hostile: bool = False,
) -> Iterator[Endpoints]:
    """Run everything in a process of its own for the length of the block.

    `portfolio` is a folder that `SandboxPortfolio.write` made; None serves only the zoo of
    `sandbox.zoo`, which is always there.
    """
    pace = tempo if tempo is not None else Tempo()
    values = {
        "--journal": str(journal),
        "--seed": str(seed),
        "--mood": mood,
        "--start-at": repr(start_at),
        "--io-scale": repr(pace.io_scale),
        "--reply-delay": repr(pace.reply_delay),
    }
    values |= {} if portfolio is None else {"--portfolio": str(portfolio)}
    with serving("serve", values, *(["--hostile"] if hostile else [])) as endpoints:
        yield endpoints


@contextmanager
def serving(what: str, values: Mapping[str, str], *switches: str) -> Iterator[Endpoints]:
    """Run `python -m sandbox WHAT` with these options for the length of the block."""
    command = [sys.executable, "-m", "sandbox", what, "--until-stdin-closes", *switches]
    command += [word for pair in values.items() for word in pair]
    with subprocess.Popen(  # noqa: S603 - our own module, our own arguments
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        try:
            yield Endpoints.from_json(_first_line(child))
        finally:
            _stop(child)


def _first_line(child: subprocess.Popen[str]) -> str:
    line = child.stdout.readline() if child.stdout else ""
    if not line:
        message = f"the sandbox ended with code {child.wait()} before it was ready"
        raise RuntimeError(message)
    return line


def _stop(child: subprocess.Popen[str]) -> None:
    if child.stdin:
        child.stdin.close()  # the sandbox stops when its parent is gone
    try:
        child.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
