"""Reads one untrusted file inside tight limits: `python -m data.intake.child FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from data.intake.desk import FAULT_PARTS, INPUT_FILE, ROW_PARTS, write_part
from data.intake.jobs import DESK, Job, Outcome
from data.intake.mapping import Mapping, header_language, look_mapping, resolve_mapping
from data.intake.opening import OpenedFile, open_table
from data.intake.vocabulary import load_vocabulary

ROWS_PARTS: Final = f"{ROW_PARTS}-*.parquet"
FAULTS_PARTS: Final = f"{FAULT_PARTS}-*.parquet"


def run_job(folder: Path, job: Job) -> Outcome:
    """Open the file, map its columns, and write its rows as Parquet parts."""
    vocabulary = load_vocabulary()
    path = folder / INPUT_FILE
    opened = open_table(job.source, path, job.settings, job.limits, vocabulary)
    if job.look_rows:
        return _look(opened, job)
    if job.every_column:
        mapping, fields = Mapping(), _every_column(opened)
    else:
        mapping = resolve_mapping(job.source, opened.table.header, job.settings, vocabulary)
        fields = mapping.fields()
    rows = quarantined = 0
    for place, batch in enumerate(opened.table.batches(fields)):
        rows += batch.rows.height
        quarantined += batch.faults.height
        write_part(folder, ROW_PARTS, place, batch.rows)
        write_part(folder, FAULT_PARTS, place, batch.faults)
    return _outcome(opened, mapping, rows=rows, quarantined=quarantined)


def _look(opened: OpenedFile, job: Job) -> Outcome:
    mapping = look_mapping(opened.table.header, job.settings, load_vocabulary())
    first = next(iter(opened.table.batches(_every_column(opened))))
    rows = first.rows.sort("line").head(job.look_rows).drop("line").rows()
    return _outcome(opened, mapping, first_rows=tuple(rows))


def _every_column(opened: OpenedFile) -> dict[str, int]:
    return {f"cell_{place}": place for place in range(len(opened.table.header))}


def _outcome(
    opened: OpenedFile,
    mapping: Mapping,
    *,
    rows: int = 0,
    quarantined: int = 0,
    first_rows: tuple[tuple[str | None, ...], ...] = (),
) -> Outcome:
    header = tuple(opened.table.header)
    return Outcome(
        format=opened.format,
        encoding=opened.encoding,
        delimiter=opened.delimiter,
        header=header,
        headerless=opened.table.headerless,
        language=header_language(header, load_vocabulary()),
        mapping=mapping,
        rows=rows,
        quarantined=quarantined,
        first_rows=first_rows,
    )


if __name__ == "__main__":
    sys.exit(DESK.serve(run_job))
