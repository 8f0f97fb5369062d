"""Reads one verifier's export inside tight limits: `python -m data.verifiers.child FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import polars as pl

from data.intake.desk import FAULT_PARTS, INPUT_FILE, ROW_PARTS, write_part
from data.intake.opening import open_table
from data.intake.settings import IntakeSettings
from data.intake.vocabulary import load_vocabulary
from data.verifiers.jobs import DESK, ClaimJob, ClaimOutcome
from data.verifiers.table import Columns

ROLES: Final = tuple(Columns.model_fields)
CELLS: Final = pl.Schema({"line": pl.Int64(), **dict.fromkeys(ROLES, pl.String())})
"""Cells of the known columns as text; null where a file has no such column."""


def run_job(folder: Path, job: ClaimJob) -> ClaimOutcome:
    """Open the file by its content and write CELLS and FAULTS as Parquet parts."""
    names = {role: getattr(job.table.columns, role) for role in ROLES}
    settings = IntakeSettings(columns=names)
    opened = open_table(job.source, folder / INPUT_FILE, settings, job.limits, load_vocabulary())
    header = list(opened.table.header)
    places = job.table.places(job.source, header)
    for number, batch in enumerate(opened.table.batches(places)):
        write_part(folder, ROW_PARTS, number, _complete(batch.rows))
        write_part(folder, FAULT_PARTS, number, batch.faults)
    return ClaimOutcome(tool=job.table.tool(header))


def _complete(rows: pl.DataFrame) -> pl.DataFrame:
    missing = {role: pl.lit(None, pl.String) for role in ROLES if role not in rows.columns}
    return rows.with_columns(**missing).select(*CELLS)


if __name__ == "__main__":
    sys.exit(DESK.serve(run_job))
