"""What the parent asks of the child that reads an event file, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from data.feedback.mapping import EventMapping
from data.intake.desk import Desk, Refusal
from data.intake.limits import GIB, MIB, Limits

LARGEST_FILE: Final = 4 * GIB

_MEMORY: Final = 3 * GIB
_LEAST_SECONDS: Final = 30
_BYTES_PER_SECOND: Final = MIB  # honest files are read 20 times as fast: benchmarks/feedback.py


def event_limits(size: int) -> Limits:
    """Return what reading an event file of so many bytes may take of this machine.

    >>> event_limits(10 * MIB).cpu_seconds
    40
    """
    seconds = _LEAST_SECONDS + size // _BYTES_PER_SECOND
    return Limits(
        file_bytes=LARGEST_FILE,
        memory_bytes=_MEMORY,
        cpu_seconds=seconds,
        wall_seconds=4.0 * seconds,  # others use the machine too
    )


@dataclass(frozen=True, slots=True)
class EventJob:
    """One staged event file to be read, by a mapping where one is given."""

    source: str
    limits: Limits
    mapping: EventMapping | None = None


@dataclass(frozen=True, slots=True)
class EventOutcome:
    """What became of a job; the rows and faults lie beside it as Parquet parts.

    `format` is plain, mapped, mail, or a provider's name.
    """

    refusal: Refusal | None = None
    format: str = ""
    is_signed: bool = False


DESK: Final = Desk("data.feedback.child", EventJob, EventOutcome, EventOutcome)
