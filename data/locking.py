"""One holder at a time: an advisory lock file that names its holder and counts its holders."""

from __future__ import annotations

import fcntl
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from checks.errors import WarehouseBusyError
from data.files import PRIVATE_FILE

_STEP_SECONDS: Final = 0.2
_CONTENT: Final = re.compile(rb"pid=(\d{1,10}) epoch=(\d{1,18})\n")

Progress = Callable[[int, float], None]
"""Told while waiting: the holder's process id (0: not known) and the seconds waited so far."""


@dataclass(frozen=True, slots=True)
class HeldLock:
    """A lock that this process holds until `release`.

    `epoch` grows by one with every holder: a journal writes it into its records, so that what a
    holder wrote after losing its place can be told apart.
    """

    descriptor: int
    epoch: int

    def release(self) -> None:
        """Let the next one in; the file stays, with the last epoch in it."""
        os.close(self.descriptor)


def take_lock(path: Path, *, wait: float | None, progress: Progress | None = None) -> HeldLock:
    """Take the lock at `path`, waiting at most `wait` seconds (None: not at all).

    Raises WarehouseBusyError that names the holder's process id.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, PRIVATE_FILE)
    started = time.monotonic()
    try:
        while not _try_lock(descriptor):
            waited = time.monotonic() - started
            holder, _ = _read(descriptor)
            _refuse_if_over(path, holder, waited, wait)
            if progress is not None:
                progress(holder, waited)
            time.sleep(_STEP_SECONDS)
        epoch = _read(descriptor)[1] + 1
        _write(descriptor, epoch)
    except BaseException:
        os.close(descriptor)
        raise
    return HeldLock(descriptor, epoch)


def busy(path: Path, holder: int) -> WarehouseBusyError:
    """Return the error for a warehouse that process `holder` (0: not known) has."""
    who = f"process {holder}" if holder else "another process"
    problem = f"warehouse '{path.name}' is in use by {who}"
    return WarehouseBusyError(problem, "wait for it to end, or pass --wait")


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read(descriptor: int) -> tuple[int, int]:
    found = _CONTENT.match(os.pread(descriptor, 64, 0))
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _write(descriptor: int, epoch: int) -> None:
    content = f"pid={os.getpid()} epoch={epoch}\n".encode()
    os.pwrite(descriptor, content, 0)
    os.ftruncate(descriptor, len(content))
    os.fsync(descriptor)


def _refuse_if_over(path: Path, holder: int, waited: float, wait: float | None) -> None:
    if wait is not None and waited < wait:
        return
    raise busy(path.with_name(path.name.removesuffix(".lock")), holder)
