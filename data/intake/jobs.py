"""What the parent asks of the child that reads a file, and what it answers: JSON files."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from data.intake.limits import Limits
from data.intake.mapping import Mapping
from data.intake.settings import IntakeSettings

JOB_FILE: Final = "job.json"
OUTCOME_FILE: Final = "outcome.json"
INPUT_FILE: Final = "input"


@dataclass(frozen=True, slots=True)
class Job:
    """One staged file to be read; with `look_rows` only so many rows, and unmapped ones too.

    `every_column` reads all rows of all columns, as `cell_0`, `cell_1` ..., mapped or not.
    """

    source: str
    settings: IntakeSettings
    limits: Limits
    look_rows: int = 0
    every_column: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error with a remedy, to be raised again by the parent."""

    problem: str
    remedy: str
    wrong_setting: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a job; the rows themselves lie beside it as Parquet parts.

    `format` is xlsx, parquet, jsonl, fixed, delimited; `first_rows` only when looking.
    """

    refusal: Refusal | None = None
    format: str = ""
    encoding: str = ""
    delimiter: str = ""
    header: tuple[str, ...] = ()
    headerless: bool = False
    language: str = "pt"
    mapping: Mapping = field(default_factory=Mapping)
    rows: int = 0
    quarantined: int = 0
    first_rows: tuple[tuple[str | None, ...], ...] = ()


_JOB: Final = TypeAdapter(Job)
_OUTCOME: Final = TypeAdapter(Outcome)


def write_job(folder: Path, job: Job) -> None:
    """Leave a job in its folder."""
    (folder / JOB_FILE).write_bytes(_JOB.dump_json(job))


def read_job(folder: Path) -> Job:
    """Return the job of a folder."""
    return _JOB.validate_json((folder / JOB_FILE).read_bytes())


def write_outcome(folder: Path, outcome: Outcome) -> None:
    """Leave the outcome: whole or not at all."""
    aside = folder / (OUTCOME_FILE + ".tmp")
    aside.write_bytes(_OUTCOME.dump_json(outcome))
    aside.rename(folder / OUTCOME_FILE)


def read_outcome(folder: Path) -> Outcome | None:
    """Return the outcome, or None where the child left none."""
    path = folder / OUTCOME_FILE
    return _OUTCOME.validate_json(path.read_bytes()) if path.exists() else None
