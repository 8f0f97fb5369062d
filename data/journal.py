"""The journal: what was asked is written before it is asked, and survives any kill.

A file holds a title line and records. A record is four bytes of length, four of CRC-32 over
length and body (both little-endian), and a body of JSON. The first record that is cut short,
damaged or out of sequence ends the journal: what stands before it is true, what follows was
never acknowledged.
"""

from __future__ import annotations

import fcntl
import json
import os
import struct
import time
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from threading import Lock
from typing import BinaryIO, Final, Self

from checks.errors import EntregaError, InterruptedRunError
from data.files import PRIVATE_FILE, sync_folder

TITLE: Final = b"entrega journal 1\n"
LONGEST_BODY: Final = 1 << 20  # a record is an address's question or answer, not a file
GROUP_SECONDS: Final = 1.0
_HEAD: Final = struct.Struct("<II")


class JournalRefusedError(EntregaError):
    """A file is no journal, or a later holder has written into it."""


class JournalStoppedError(InterruptedRunError):
    """The disk did not take a record: nothing may be asked any more.

    After a failed fsync the kernel may have dropped the bytes and forgotten that it did
    (Rebello et al., USENIX ATC 2020), so it is never tried again.
    """


class Kind(StrEnum):
    """What a record tells: that something will be asked, or how that ended."""

    INTENT = "intent"
    RESULT = "result"


@dataclass(frozen=True, slots=True)
class Record:
    """One line of the journal."""

    sequence: int  # from 1, without gaps
    epoch: int  # of the holder that wrote it; never falls
    kind: Kind
    intent: int  # sequence number of the intent: its own, or the one a result belongs to
    payload: Mapping[str, object]


class Journal:
    """An open journal, written by one holder at a time; use as a context manager.

    Records are grouped: they are safe after `flush`, which `append` calls by itself when the
    oldest of them has waited a second. Whoever is about to act on an intent flushes first; that
    may be done on another thread, and records are written meanwhile.
    """

    def __init__(
        self, descriptor: int, *, epoch: int, sequence: int, clock: Callable[[], float]
    ) -> None:
        """Take an open file that ends after record `sequence`; see `open`."""
        self._descriptor = descriptor
        self._epoch = epoch
        self._sequence = sequence
        self._clock = clock
        self._size = os.fstat(descriptor).st_size
        self._waiting_since: float | None = None
        self._turn = Lock()
        self._stopped = False

    @classmethod
    def open(cls, path: Path, *, epoch: int, clock: Callable[[], float] = time.monotonic) -> Self:
        """Open a journal for appending, or make it; a torn end is cut off.

        `epoch` is the warehouse's. Raises JournalRefusedError for a file that is no journal, that
        another process has open, or that a later epoch has written into.
        """
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(path, flags, PRIVATE_FILE)
        try:
            _take(descriptor, path)
            end = _recover(descriptor, path, epoch)
            sync_folder(path.parent)
        except BaseException:
            os.close(descriptor)
            raise
        return cls(descriptor, epoch=epoch, sequence=end, clock=clock)

    def intend(self, payload: Mapping[str, object]) -> int:
        """Note what is going to be asked; return its sequence number."""
        return self._append(Kind.INTENT, self._sequence + 1, payload)

    def conclude(self, intent: int, payload: Mapping[str, object]) -> int:
        """Note how the intent of that number ended; return the record's own number."""
        return self._append(Kind.RESULT, intent, payload)

    @property
    def is_flushed(self) -> bool:
        """Whether every record is on the disk."""
        return self._waiting_since is None

    def flush(self) -> None:
        """Have every record on the disk, or stop for good."""
        with self._turn:
            self._refuse_when_stopped()
            if self._waiting_since is None:
                return
            self._waiting_since = None  # what is written from now on waits for the next one
            try:
                os.fsync(self._descriptor)
            except OSError as error:
                raise self._stop(error) from error

    def close(self) -> None:
        """Flush and let the file go."""
        try:
            if not self._stopped:
                self.flush()
        finally:
            os.close(self._descriptor)

    def __enter__(self) -> Self:
        """Return the journal itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the journal, whatever happened."""
        self.close()

    def _append(self, kind: Kind, intent: int, payload: Mapping[str, object]) -> int:
        self._refuse_when_stopped()
        record = Record(self._sequence + 1, self._epoch, kind, intent, payload)
        self._write(encode_record(record))
        self._sequence = record.sequence
        now, waiting_since = self._clock(), self._waiting_since
        if waiting_since is None:
            self._waiting_since = now
        elif now - waiting_since >= GROUP_SECONDS and not self._turn.locked():
            self.flush()
        return record.sequence

    def _write(self, frame: bytes) -> None:
        if os.fstat(self._descriptor).st_size != self._size:
            self._stopped = True
            problem = "another process has written into the journal"
            raise JournalRefusedError(problem, "let it end, then pass --resume")
        try:
            written = os.write(self._descriptor, frame)
        except OSError as error:
            raise self._stop(error) from error
        if written != len(frame):  # a full disk takes a part and says so only the next time
            raise self._stop(OSError("short write"))
        self._size += written

    def _stop(self, error: OSError) -> JournalStoppedError:
        self._stopped = True
        why = error.strerror or str(error)
        return JournalStoppedError(f"the journal cannot be written ({why})", _STOPPED_REMEDY)

    def _refuse_when_stopped(self) -> None:
        if self._stopped:
            problem = "the journal was stopped before"
            raise JournalStoppedError(problem, _STOPPED_REMEDY)


