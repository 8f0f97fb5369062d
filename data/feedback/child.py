"""Reads one untrusted event file inside tight limits: `python -m data.feedback.child FOLDER`.

Nothing is printed, and no error text leaves the child but refusals, which hold no values.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import polars as pl

from checks.errors import EntregaError
from data.feedback.jobs import (
    INPUT_FILE,
    EventJob,
    EventOutcome,
    read_event_job,
    write_event_outcome,
)
from data.feedback.opening import OpenedEvents, open_events
from data.intake.jobs import Refusal
from data.intake.limits import confine

PART: Final = "{kind}-{place:06d}.parquet"


def main() -> int:
    """Read the job of the folder named on the command line and leave its outcome there."""
    folder = Path(sys.argv[1])
    job = read_event_job(folder)
    confine(job.limits)
    try:
        outcome = run_event_job(folder, job)
    except EntregaError as error:
        outcome = EventOutcome(refusal=Refusal(error.problem, error.remedy, wrong_setting=False))
    write_event_outcome(folder, outcome)
    return 0


def run_event_job(folder: Path, job: EventJob) -> EventOutcome:
    """Open the file by its content and write ROWS and FAULTS as Parquet parts."""
    opened: OpenedEvents = open_events(job.source, folder / INPUT_FILE, job.mapping)
    for place, (rows, faults) in enumerate(opened.batches):
        _write_part(folder, "rows", place, rows)
        _write_part(folder, "faults", place, faults)
    return EventOutcome(format=opened.format, is_signed=opened.is_signed)


def read_parts(folder: Path, kind: str) -> Iterator[pl.DataFrame]:
    """Return what a child wrote, `rows` or `faults`, part by part."""
    for path in sorted(folder.glob(f"{kind}-*.parquet")):
        yield pl.read_parquet(path)


def _write_part(folder: Path, kind: str, place: int, frame: pl.DataFrame) -> None:
    if frame.height:
        path = folder / PART.format(kind=kind, place=place)
        frame.write_parquet(path, compression="zstd", compression_level=1)


if __name__ == "__main__":
    sys.exit(main())
