"""Reads one untrusted file inside tight limits: `python -m data.intake.child FOLDER`.

Nothing is printed and no error text leaves the child but refusals, which hold no values: what a
library says of a bad file may quote it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import polars as pl

from checks.errors import EntregaError, SettingError
from data.intake.jobs import INPUT_FILE, Job, Outcome, Refusal, read_job, write_outcome
from data.intake.limits import confine
from data.intake.mapping import Mapping, header_language, look_mapping, resolve_mapping
from data.intake.opening import OpenedFile, open_table
from data.intake.vocabulary import load_vocabulary

ROWS_PARTS: Final = "rows-*.parquet"
FAULTS_PARTS: Final = "faults-*.parquet"


def main() -> int:
    """Read the job of the folder named on the command line and leave its outcome there."""
    folder = Path(sys.argv[1])
    job = read_job(folder)
    confine(job.limits)
    try:
        outcome = run_job(folder, job)
    except EntregaError as error:
        wrong_setting = isinstance(error, SettingError)
        outcome = Outcome(refusal=Refusal(error.problem, error.remedy, wrong_setting=wrong_setting))
    write_outcome(folder, outcome)
    return 0


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
        _write_part(folder / f"rows-{place:06d}.parquet", batch.rows)
        _write_part(folder / f"faults-{place:06d}.parquet", batch.faults)
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


def _write_part(path: Path, frame: pl.DataFrame) -> None:
    if frame.height:
        aside = path.with_suffix(".tmp")
        frame.write_parquet(aside, compression="zstd", compression_level=1)
        aside.rename(path)


if __name__ == "__main__":
    sys.exit(main())
