"""SMTP servers on loopback: every host of the world on its own addresses, one port for all.

A server is told apart by the address that was dialled. What it says comes from
`sandbox.conversation`; this module only moves bytes, waits, and keeps the journal.
"""

from __future__ import annotations

import asyncio
import itertools
import socket
from collections import Counter
from dataclasses import dataclass
from typing import Final

from sandbox.clock import PolicyClock
from sandbox.conversation import MAX_LINE, Conversation, split_command
from sandbox.host import Host, Reply
from sandbox.journals import JournalWriter
from sandbox.personality import Personality, load_personalities
from sandbox.world import World, named

TRIPWIRE: Final = "127.0.0.1"
"""Where the farm listens for callers without an address guard; outside the lab's networks."""

_BACKLOG: Final = 256
_PORT_TRIES: Final = 20
_IDLE_SECONDS: Final = 300.0


@dataclass(frozen=True, slots=True)
class Tempo:
    """How the farm's waits become real.

    Delays of personalities are multiplied by `io_scale`; `reply_delay` (seconds) comes before
    every reply, with which benchmarks play round trips.
    """

    io_scale: float = 0.01
    reply_delay: float = 0.0


class SmtpFarm:
    """All SMTP servers of a world; `await start()` binds them, `await stop()` lets go."""

    def __init__(
        self, world: World, clock: PolicyClock, journal: JournalWriter, tempo: Tempo
    ) -> None:
        """Take the world to play, the policy clock, the journal and the tempo."""
        self.clock = clock
        self.journal = journal
        self.tempo = tempo
        self._world = world
        self._hosts: dict[str, Host] = {}
        self._ordinals: Counter[str] = Counter()
        self._numbers = itertools.count(1)
        self._servers: list[asyncio.Server] = []
        self._by_network = {host.network: host for host in load_personalities().values()}

    async def start(self, port: int = 0) -> int:
        """Listen on every address of the world; return the port that all share."""
        sockets = bind_all([TRIPWIRE, *self._world.used_addresses()], port)
        loop = asyncio.get_running_loop()
        self._servers = [
            await loop.create_server(lambda: SmtpServer(self), sock=each, backlog=_BACKLOG)
            for each in sockets
        ]
        found: int = sockets[0].getsockname()[1]
        return found

    async def stop(self) -> None:
        """Close every listener."""
        for server in self._servers:
            server.close()

    def personality_at(self, ip: str) -> Personality:
        """Return who lives at an address, told by its second octet."""
        return self._by_network[int(ip.split(".")[1])]

    def host_at(self, ip: str) -> Host:
        """Return the host at an address; all addresses of a provider are one host."""
        kind = self.personality_at(ip)
        key = ip if kind.spread else kind.name
        if key not in self._hosts:
            domain = (
                self._world.served_at.get(ip, "sandbox.example")
                if kind.spread
                else "sandbox.example"
            )
            name = named(kind.mx[0], domain, self._world.seed)
            self._hosts[key] = Host(kind, self._world, name, domain)
        return self._hosts[key]

    def open(self, ip: str, client: str) -> tuple[str, Conversation]:
        """Begin a session at an address; return its id and its conversation."""
        host = self.host_at(ip)
        ordinal = self._ordinals[host.name]
        self._ordinals[host.name] += 1
        session = f"{host.personality.name}-{next(self._numbers)}"
        return session, Conversation(host, client, ordinal)


def bind_all(addresses: list[str], port: int) -> list[socket.socket]:
    """Return a bound socket for every address, all on one port; 0 picks a free one."""
    for _ in range(_PORT_TRIES):
        bound: list[socket.socket] = []
        chosen = port
        try:
            for address in addresses:
                each = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
                bound.append(each)
                each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                each.bind((address, chosen))
                chosen = each.getsockname()[1]
        except OSError:
            for each in bound:
                each.close()
            if port:
                raise
            continue
        return bound
    message = "no port is free on all addresses of the sandbox; stop what listens on 127.64.0.0/10"
    raise OSError(message)


class SmtpServer(asyncio.Protocol):
    """One connection: lines in, replies out, everything into the journal."""

    def __init__(self, farm: SmtpFarm) -> None:
        """Belong to a farm."""
        self._farm = farm
        self._buffer = b""
        self._busy = True  # the server is about to speak
        self._early = False
        self._closed_by = "peer"
        self._pending: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Find out who was dialled, and greet."""
        if not isinstance(transport, asyncio.Transport):
            return
        self._transport = transport
        self._ip = transport.get_extra_info("sockname")[0]
        self._client = transport.get_extra_info("peername")[0]
        self._session, self._talk = self._farm.open(self._ip, self._client)
        self._note("connect")
        self._say(self._talk.greet(self._farm.clock.now()), "", "")

    def data_received(self, data: bytes) -> None:
        """Collect lines; whoever speaks out of turn is noted."""
        self._buffer += data
        if self._busy:
            self._note_early()
        else:
            self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        """Note who ended the session."""
        del exc
        if self._pending is not None:
            self._pending.cancel()
        self._talk.host.leave(self._talk.state)
        self._note("close", by=self._closed_by)

    def _next(self) -> None:
        line, end, rest = self._buffer.partition(b"\n")
        if not end:
            if len(self._buffer) > MAX_LINE:
                self._say(Reply("500 5.5.2 Error: line too long", then="close"), "", "")
            return
        self._buffer = rest
        if rest:
            self._note_early()
        verb, argument = split_command(line)
        if verb == "QUIT":
            self._closed_by = "quit"
        self._say(self._talk.answer(line, self._farm.clock.now()), verb, argument)

    def _say(self, reply: Reply, verb: str, argument: str) -> None:
        tempo = self._farm.tempo
        delay = reply.delay * tempo.io_scale + tempo.reply_delay
        self._busy = True
        if delay <= 0:
            self._emit(reply, verb, argument)
        else:
            loop = asyncio.get_running_loop()
            self._pending = loop.call_later(delay, self._emit, reply, verb, argument)

    def _emit(self, reply: Reply, verb: str, argument: str) -> None:
        self._pending = None
        self._note("command" if verb else "banner", verb=verb, arg=argument, reply=reply.text)
        self._transport.write(reply.wire())
        self._busy = False
        if reply.then == "reset":
            self._closed_by = "server"
            self._transport.abort()
        elif reply.then == "close":
            if self._closed_by != "quit":
                self._closed_by = "server"
            self._transport.close()
        elif self._buffer:
            self._next()

    def _note_early(self) -> None:
        if not self._early:
            self._early = True
            self._note("early")

    def _note(self, event: str, **more: str) -> None:
        kind = self._talk.host.personality.name
        self._farm.journal.write(kind, self._ip, self._client, self._session, event, **more)
