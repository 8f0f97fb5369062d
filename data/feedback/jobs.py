"""What the parent asks of the child that reads an event file, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from data.feedback.mapping import EventMapping
from data.intake.jobs import INPUT_FILE, JOB_FILE, OUTCOME_FILE, Refusal
from data.intake.limits import GIB, Limits

EVENT_LIMITS: Final = Limits(file_bytes=4 * GIB, memory_bytes=3 * GIB)
"""What reading one event file may take of this machine."""


@dataclass(frozen=True, slots=True)
class EventJob:
    """One staged event file to be read, by a mapping where one is given."""

    source: str
    limits: Limits = EVENT_LIMITS
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
    "EVENT_LIMITS",
    "INPUT_FILE",
    "EventJob",
    "EventOutcome",
    "read_event_job",
    "read_event_outcome",
    "write_event_job",
    "write_event_outcome",
]
