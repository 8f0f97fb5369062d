"""What the parent asks of the child that reads a file, and what it answers: JSON files."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from data.intake.desk import INPUT_FILE, Desk, Refusal
from data.intake.limits import Limits
from data.intake.mapping import Mapping
from data.intake.settings import IntakeSettings


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


DESK: Final = Desk("data.intake.child", Job, Outcome, Outcome)

__all__ = ["DESK", "INPUT_FILE", "Job", "Outcome"]
