"""SMTP servers that attack or fail their callers: every case of hostile.toml on its addresses.

farm = HostileFarm(journal, tempo, clock.now)
port = await farm.start()
"""

from __future__ import annotations

import asyncio
import itertools
import socket
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Final

from sandbox.hostile_cases import Case, load_cases
from sandbox.hostile_play import Listener, Memory, Server, Session
from sandbox.journals import JournalWriter
from sandbox.personality import Personality, load_personalities
from sandbox.smtp_farm import Tempo, bind_all

HOST: Final = "hostile"
"""The name under which these servers keep their journal."""

_BACKLOG: Final = 256
_FILLERS: Final = 4  # more than a backlog of none holds


class HostileFarm:
    """All hostile servers; `await start(port)` binds them, `await stop()` lets go."""

    def __init__(
        self,
        journal: JournalWriter,
        tempo: Tempo,
        now: Callable[[], float],
        at: Mapping[str, Case] | None = None,
    ) -> None:
        """Take the journal, the tempo of waits, the policy time; and who stands where.

        Without `at` every case stands at its own addresses.
        """
        self._journal, self._tempo, self._now = journal, tempo, now
        zoo = {ip: case for case in load_cases().values() for ip in case.addresses}
        everywhere = zoo if at is None else at
        self._at = {
            ip: case for ip, case in everywhere.items() if case.listens and not case.elsewhere
        }
        self._memories: dict[str, Memory] = defaultdict(Memory)
        self._numbers = itertools.count(1)
        self._tasks: set[asyncio.Task[None]] = set()
        self._servers: list[asyncio.Server] = []
        self._full: list[socket.socket] = []

    async def start(self, port: int = 0) -> int:
        """Listen on every case's address; return the port that all share."""
        sockets = bind_all(sorted(self._at), port)
        loop = asyncio.get_running_loop()
        for each in sockets:
            if self._at[each.getsockname()[0]].accepts:
                server = await loop.create_server(self._protocol, sock=each, backlog=_BACKLOG)
                self._servers.append(server)
            else:
                self._full += [each, *_filled(each)]
        found: int = sockets[0].getsockname()[1]
        return found

    async def stop(self) -> None:
        """Close every listener and every session."""
        for server in self._servers:
            server.close()
        for each in self._full:
            each.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _protocol(self) -> asyncio.StreamReaderProtocol:
        listener = Listener()

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            del reader  # the same object, less well known
            with suppress(asyncio.CancelledError):  # the farm stops
                await self._accept(listener, writer)

        return asyncio.StreamReaderProtocol(listener, accept)

    async def _accept(self, reader: Listener, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        ip = writer.get_extra_info("sockname")[0]
        memory = self._memories[ip]
        memory.open_now += 1
        server = Server(self._at[ip], memory, self._now, self._tempo.io_scale)
        peer = writer.get_extra_info("peername")[0]
        note = partial(self._journal.write, HOST, ip, peer, f"{HOST}-{next(self._numbers)}")
        session = Session(server, reader, writer, note)
        note("connect")
        reader.note = note
        try:
            await session.run()
        except ConnectionError:
            pass  # the caller has had enough, as it should
        finally:
            memory.open_now -= 1
            if reader.early:
                note("early")
            note("close", by=session.ended_by)
            reader.note = None
            writer.close()


def personalities() -> dict[str, Personality]:
    """Return every personality an audit needs, these servers among them: strangers each."""
    known = load_personalities()
    return {**known, HOST: replace(known["postfix"], name=HOST, spread=True)}


def _filled(listening: socket.socket) -> list[socket.socket]:
    """Let a socket listen with no backlog and fill it: who connects now is never answered."""
    listening.listen(0)
    callers = []
    for _ in range(_FILLERS):
        caller = socket.socket()
        caller.settimeout(0.0)
        caller.connect_ex(listening.getsockname())
        callers.append(caller)
    return callers
