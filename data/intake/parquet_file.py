"""Parquet: the footer is read and judged first, then only the wanted columns, batch by batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from checks.errors import InputRefusedError
from data.intake.limits import BATCH_ROWS, MAX_COLUMNS
from data.intake.tables import Batch, split_wide_cells
from data.intake.typed_cells import as_text

_MAX_ROWS = 200_000_000


@dataclass(frozen=True, slots=True)
class ParquetTable:
    """A Parquet file whose footer has passed."""

    path: Path
    header: Sequence[str]
    rows: int
    headerless: bool = False

    def batches(self, fields: Mapping[str, int]) -> Iterator[Batch]:
        """Return the wanted columns as text, in file order."""
        names = [self.header[place] for place in fields.values()]
        scan = pl.scan_parquet(self.path, glob=False).select(names)
        for start in range(0, self.rows, BATCH_ROWS):
            part = scan.slice(start, BATCH_ROWS).collect()
            lines = pl.int_range(start + 1, start + part.height + 1, eager=True)
            cells = [
                as_text(part.get_column(self.header[place])).alias(name)
                for name, place in fields.items()
            ]
            yield split_wide_cells(pl.DataFrame([lines.alias("line"), *cells]))


def open_parquet(source: str, path: Path) -> ParquetTable:
    """Read the footer; refuse a broken file, too many columns or rows."""
    try:
        names = list(pl.scan_parquet(path, glob=False).collect_schema())
        rows = pl.scan_parquet(path, glob=False).select(pl.len()).collect().item()
    except (pl.exceptions.PolarsError, OSError) as error:
        problem = f"'{source}' is no readable Parquet file ({type(error).__name__})"
        raise InputRefusedError(problem, "write it again, or give CSV") from None
    if len(names) > MAX_COLUMNS or rows > _MAX_ROWS:
        problem = (
            f"'{source}' has {len(names)} columns and {rows} rows,"
            f" more than {MAX_COLUMNS} or {_MAX_ROWS}"
        )
        raise InputRefusedError(problem, "export only what is needed")
    return ParquetTable(path, names, rows)
