"""What every reader gives: a header, batches of text cells, and the rows it could not read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import polars as pl

from data.intake.limits import MAX_CELL_BYTES

FAULTS: Final = pl.Schema({"line": pl.Int64(), "reason": pl.String(), "detail": pl.String()})
"""Rows that could not be read: `reason` is a machine word, `detail` never a value."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows: `rows` has `line` (Int64) and one String column per wanted field."""

    rows: pl.DataFrame
    faults: pl.DataFrame


class Table(Protocol):
    """A file opened by a reader; `headerless` says that its column names are our own."""

    @property
    def header(self) -> Sequence[str]:
        """The column names, in order."""

    @property
    def headerless(self) -> bool:
        """Whether the first row already was data."""

    def batches(self, fields: Mapping[str, int]) -> Iterator[Batch]:
        """Return the cells of the wanted fields (name to column position), in file order."""


def column_names(width: int) -> list[str]:
    """Return the names of a file's columns that has no header row.

    >>> column_names(2)
    ['column_1', 'column_2']
    """
    return [f"column_{place}" for place in range(1, width + 1)]


def faults_frame(faults: Iterable[tuple[int, str, str]]) -> pl.DataFrame:
    """Return `FAULTS` rows from (line, reason, detail)."""
    return pl.DataFrame(list(faults), schema=FAULTS, orient="row")


def split_wide_cells(rows: pl.DataFrame) -> Batch:
    """Move rows with a cell longer than any spreadsheet's, or with a NUL, to the faults.

    >>> rows = pl.DataFrame({"line": [1, 2], "name": ["Ana", "x" * 40_000]})
    >>> split_wide_cells(rows).faults.row(0)
    (2, 'too_long', 'name')
    """
    cells = [name for name in rows.columns if name != "line"]
    fault = pl.coalesce(
        *(
            pl.when(condition).then(
                pl.struct(reason=pl.lit(reason), detail=pl.lit(name)),
            )
            for name in cells
            for reason, condition in (
                ("too_long", pl.col(name).str.len_bytes() > MAX_CELL_BYTES),
                ("nul_character", pl.col(name).str.contains("\0", literal=True)),
            )
        ),
    )
    if not cells:
        return Batch(rows, faults_frame(()))
    judged = rows.with_columns(fault=fault)
    bad = judged.filter(pl.col("fault").is_not_null()).select("line", "fault").unnest("fault")
    if bad.is_empty():
        return Batch(rows, faults_frame(()))
    good = judged.filter(pl.col("fault").is_null()).drop("fault")
    return Batch(good, bad.cast(FAULTS))
