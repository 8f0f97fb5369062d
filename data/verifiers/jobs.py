"""What the parent asks of the child that reads a verifier's export, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from data.intake.desk import Desk, Refusal
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


DESK: Final = Desk("data.verifiers.child", ClaimJob, ClaimOutcome, ClaimOutcome)
