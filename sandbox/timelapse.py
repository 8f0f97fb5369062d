"""A night in seconds: an event loop on which nobody waits, and its time as the policy clock.

    with Timelapse(start_at) as timelapse:
        timelapse.run(main(timelapse.clock))

Servers and caller run on this one loop. Whenever nothing is left to do but wait, the loop's time
leaps to the next moment somebody waits for: deadlines, reply delays, spacing and budgets all keep
their proportions, so that a makespan measured here is that of a real night on an idle machine.
What would run on a thread is done at once; other processes are not waited for and do not belong
here.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from typing import Final, TypeVar

from sandbox.clock import Closable, PolicyClock

T = TypeVar("T")

_POLLS: Final = 3
_SHORT, _SETTLE = 0.2, 0.001
"""Bytes on loopback are there at once, or on a busy machine a moment later: before time leaps over
more than the one, the loop listens for the other, real seconds."""


class _Leaper(selectors.DefaultSelector):
    """Leaps over what it is told to wait for."""

    def __init__(self) -> None:
        super().__init__()
        self.leapt = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        for _ in range(_POLLS):
            if ready := super().select(0):
                return ready
        ready = super().select(_SETTLE) if timeout > _SHORT else []
        if not ready:
            self.leapt += timeout
        return ready


class TimelapseLoop(asyncio.SelectorEventLoop):
    """An event loop whose time stands still while there is work, and leaps where there is none."""

    def __init__(self) -> None:
        """Begin at zero."""
        self._leaper = _Leaper()
        super().__init__(self._leaper)

    def time(self) -> float:
        """Return the seconds leapt over so far."""
        return self._leaper.leapt

    def run_in_executor(
        self, executor: Executor | None, func: Callable[..., T], *args: object
    ) -> asyncio.Future[T]:
        """Do at once what a thread would do: time must not leap over it."""
        del executor
        done: asyncio.Future[T] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as fault:  # noqa: BLE001  it is raised where somebody waits
            done.set_exception(fault)
        return done


class TimelapseClock(PolicyClock):
    """A loop's time as policy time; it moves by itself, as a wall clock does."""

    jumps = False

    def __init__(self, loop: asyncio.AbstractEventLoop, start: float) -> None:
        """Begin at `start`, an epoch in seconds."""
        super().__init__(start)
        self._loop, self._start = loop, start

    def now(self) -> float:
        """Return the policy time as an epoch in seconds."""
        return self._start + self._loop.time()

    def advance(self, to: float) -> float:
        """Return the policy time; nobody can move it."""
        del to
        return self.now()

    async def sleep_until(self, moment: float) -> None:
        """Return at `moment`."""
        await asyncio.sleep(max(0.0, moment - self.now()))


class Timelapse(Closable):
    """A runner of coroutines on a timelapse loop."""

    def __init__(self, start_at: float) -> None:
        """Begin at `start_at`, an epoch in seconds."""
        self._runner = asyncio.Runner(loop_factory=TimelapseLoop)
        self.clock = TimelapseClock(self._runner.get_loop(), start_at)

    def run(self, main: Coroutine[object, object, T]) -> T:
        """Run to the end; time goes on from where the last call left it."""
        return self._runner.run(main)

    def close(self) -> None:
        """Close the loop."""
        self._runner.close()
