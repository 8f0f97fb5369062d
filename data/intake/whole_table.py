"""A file read with all its columns, whatever they mean, in the same limited child."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from checks.contacts.linkage.texts import folded
from data.intake.child import FAULTS_PARTS, ROWS_PARTS
from data.intake.confined import run_confined
from data.intake.jobs import Job
from data.intake.limits import Limits
from data.intake.settings import IntakeSettings
from data.intake.staging import stage_file
from data.intake.tables import FAULTS
from data.intake.vocabulary import load_vocabulary

_CELL: Final = "cell_"
_LONG_WORD: Final = 3  # "na" and "sd" are a name and a state as well


@dataclass(frozen=True, slots=True)
class WholeTable:
    """`cells` has one String column per column of the file, in order; `lines` are their rows.

    Row numbers count from 0 and include the rows of `faults` (FAULTS, counted from 1), which
    could not be read. Cells that say that nothing is known are null.
    """

    source: str
    cells: pl.DataFrame
    lines: pl.Series
    faults: pl.DataFrame


def read_whole_table(
    path: Path, settings: IntakeSettings, work_dir: Path, limits: Limits | None = None
) -> WholeTable:
    """Return the table of a file of any kind that intake reads.

    Raises InputRefusedError for a file that cannot be used.
    """
    limits = limits or Limits()
    with tempfile.TemporaryDirectory(prefix="intake-", dir=work_dir) as name:
        folder = Path(name)
        staged = stage_file(path, folder, limits)
        outcome = run_confined(folder, Job(staged.source, settings, limits, every_column=True))
        names = _distinct_names(outcome.header)
        fields = {f"{_CELL}{place}": pl.String() for place in range(len(names))}
        schema = pl.Schema([("line", pl.Int64()), *fields.items()])
        rows = _read_parts(folder, ROWS_PARTS, schema).sort("line")
        faults = _read_parts(folder, FAULTS_PARTS, FAULTS).sort("line")
    cells = rows.drop("line").rename(dict(zip(fields, names, strict=True)))
    return WholeTable(staged.source, _without_empty(cells), rows["line"] - 1, faults)


def _read_parts(folder: Path, pattern: str, schema: pl.Schema) -> pl.DataFrame:
    parts = [pl.read_parquet(path) for path in sorted(folder.glob(pattern))]
    return pl.concat(parts) if parts else pl.DataFrame(schema=schema)


def _distinct_names(header: Sequence[str]) -> list[str]:
    """Return column names of which none stands twice.

    >>> _distinct_names(["name", "", "name"])
    ['name', 'column_2', 'name_3']
    """
    times = Counter(header)
    seen: set[str] = set()
    names = []
    for place, name in enumerate(header, 1):
        if not name:
            chosen = f"column_{place}"
        else:
            chosen = f"{name}_{place}" if times[name] > 1 and name in seen else name
        seen.add(name)
        names.append(chosen)
    return names


def _without_empty(cells: pl.DataFrame) -> pl.DataFrame:
    """Make cells null that are blank or say in words that nothing is known."""
    words = load_vocabulary().empty
    return cells.with_columns(_known(cells[name], words).alias(name) for name in cells.columns)


def _known(column: pl.Series, words: frozenset[str]) -> pl.Series:
    distinct = column.drop_nulls().unique().to_frame("text")
    # none of the words holds a digit, and most cells do
    short = pl.col("text").str.len_chars() <= max(map(len, words)) + _LONG_WORD
    asked = distinct.filter(short & ~pl.col("text").str.contains("[0-9]"))
    empty = asked.filter(_says_nothing(folded(pl.col("text")), words))
    blank = column.str.strip_chars() == ""
    said = column.is_in(empty["text"].implode())
    return column.to_frame().select(pl.when(~(blank | said)).then(pl.col(column.name))).to_series()


def _says_nothing(text: pl.Expr, words: frozenset[str]) -> pl.Expr:
    long = [word for word in sorted(words) if len(word) >= _LONG_WORD]
    return text.is_null() | text.is_in(long)
