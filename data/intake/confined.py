"""Reading a staged portfolio file in a limited child."""

from __future__ import annotations

from pathlib import Path

from data.intake.jobs import DESK, Job, Outcome


def run_confined(folder: Path, job: Job) -> Outcome:
    """Read the staged file of a folder in a limited child; raise what the child refused."""
    return DESK.ask(folder, job)
