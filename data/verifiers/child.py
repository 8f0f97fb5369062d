"""Reads one verifier's export inside tight limits: `python -m data.verifiers.child FOLDER`.

Nothing is printed, and no error text leaves the child but refusals, which hold no values.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import polars as pl

from checks.errors import EntregaError
from data.intake.jobs import INPUT_FILE, Refusal
from data.intake.limits import confine
from data.intake.opening import open_table
from data.intake.settings import IntakeSettings
from data.intake.tables import FAULTS
from data.intake.vocabulary import load_vocabulary
from data.verifiers.jobs import ClaimJob, ClaimOutcome, read_job, write_outcome
from data.verifiers.table import Columns

ROLES: Final = tuple(Columns.model_fields)
ROWS: Final = pl.Schema({"line": pl.Int64(), **dict.fromkeys(ROLES, pl.String())})
"""Cells of the known columns as text; null where a file has no such column."""


def main() -> int:
    """Read the job of the folder named on the command line and leave its outcome there."""
    folder = Path(sys.argv[1])
    job = read_job(folder)
    confine(job.limits)
    try:
        outcome = run_job(folder, job)
    except EntregaError as error:
        outcome = ClaimOutcome(refusal=Refusal(error.problem, error.remedy, wrong_setting=False))
    write_outcome(folder, outcome)
    return 0


def run_job(folder: Path, job: ClaimJob) -> ClaimOutcome:
    """Open the file by its content and write ROWS and FAULTS as Parquet parts."""
    names = {role: getattr(job.table.columns, role) for role in ROLES}
    settings = IntakeSettings(columns=names)
    opened = open_table(job.source, folder / INPUT_FILE, settings, job.limits, load_vocabulary())
    header = list(opened.table.header)
    places = job.table.places(job.source, header)
    for number, batch in enumerate(opened.table.batches(places)):
        _write(folder, "rows", number, _complete(batch.rows))
        _write(folder, "faults", number, batch.faults)
    return ClaimOutcome(tool=job.table.tool(header))


def read_parts(folder: Path, kind: str) -> pl.DataFrame:
    """Return what a child wrote: `rows` or `faults`."""
    schema = ROWS if kind == "rows" else FAULTS
    parts = [pl.read_parquet(path) for path in sorted(folder.glob(f"{kind}-*.parquet"))]
    return pl.concat([pl.DataFrame(schema=schema), *parts])


def _complete(rows: pl.DataFrame) -> pl.DataFrame:
    missing = {role: pl.lit(None, pl.String) for role in ROLES if role not in rows.columns}
    return rows.with_columns(**missing).select(*ROWS)


def _write(folder: Path, kind: str, number: int, frame: pl.DataFrame) -> None:
    if frame.height:
        frame.write_parquet(folder / f"{kind}-{number:06d}.parquet", compression_level=1)


if __name__ == "__main__":
    sys.exit(main())
