"""The policy clock, and waiting on it: spacing, budgets and retries go by it, deadlines do not.

The clock is the wall clock in a real run. In a sandbox it is virtual and jumps to the next
moment somebody waits for, but only when nothing else is left to do.
"""

from __future__ import annotations

import asyncio
import heapq
import math
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final, Protocol, TypeVar

T = TypeVar("T")

_WOKEN_AT_ONCE: Final = 100  # in one turn of the event loop: thousands would hold up every reply


class PolicyClock(Protocol):
    """Seconds since the epoch, and a way to let them pass."""

    @property
    def jumps(self) -> bool:
        """Whether time passes only by `sleep_until`."""
        ...

    def now(self) -> float:
        """Return the policy time."""
        ...

    async def sleep_until(self, moment: float) -> None:
        """Return at `moment` or later; at once if it has passed."""
        ...


class WallClock:
    """The clock of real runs: the wall clock at its beginning, and steady from then on.

    A wall clock that is set while we ask would stop us for a day, or empty every budget at once.
    """

    jumps = False

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin at what the wall clock shows now."""
        self._steady, self._ahead = steady, wall() - steady()

    def now(self) -> float:
        """Return the seconds since the epoch."""
        return self._ahead + self._steady()

    async def sleep_until(self, moment: float) -> None:
        """Sleep; whoever must not be early looks at the clock again."""
        await asyncio.sleep(max(0.0, moment - self.now()))


class JumpClock:
    """A virtual clock inside this process, for simulations."""

    jumps = True

    def __init__(self, start: float = 0.0) -> None:
        """Begin at `start`."""
        self._now = start

    def now(self) -> float:
        """Return the virtual time."""
        return self._now

    async def sleep_until(self, moment: float) -> None:
        """Jump."""
        self._now = max(self._now, moment)


class Pace:
    """Lets many workers wait on one policy clock.

    A virtual clock is moved when every worker waits here. Workers are counted: whoever runs is
    at work; `gather` hands its place to the workers it starts and gets it back from the last.
    """

    def __init__(self, clock: PolicyClock) -> None:
        """Begin with nobody at work."""
        self._clock = clock
        self._at_work = 0
        self._waiting: list[tuple[float, int, asyncio.Future[None]]] = []
        self._ticket = 0
        self._mover: asyncio.Task[None] | None = None

    def now(self) -> float:
        """Return the policy time."""
        return self._clock.now()

    async def until(self, moment: float) -> None:
        """Wait until `moment` on the policy clock; only for workers of `gather`."""
        if moment <= self.now():
            return
        if not self._clock.jumps:
            await self._clock.sleep_until(moment)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.wake_at(moment, woken)
        self.leave_work()
        await woken  # whoever wakes us has counted us in

    @asynccontextmanager
    async def crew(self) -> AsyncIterator[Crew]:
        """Let a worker start others as it goes; they have ended when the block has.

        The first exception of any of them ends the others and is raised.
        """
        try:
            async with asyncio.TaskGroup() as group:
                yield Crew(self, group, jumps=self._clock.jumps)
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None

    async def gather(self, workers: Iterable[Coroutine[object, object, T]]) -> list[T]:
        """Run workers to their end, results in their order; the caller is one itself or the root.

        The first exception ends the others and is raised.
        """
        todo = list(workers)
        if not todo:
            return []
        is_root = self._at_work == 0
        self._at_work += len(todo) - (0 if is_root else 1)
        left = len(todo)

        async def work(worker: Coroutine[Any, Any, T]) -> T:
            nonlocal left
            try:
                return await worker
            finally:
                left -= 1
                if left or is_root:  # the last hands its place back to the caller
                    self.leave_work()

        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(work(worker)) for worker in todo]
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None
        return [task.result() for task in tasks]

    def wake_at(self, moment: float, woken: asyncio.Future[None]) -> None:
        """Have a waiting worker woken, and counted in, once everybody waits and it is time."""
        heapq.heappush(self._waiting, (moment, self._ticket, woken))
        self._ticket += 1

    def enter_work(self) -> None:
        """Count one more worker in."""
        self._at_work += 1

    def leave_work(self) -> None:
        """Count a worker out who ends or waits; the last one lets a virtual clock move."""
        self._at_work -= 1
        if self._at_work == 0 and self._waiting and self._mover is None:
            self._mover = asyncio.get_running_loop().create_task(self._move())

    async def _move(self) -> None:
        while self._waiting and self._waiting[0][-1].done():  # woken earlier than it had asked for
            heapq.heappop(self._waiting)
        if self._waiting:
            await self._clock.sleep_until(self._waiting[0][0])
        self._mover = None
        now, due = self.now(), dict[asyncio.Future[None], None]()
        while self._waiting and self._waiting[0][0] <= now:
            *_, woken = heapq.heappop(self._waiting)
            if not woken.done():
                due[woken] = None  # once, though it may wait for several reasons
        self._at_work += len(due)  # all of them at once: nobody moves the clock in between
        for place, woken in enumerate(due, start=1):
            if not woken.done():
                woken.set_result(None)
            if place % _WOKEN_AT_ONCE == 0:
                await asyncio.sleep(0)


class Crew:
    """Workers whom one worker starts as it goes, and who wake it when they end."""

    def __init__(self, pace: Pace, group: asyncio.TaskGroup, *, jumps: bool) -> None:
        """Begin with nobody; from `Pace.crew`."""
        self._pace, self._group, self._jumps = pace, group, jumps
        self._bell = asyncio.Event()
        self._woken: asyncio.Future[None] | None = None

    def start(self, worker: Coroutine[object, object, None]) -> None:
        """Let a worker begin."""
        self._pace.enter_work()
        self._group.create_task(self._work(worker))

    async def wait(self, moment: float) -> None:
        """Return at `moment`, or when a worker has ended since the last call; infinity: only then.

        On a virtual clock not before all who work at this moment are done, so that it does not
        matter which of them was the quickest.
        """
        if self._jumps:
            await self._wait_for_quiet(moment)
        else:
            seconds = None if moment == math.inf else max(0.0, moment - self._pace.now())
            try:
                async with asyncio.timeout(seconds):
                    await self._bell.wait()
            except TimeoutError:
                pass
        self._bell.clear()

    async def _work(self, worker: Coroutine[object, object, None]) -> None:
        try:
            await worker
        finally:
            self._bell.set()
            if self._woken is not None:
                self._pace.wake_at(self._pace.now(), self._woken)
            self._pace.leave_work()

    async def _wait_for_quiet(self, moment: float) -> None:
        self._woken = asyncio.get_running_loop().create_future()
        if self._bell.is_set():
            moment = self._pace.now()
        if moment < math.inf:
            self._pace.wake_at(moment, self._woken)
        self._pace.leave_work()
        await self._woken
        self._woken = None


class Spacing:
    """Keeps connects to one address apart, across sessions, shards and restarts."""

    def __init__(
        self,
        pace: Pace,
        seconds: float,
        connected: Mapping[str, float],
        open_until: Mapping[str, float] | None = None,
    ) -> None:
        """Begin with the last connects that journals know of.

        `open_until`: where a crash has cut a session off, and until when it may be open there.
        Moments of connects that are still to come were written by a clock that has been set back.
        """
        self._pace, self._seconds = pace, seconds
        now = pace.now()
        self._free = {ip: min(moment, now) + seconds for ip, moment in connected.items()}
        for ip, moment in (open_until or {}).items():
            self._free[ip] = max(moment, self._free.get(ip, moment))

    async def opening(self, ip: str) -> None:
        """Return when an address may be connected to, without taking the turn."""
        while (free := self._free.get(ip, self._pace.now())) > self._pace.now():
            await self._pace.until(free)

    async def turn(self, ip: str) -> None:
        """Return when an address may be connected to; the turn is taken by returning."""
        await self.opening(ip)
        self._free[ip] = self._pace.now() + self._seconds

    def connected(self, ip: str) -> None:
        """Count from now: the server has seen us later than we set out."""
        self._free[ip] = max(self._free.get(ip, 0.0), self._pace.now() + self._seconds)
