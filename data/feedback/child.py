"""Reads one untrusted event file inside tight limits: `python -m data.feedback.child FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

from data.feedback.jobs import DESK, EventJob, EventOutcome
from data.feedback.opening import OpenedEvents, open_events
from data.intake.desk import FAULT_PARTS, INPUT_FILE, ROW_PARTS, write_part


def run_event_job(folder: Path, job: EventJob) -> EventOutcome:
    """Open the file by its content and write ROWS and FAULTS as Parquet parts."""
    opened: OpenedEvents = open_events(job.source, folder / INPUT_FILE, job.mapping)
    for place, (rows, faults) in enumerate(opened.batches):
        write_part(folder, ROW_PARTS, place, rows)
        write_part(folder, FAULT_PARTS, place, faults)
    return EventOutcome(format=opened.format, is_signed=opened.is_signed)


if __name__ == "__main__":
    sys.exit(DESK.serve(run_event_job))
