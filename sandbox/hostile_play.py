"""One caller at one hostile server: the moves of its case, played to the byte."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import socket
import struct
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Protocol, SupportsIndex

from sandbox.certificates import server_context
from sandbox.conversation import MAX_LINE, split_command
from sandbox.draws import fate
from sandbox.hostile_cases import Case, Move

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
_LOOK_SECONDS: Final = 0.01
_ESTABLISHED: Final = 1  # of tcp(7)'s TCP_INFO, whose first byte is the state
_HELD_SECONDS: Final = 3.0
_FLOOD: Final = 512  # lines a write, where a flood has no pauses
_NOTED: Final = 1_100  # characters of a reply that the journal keeps
_PREGREET: Final = b"554 5.5.1 Protocol error: talked before the greeting\r\n"
_GREY: Final = b"451 4.7.1 greylisted, come back later\r\n"
_ANVIL: Final = b"421 4.7.0 too many connections, or too soon after the last\r\n"
_TOO_MANY_ERRORS: Final = b"421 4.7.0 Error: too many errors\r\n"
_ERROR_SLEEP: Final = 1.0
_LINE: Final = 512  # bytes of a command with its CRLF (RFC 5321, 4.5.3.1.4)


class Note(Protocol):
    """Writes an event of one session into the journal."""

    def __call__(self, event: str, **more: str) -> None:
        """Append the event."""
        ...


class Listener(asyncio.StreamReader):
    """A reader that knows whether the caller spoke out of turn, and when it hung up."""

    server_speaks = True
    early = False

    is_gone = False
    note: Note | None = None  # once there is a session to note it in

    def feed_eof(self) -> None:
        """Take the end in; it is noted at once, whatever the server is busy with."""
        self.hang_up()
        super().feed_eof()

    def hang_up(self) -> None:
        """Note, once, that the caller is gone."""
        if self.note is not None and not self.is_gone:
            self.note("gone")
        self.is_gone = True

    def feed_data(self, data: Iterable[SupportsIndex]) -> None:
        """Take bytes in; they are early while the server has yet to speak."""
        self.early = self.early or self.server_speaks
        super().feed_data(data)


@dataclass(slots=True)
class Memory:
    """What a server remembers of its callers, all of them one client."""

    open_now: int = 0
    connected_at: float = float("-inf")
    first_asked: dict[str, float] = field(default_factory=dict)
    sent: int = 0


@dataclass(frozen=True, slots=True)
class Server:
    """One hostile server: its case, what it remembers, the policy time, the scale of its waits."""

    case: Case
    memory: Memory
    now: Callable[[], float]
    io_scale: float


class Session:
    """One caller at one hostile server; `run` plays the case to its end."""

    def __init__(
        self,
        server: Server,
        reader: Listener,
        writer: asyncio.StreamWriter,
        note: Note,
    ) -> None:
        """Take the server, the connection and the journal."""
        self._case, self._memory, self._now = server.case, server.memory, server.now
        self._io_scale, self._note = server.io_scale, note
        self._reader, self._writer = reader, writer
        self._counts: Counter[str] = Counter()
        self._errors = 0
        self._said = ""
        self._secure = False
        self._over = False
        self.ended_by = "peer"

    async def run(self) -> None:
        """Play the case; raises ConnectionError where the caller has had enough."""
        try:
            await self._play("banner", "")
        finally:
            self._note("banner", reply=self._said)
        if self._reader.early and not self._over:
            await self._send(_PREGREET)
            self.ended_by = "server"
            return
        while not self._over:
            line = await self._reader.readline()
            self._reader.server_speaks = True
            if not line or len(line) > MAX_LINE:
                return
            if len(line) > _LINE or not line.endswith(b"\r\n"):
                self._note("violation")
            verb, argument = split_command(line)
            self._counts[verb] += 1
            self._said = ""
            if verb == "QUIT":
                self.ended_by = "quit"
            try:
                await self._play(verb, argument)
            finally:
                self._note("command", verb=verb, arg=argument, reply=self._said)

    async def _play(self, stage: str, argument: str) -> None:
        moves = self._moves(stage)
        if moves is None:
            await self._answer(stage, argument)
            self._over = stage == "QUIT"
            return
        for move in moves:
            await self._make(move, stage, argument)
            if self._over:
                return

    def _moves(self, stage: str) -> list[Move] | None:
        stages = self._case.stages
        if self._secure:  # what was said in the clear no longer holds
            return stages.get(f"TLS_{stage}")
        return stages.get(f"{stage}{self._counts[stage]}", stages.get(stage))

    async def _answer(self, stage: str, argument: str) -> None:
        await self._send(ordinary(stage, argument).encode("latin-1"))

    async def _make(self, move: Move, stage: str, argument: str) -> None:
        match move:
            case {"wait": float(seconds)}:
                await self._wait(seconds)
            case {"wait_each": float(seconds)}:
                await self._wait(seconds * self._counts[stage])
            case {"linger": float(seconds)}:
                await self._linger(seconds)
            case {"hear": int(size)}:
                await self._reader.read(size)
            case {"tls": int(chain_bytes)}:
                await self._begin_tls(chain_bytes)
            case _:
                await self._say(move, stage, argument)

    async def _say(self, move: Move, stage: str, argument: str) -> None:
        """Make a move that only sends."""
        match move:
            case {"send": str(text)}:
                await self._send(text.encode("latin-1"))
            case {"ordinary": True}:
                await self._answer(stage, argument)
            case {"repeat": str(text), "every": float(every), "times": int(times)}:
                await self._repeat(text.encode("latin-1"), every, times)
            case {"drip": str(text), "every": float(every)}:
                for byte in text.encode("latin-1"):
                    await self._repeat(bytes((byte,)), every, 1)
            case {"noise": int(size)}:
                await self._send(hashlib.shake_128(b"noise").digest(size))
            case _:
                await self._remember(move, stage, argument)

    async def _remember(self, move: Move, stage: str, argument: str) -> None:
        """Make a move that goes by what the server has seen of its callers."""
        match move:
            case {"greylist": float(seconds)}:
                first = self._memory.first_asked.setdefault(argument, self._now())
                grey = self._now() < first + seconds
                await (self._send(_GREY) if grey else self._answer(stage, argument))
            case {"share": float(share), "say": str(text)}:
                put_off = fate(1, self._case.name, argument) < share
                data = text.encode("latin-1")
                await (self._send(data) if put_off else self._answer(stage, argument))
            case {"errors": int(soft), "ends": int(hard)}:
                await self._count_errors(stage, argument, soft, hard)
            case {"anvil": int(most), "spacing": float(spacing)}:
                soon = self._now() - self._memory.connected_at < spacing
                self._memory.connected_at = self._now()
                if soon or self._memory.open_now > most:
                    await self._send(_ANVIL)
                    self._over, self.ended_by = True, "server"
            case _:
                await self._end(move)

    async def _count_errors(self, stage: str, argument: str, soft: int, hard: int) -> None:
        """Answer as Postfix does: errors first cost time, then the session."""
        self._errors += ordinary(stage, argument).startswith("5")
        if self._errors >= hard:
            await self._send(_TOO_MANY_ERRORS)
            self._over, self.ended_by = True, "server"
            return
        await self._wait(_ERROR_SLEEP if self._errors > soft else 0.0)
        await self._answer(stage, argument)

    async def _begin_tls(self, chain_bytes: int) -> None:
        try:
            await self._writer.start_tls(server_context(chain_bytes))
        except OSError:
            self._over, self.ended_by = True, "server"
        self._secure = True
        self._counts.clear()

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
        if self.ended_by != "quit":
            self.ended_by = "server"
        if "deaf" in move:
            await self._be_deaf(move["deaf"] * self._io_scale)
        if "deaf" in move or "hang" in move:
            await self._outlast()
        if "reset" in move:
            sock = self._writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        if "reset" in move or "cut" in move:  # a cut tells TLS nothing of the end
            self._writer.transport.abort()

    async def _be_deaf(self, seconds: float) -> None:
        """Read nothing for so long; that the caller hangs up only the system hears."""
        loop, transport = asyncio.get_running_loop(), self._writer.transport
        connection = self._writer.get_extra_info("socket")
        transport.pause_reading()  # type: ignore[attr-defined]  # a Transport
        ends = loop.time() + seconds
        while loop.time() < ends:
            state = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)
            if state[0] != _ESTABLISHED:
                self._reader.hang_up()
            await asyncio.sleep(_LOOK_SECONDS)
        transport.resume_reading()  # type: ignore[attr-defined]  # a Transport

    async def _outlast(self) -> None:
        """Say no more until the caller goes; note whether it took its leave."""
        self._reader.server_speaks = False
        if self.ended_by != "quit":
            self.ended_by = "peer"
        last = b""
        while data := await self._reader.read(65_536):
            last = (last + data)[-_LINE:]
        if last.endswith(b"QUIT\r\n"):
            self.ended_by = "quit"

    async def _linger(self, seconds: float) -> None:
        """Wait, but not longer than the caller stays."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds * self._io_scale):
                await self._outlast()

    async def _send(self, data: bytes) -> None:
        pieces = [data]
        if self._case.halves:
            middle = len(data) // 2
            pieces = [data[:middle], data[middle:]]
        if self._case.held:
            await self._hold()
        self._reader.server_speaks = False
        room = _NOTED - len(self._said)
        self._said += data[: max(0, room)].decode("latin-1")
        for place, piece in enumerate(pieces):
            await asyncio.sleep(_HALF_PAUSE if place else 0)
            self._writer.write(piece)
            await self._writer.drain()

    async def _hold(self) -> None:
        self._memory.sent += 1
        if fate(1, self._case.name, str(self._memory.sent)) < self._case.held:
            await self._wait(_HELD_SECONDS)

    async def _wait(self, seconds: float) -> None:
        if seconds:
            await asyncio.sleep(seconds * self._io_scale)


def ordinary(stage: str, argument: str) -> str:
    """Return what an ordinary server says at this stage; recipients by their local part's start."""
    if stage != "RCPT":
        return _NORMAL.get(stage, "502 5.5.2 unknown command\r\n")
    local = argument.partition("<")[2].lower()
    for start, reply in _RECIPIENTS.items():
        if local.startswith(start):
            return reply
    return "550 5.1.1 user unknown\r\n"
