"""A file read with all its columns, whatever they mean, in the same limited child."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from checks.columns import said_of
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
    asked = pl.collect_all(_wordy(cells.lazy(), name, words) for name in cells.columns)
    said = [_saying_nothing(texts.to_series(), words) for texts in asked]
    return cells.lazy().with_columns(map(_known, said)).collect()


def _wordy(cells: pl.LazyFrame, name: str, words: frozenset[str]) -> pl.LazyFrame:
    """Return the distinct texts that may be one of the words: none of those holds a digit."""
    short = pl.col(name).str.len_chars() <= max(map(len, words)) + _LONG_WORD
    return cells.select(name).filter(short, ~pl.col(name).str.contains("[0-9]")).unique()


def _saying_nothing(texts: pl.Series, words: frozenset[str]) -> pl.Series:
    long = [word for word in sorted(words) if len(word) >= _LONG_WORD]
    plain = said_of(texts, folded)
    return texts.filter(plain.is_null() | plain.is_in(long))


def _known(said: pl.Series) -> pl.Expr:
    """Return the column of that name without the texts that are said to say nothing."""
    text = pl.col(said.name)
    nothing = (text.str.strip_chars() == "") | text.is_in(said.implode())
    return pl.when(~nothing).then(text)
