"""One fsync for many: nobody waits for his own, nobody is told before it, and faults are told."""

from __future__ import annotations

import asyncio
import threading

import pytest

from checks.mailbox.commit import GroupCommit


class SlowDisk:
    """A journal whose flush waits until it is let go; keeps on which thread it ran."""

    def __init__(self, fault: OSError | None = None) -> None:
        """Begin with nothing flushed."""
        self.may_end = threading.Event()
        self.begun = threading.Semaphore(0)
        self.ended = 0
        self.threads: set[int] = set()
        self._fault = fault

    def flush(self) -> None:
        """Wait, then raise the fault, if there is one."""
        self.begun.release()
        self.threads.add(threading.get_ident())
        self.may_end.wait(5)
        if self._fault is not None:
            raise self._fault
        self.ended += 1


async def begun(disk: SlowDisk, flushes: int) -> None:
    for _ in range(flushes):
        assert await asyncio.to_thread(disk.begun.acquire, timeout=5)


def test_many_share_one_flush_and_latecomers_wait_for_the_next() -> None:
    async def run() -> None:
        disk = SlowDisk()
        commit = GroupCommit(disk)
        first = [asyncio.create_task(commit.written()) for _ in range(50)]
        await begun(disk, 1)
        late = [asyncio.create_task(commit.written()) for _ in range(50)]
        await asyncio.sleep(0.01)
        assert not any(task.done() for task in first)  # and the loop goes on meanwhile
        disk.may_end.set()
        await asyncio.gather(*first, *late)
        assert disk.ended == 2

    asyncio.run(run())


def test_the_disk_is_waited_for_on_another_thread() -> None:
    async def run() -> None:
        disk = SlowDisk()
        disk.may_end.set()
        await GroupCommit(disk).written()
        assert threading.get_ident() not in disk.threads

    asyncio.run(run())


def test_a_fault_of_the_disk_is_raised_where_somebody_waits() -> None:
    async def run() -> None:
        disk = SlowDisk(OSError("full"))
        disk.may_end.set()
        commit = GroupCommit(disk)
        for _ in range(2):
            with pytest.raises(OSError, match="full"):
                await commit.written()

    asyncio.run(run())


def test_records_are_brought_to_the_disk_though_nobody_waits() -> None:
    async def run() -> None:
        disk = SlowDisk()
        disk.may_end.set()
        async with GroupCommit(disk).kept_up():
            await begun(disk, 3)

    asyncio.run(run())


def test_a_fault_while_keeping_up_is_not_lost() -> None:
    async def run() -> None:
        disk = SlowDisk(OSError("full"))
        disk.may_end.set()
        async with GroupCommit(disk).kept_up():
            await begun(disk, 1)
            await asyncio.sleep(0.05)

    with pytest.raises(OSError, match="full"):
        asyncio.run(run())