_STOPPED_REMEDY: Final = "see that the disk is whole and not full, then pass --resume"


def read_journal(path: Path) -> Iterator[Record]:
    """Yield the records of a journal up to the first that is torn.

    Raises JournalRefusedError for a file that is no journal.
    """
    with path.open("rb", buffering=LONGEST_BODY) as file:
        _check_title(file, path)
        for record, _ in _records(file):
            yield record


def in_doubt(records: Iterable[Record]) -> list[Record]:
    """Return the intents without a result, in order: they were asked, or perhaps not."""
    open_intents: dict[int, Record] = {}
    for record in records:
        if record.kind is Kind.INTENT:
            open_intents[record.sequence] = record
        else:
            open_intents.pop(record.intent, None)
    return list(open_intents.values())


def encode_record(record: Record) -> bytes:
    """Return a record's bytes; raise ValueError for a payload that is too long or not JSON.

    >>> len(encode_record(Record(1, 1, Kind.INTENT, 1, {"domain": "example.test"})))
    50
    """
    parts = [record.sequence, record.epoch, record.kind, record.intent, record.payload]
    body = json.dumps(parts, separators=(",", ":"), allow_nan=False).encode("ascii")
    if len(body) > LONGEST_BODY:
        message = f"a journal record of {len(body)} bytes is longer than {LONGEST_BODY}"
        raise ValueError(message)
    return _HEAD.pack(len(body), _checksum(body)) + body


def _checksum(body: bytes) -> int:
    return zlib.crc32(body, zlib.crc32(len(body).to_bytes(4, "little")))


def _records(file: BinaryIO) -> Iterator[tuple[Record, int]]:
    """Yield each record with the offset of its end, until one does not hold."""
    end, sequence, epoch = file.tell(), 0, 0
    while (frame := _next_body(file)) is not None:
        record = _parse(frame)
        if record is None or record.sequence != sequence + 1 or record.epoch < epoch:
            return
        sequence, epoch = record.sequence, record.epoch
        end += _HEAD.size + len(frame)
        yield record, end


def _next_body(file: BinaryIO) -> bytes | None:
    head = file.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    length, checksum = _HEAD.unpack(head)
    if length > LONGEST_BODY:
        return None
    body = file.read(length)
    return body if len(body) == length and _checksum(body) == checksum else None


def _parse(body: bytes) -> Record | None:
    try:
        sequence, epoch, kind, intent, payload = json.loads(body)
        record = Record(sequence, epoch, Kind(kind), intent, payload)
    except (ValueError, TypeError):  # the checksum holds, so another program wrote it
        return None
    numbers = all(type(number) is int for number in (sequence, epoch, intent))
    return record if numbers and isinstance(payload, dict) else None


def _check_title(file: BinaryIO, path: Path) -> bool:
    """Return whether the whole title is there; a part of it is a journal killed at its birth."""
    title = file.read(len(TITLE))
    if not TITLE.startswith(title):
        problem = f"'{path.name}' is not a journal of this release"
        raise JournalRefusedError(problem, "move it aside; what it asked will be asked again")
    return title == TITLE


def _take(descriptor: int, path: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        problem = f"journal '{path.name}' is open in another process"
        raise JournalRefusedError(problem, "let it end, then pass --resume") from None


def _recover(descriptor: int, path: Path, epoch: int) -> int:
    """Cut the torn end off, or write the title; return the last sequence number."""
    sequence, newest_epoch, end = 0, 0, len(TITLE)
    with os.fdopen(os.dup(descriptor), "rb", buffering=LONGEST_BODY) as file:
        file.seek(0)
        if not _check_title(file, path):
            os.ftruncate(descriptor, 0)
            os.write(descriptor, TITLE)
        for last, last_end in deque(_records(file), maxlen=1):
            sequence, newest_epoch, end = last.sequence, last.epoch, last_end
    if newest_epoch > epoch:
        problem = f"journal '{path.name}' was continued by a later run"
        raise JournalRefusedError(problem, "pass --resume to take it up")
    os.ftruncate(descriptor, end)
    os.fsync(descriptor)
    return sequence
