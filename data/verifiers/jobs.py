"""What the parent asks of the child that reads a verifier's export, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from data.intake.jobs import JOB_FILE, OUTCOME_FILE, Refusal
from data.intake.limits import Limits
from data.verifiers.table import VerifierTable


@dataclass(frozen=True, slots=True)
class ClaimJob:
    """One staged file to be read by a table of headings and words."""

    source: str
    limits: Limits
    table: VerifierTable


@dataclass(frozen=True, slots=True)
class ClaimOutcome:
    """What became of a job; `tool` is who wrote the file, empty where nothing tells."""

    refusal: Refusal | None = None
    tool: str = ""


_JOB: Final = TypeAdapter(ClaimJob)
_OUTCOME: Final = TypeAdapter(ClaimOutcome)


def write_job(folder: Path, job: ClaimJob) -> None:
    """Leave a job in its folder."""
    (folder / JOB_FILE).write_bytes(_JOB.dump_json(job))


def read_job(folder: Path) -> ClaimJob:
    """Return the job of a folder."""
    return _JOB.validate_json((folder / JOB_FILE).read_bytes())


def write_outcome(folder: Path, outcome: ClaimOutcome) -> None:
    """Leave the outcome: whole or not at all."""
    aside = folder / f"{OUTCOME_FILE}.tmp"
    aside.write_bytes(_OUTCOME.dump_json(outcome))
    aside.rename(folder / OUTCOME_FILE)


def read_outcome(folder: Path) -> ClaimOutcome | None:
    """Return the outcome, or None where the child left none."""
    path = folder / OUTCOME_FILE
    return _OUTCOME.validate_json(path.read_bytes()) if path.exists() else None
