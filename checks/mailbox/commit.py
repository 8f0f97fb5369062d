"""One fsync for many: who must have a record on the disk waits for the next one, not for his own.

A disk takes milliseconds to a second for an fsync; done on the event loop, and once a wave, it
would hold up every session under way, and a server's greeting would count as late.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final, Protocol

EVERY: Final = 0.025
"""Seconds after which records are brought to the disk for whom nobody waits."""


class Flushing(Protocol):
    """What of a journal is needed here."""

    def flush(self) -> None:
        """Have every record on the disk; called on a thread of its own, one call at a time."""
        ...


class GroupCommit:
    """Has a journal's records on the disk, for many workers of one event loop."""

    def __init__(self, journal: Flushing) -> None:
        """Begin with nobody waiting."""
        self._journal = journal
        self._next: asyncio.Future[None] | None = None
        self._work: asyncio.Task[None] | None = None

    async def written(self) -> None:
        """Return when every record that was written until now is on the disk.

        Raises what the journal raises.
        """
        if self._next is None:
            self._next = asyncio.get_running_loop().create_future()
        if self._work is None:
            self._work = asyncio.create_task(self._flush())
        await asyncio.shield(self._next)

    @asynccontextmanager
    async def kept_up(self) -> AsyncIterator[None]:
        """Bring records to the disk for the length of the block, also where nobody waits."""
        keeping = asyncio.create_task(self._keep_up())
        try:
            yield
        finally:
            keeping.cancel()
            with suppress(asyncio.CancelledError):
                await keeping

    async def _keep_up(self) -> None:
        while True:
            await asyncio.sleep(EVERY)
            await self.written()

    async def _flush(self) -> None:
        while (waiting := self._next) is not None:
            self._next = None
            try:
                await asyncio.to_thread(self._journal.flush)
            except Exception as error:  # noqa: BLE001  it is raised where somebody waits
                waiting.set_exception(error)
            else:
                waiting.set_result(None)
        self._work = None
