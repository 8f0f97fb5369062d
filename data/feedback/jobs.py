"""What the parent asks of the child that reads an event file, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from data.feedback.mapping import EventMapping
from data.intake.jobs import INPUT_FILE, JOB_FILE, OUTCOME_FILE, Refusal
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


_JOB: Final = TypeAdapter(EventJob)
_OUTCOME: Final = TypeAdapter(EventOutcome)


def write_event_job(folder: Path, job: EventJob) -> None:
    """Leave a job in its folder."""
    (folder / JOB_FILE).write_bytes(_JOB.dump_json(job))


def read_event_job(folder: Path) -> EventJob:
    """Return the job of a folder."""
    return _JOB.validate_json((folder / JOB_FILE).read_bytes())


def write_event_outcome(folder: Path, outcome: EventOutcome) -> None:
    """Leave the outcome: whole or not at all."""
    aside = folder / f"{OUTCOME_FILE}.tmp"
    aside.write_bytes(_OUTCOME.dump_json(outcome))
    aside.rename(folder / OUTCOME_FILE)


def read_event_outcome(folder: Path) -> EventOutcome | None:
    """Return the outcome, or None where the child left none."""
    path = folder / OUTCOME_FILE
    return _OUTCOME.validate_json(path.read_bytes()) if path.exists() else None


__all__ = [
    "INPUT_FILE",
    "LARGEST_FILE",
    "EventJob",
    "EventOutcome",
    "event_limits",
    "read_event_job",
    "read_event_outcome",
    "write_event_job",
    "write_event_outcome",
]
