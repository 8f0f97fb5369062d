"""The policy clock: real time, or a lab's virtual time that jumps when nothing is left to do."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from checks.errors import SettingError
from checks.mailbox.pace import PolicyClock, WallClock
from flows.settings import SmtpSettings

MOST_ANSWER = 64  # bytes of a lab clock's answer


class Clock(PolicyClock, Protocol):
    """Policy time as the mailbox check takes it, and as a moment."""

    def moment(self) -> dt.datetime:
        """Return the policy time as a moment in UTC, whole seconds."""
        ...


class RealClock(WallClock):
    """The wall clock, for asking real servers."""

    def moment(self) -> dt.datetime:
        """Return the wall clock's moment in UTC."""
        return dt.datetime.fromtimestamp(int(self.now()), dt.UTC)


class LabClock:
    """A lab's clock, told over a loopback connection to jump when we would wait."""

    jumps = True

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take the open connection; `read` must be called before `now`."""
        self._reader = reader
        self._writer = writer
        self._now = 0.0
        self._turn = asyncio.Lock()

    def now(self) -> float:
        """Return the lab's time as last heard."""
        return self._now

    async def read(self) -> None:
        """Hear what time it is in the lab."""
        await self._ask("now")

    async def sleep_until(self, moment: float) -> None:
        """Have the lab jump to the moment."""
        if moment > self._now:
            await self._ask(f"advance {moment!r}")

    def moment(self) -> dt.datetime:
        """Return the lab's moment in UTC."""
        return dt.datetime.fromtimestamp(int(self._now), dt.UTC)

    async def _ask(self, line: str) -> None:
        async with self._turn:
            self._writer.write(f"{line}\n".encode())
            await self._writer.drain()
            answer = await self._reader.readline()
        try:
            self._now = max(self._now, float(answer[:MOST_ANSWER]))
        except ValueError:
            problem = "the lab's clock gives no time"
            raise SettingError(problem, "start the sandbox again, or take lab_clock out") from None


@asynccontextmanager
async def policy_clock(settings: SmtpSettings) -> AsyncIterator[Clock]:
    """Open the clock that `[smtp] lab_clock` names, or the real one."""
    if not settings.lab_clock:
        yield RealClock()
        return
    host, _, port = settings.lab_clock.rpartition(":")
    try:
        reader, writer = await asyncio.open_connection(host, int(port))
    except (OSError, ValueError):
        problem = f"the lab's clock '{settings.lab_clock}' does not answer"
        raise SettingError(problem, "start the sandbox, or take [smtp] lab_clock out") from None
    clock = LabClock(reader, writer)
    try:
        await clock.read()
        yield clock
    finally:
        writer.close()
        await writer.wait_closed()
