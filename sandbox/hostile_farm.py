"""SMTP servers that attack or fail their callers: the cases of hostile.toml, played to the byte."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import socket
import struct
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, SupportsIndex

from sandbox.conversation import MAX_LINE, split_command
from sandbox.journals import JournalWriter
from sandbox.market import read_table
from sandbox.smtp_farm import Tempo, bind_all
from sandbox.zone import Records

_NETWORK: Final = 110
_NORMAL: Final = {
    "banner": "220 hostile.example ESMTP\r\n",
    "EHLO": "250-hostile.example\r\n250 8BITMIME\r\n",
    "HELO": "250 hostile.example\r\n",
    "MAIL": "250 2.1.0 ok\r\n",
    "RSET": "250 2.0.0 ok\r\n",
    "QUIT": "221 2.0.0 bye\r\n",
    "STARTTLS": "454 4.7.0 not now\r\n",
}
_RECIPIENTS: Final = {
    "ok-": "250 2.1.5 ok\r\n",
    "full-": "452 4.2.2 mailbox full\r\n",
    "off-": "550 5.2.1 mailbox disabled\r\n",
}
_NO_LINGER: Final = struct.pack("ii", 1, 0)  # closing sends a reset
_HALF_PAUSE: Final = 0.05
_FLOOD: Final = 512  # lines a write, where a flood has no pauses
_PREGREET: Final = b"554 5.5.1 Protocol error: talked before the greeting\r\n"

Move = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Case:
    """One hostile server: its name, what it does, what a caller may conclude, its moves."""

    name: str
    title: str
    expect: str
    stages: dict[str, list[Move]]
    listens: bool = True
    halves: bool = False

    @property
    def domain(self) -> str:
        """The domain whose mail this server takes."""
        return f"{self.name.lower()}.hostile.example"

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"127.{_NETWORK}.{int(self.name[1:])}.1"


@cache
def load_cases() -> dict[str, Case]:
    """Return every case by name.

    >>> load_cases()["S16"].domain, load_cases()["S16"].address
    ('s16.hostile.example', '127.110.16.1')
    """
    plain = {"title", "expect", "listens", "halves"}
    return {
        name: Case(
            name=name,
            stages={stage: moves for stage, moves in table.items() if stage not in plain},
            **{key: value for key, value in table.items() if key in plain},
        )
        for name, table in read_table("hostile.toml").items()
    }


def hostile_records() -> dict[str, Records]:
    """Return the DNS records that lead to the hostile servers."""
    records: dict[str, Records] = {}
    for case in load_cases().values():
        records[case.domain] = {"MX": [f"10 mx.{case.domain}."]}
        records[f"mx.{case.domain}"] = {"A": [case.address]}
    return records


class _Listener(asyncio.StreamReader):
    """A reader that knows whether the caller spoke while a reply was still to come."""

    server_speaks = True
    early = False

    def feed_data(self, data: Iterable[SupportsIndex]) -> None:
        """Take bytes in; they are early while the server has yet to speak."""
        self.early = self.early or self.server_speaks
        super().feed_data(data)


class HostileFarm:
    """All hostile servers; `await start(port)` binds them, `await stop()` lets go."""

    def __init__(self, journal: JournalWriter, tempo: Tempo) -> None:
        """Take the journal to write to, and the tempo of waits."""
        self._journal = journal
        self._tempo = tempo
        self._numbers = itertools.count(1)
        self._at = {case.address: case for case in load_cases().values() if case.listens}
        self._tasks: set[asyncio.Task[None]] = set()
        self._servers: list[asyncio.Server] = []

    async def start(self, port: int = 0) -> int:
        """Listen on every case's address; return the port that all share."""
        sockets = bind_all(sorted(self._at), port)
        loop = asyncio.get_running_loop()
        self._servers = [await loop.create_server(self._protocol, sock=each) for each in sockets]
        found: int = sockets[0].getsockname()[1]
        return found

    async def stop(self) -> None:
        """Close every listener and every session."""
        for server in self._servers:
            server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _protocol(self) -> asyncio.StreamReaderProtocol:
        listener = _Listener()

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            del reader  # the same object, less well known
            with suppress(asyncio.CancelledError):  # the farm stops
                await self._accept(listener, writer)

        return asyncio.StreamReaderProtocol(listener, accept)

    async def _accept(self, reader: _Listener, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        ip = writer.get_extra_info("sockname")[0]
        session = _Session(self._at[ip], reader, writer, self._tempo)
        name = f"hostile-{next(self._numbers)}"
        about = ("hostile", ip, writer.get_extra_info("peername")[0], name)
        self._journal.write(*about, "connect")
        ended_by = "peer"
        try:
            async for verb, argument in session.run():
                self._journal.write(*about, "command", verb=verb, arg=argument, reply="")
            ended_by = session.ended_by
        except ConnectionError:
            pass  # the caller has had enough, as it should
        finally:
            if reader.early:
                self._journal.write(*about, "early")
            self._journal.write(*about, "close", by=ended_by)
            writer.close()


class _Session:
    """One caller at one hostile server."""

    def __init__(
        self,
        case: Case,
        reader: _Listener,
        writer: asyncio.StreamWriter,
        tempo: Tempo,
    ) -> None:
        self._case = case
        self._reader = reader
        self._writer = writer
        self._tempo = tempo
        self._counts: Counter[str] = Counter()
        self._over = False
        self.ended_by = "peer"

    async def run(self) -> AsyncIterator[tuple[str, str]]:
        """Play the case; yield every command of the caller."""
        await self._play("banner", "")
        if self._reader.early and not self._over:
            await self._send(_PREGREET)
            self.ended_by = "server"
            return
        while not self._over:
            line = await self._reader.readline()
            self._reader.server_speaks = True
            if not line or len(line) > MAX_LINE:
                return
            verb, argument = split_command(line)
            yield verb, argument
            self._counts[verb] += 1
            if verb == "QUIT":
                self.ended_by = "quit"
            await self._play(verb, argument)

    async def _play(self, stage: str, argument: str) -> None:
        stages = self._case.stages
        moves = stages.get(f"{stage}{self._counts[stage]}", stages.get(stage))
        if moves is None:
            await self._send(_ordinary(stage, argument).encode("latin-1"))
            self._over = stage == "QUIT"
            return
        for move in moves:
            await self._make(move, stage)
            if self._over:
                return

    async def _make(self, move: Move, stage: str) -> None:
        match move:
            case {"send": str(text)}:
                await self._send(text.encode("latin-1"))
            case {"wait": float(seconds)}:
                await self._wait(seconds)
            case {"wait_each": float(seconds)}:
                await self._wait(seconds * self._counts[stage])
            case {"repeat": str(text), "every": float(every), "times": int(times)}:
                await self._repeat(text.encode("latin-1"), every, times)
            case {"drip": str(text), "every": float(every)}:
                for byte in text.encode("latin-1"):
                    await self._repeat(bytes((byte,)), every, 1)
            case {"noise": int(size)}:
                await self._send(hashlib.shake_128(b"noise").digest(size))
            case _:
                await self._end(move)

    async def _repeat(self, data: bytes, every: float, times: int) -> None:
        """Send again and again; as fast as the caller reads where there is no pause."""
        if not every and times:
            await self._send(data * times)
            return
        for _ in itertools.repeat(None, times) if times else itertools.repeat(None):
            await self._send(data if every else data * _FLOOD)
            await self._wait(every)

    async def _end(self, move: Move) -> None:
        self._over = True
        self.ended_by = "server"
        if "hang" in move:
            while await self._reader.read(65_536):
                pass
            self.ended_by = "peer"
        if "reset" in move:
            sock = self._writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
            self._writer.transport.abort()

    async def _send(self, data: bytes) -> None:
        pieces = [data]
        if self._case.halves:
            middle = len(data) // 2
            pieces = [data[:middle], data[middle:]]
        self._reader.server_speaks = False
        for place, piece in enumerate(pieces):
            await asyncio.sleep(_HALF_PAUSE if place else 0)
            self._writer.write(piece)
            await self._writer.drain()

    async def _wait(self, seconds: float) -> None:
        if seconds:
            await asyncio.sleep(seconds * self._tempo.io_scale)


def _ordinary(stage: str, argument: str) -> str:
    """Return what an ordinary server says at this stage."""
    if stage != "RCPT":
        return _NORMAL.get(stage, "502 5.5.2 unknown command\r\n")
    local = argument.partition("<")[2].lower()
    for start, reply in _RECIPIENTS.items():
        if local.startswith(start):
            return reply
    return "550 5.1.1 user unknown\r\n"
