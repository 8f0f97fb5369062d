"""What the tables need of a database: read a frame, change several tables at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import polars as pl

_SLICE: Final = 250_000


def named(sql: str, **names: str | Iterable[str]) -> str:
    """Fill names of tables and columns into a statement, quoted; values stay parameters.

    >>> named("SELECT {columns} FROM {table}", columns=("check", 'a"b'), table="findings")
    'SELECT "check", "a""b" FROM "findings"'
    """
    quoted = {
        place: ", ".join(map(_quoted, (name,) if isinstance(name, str) else name))
        for place, name in names.items()
    }
    return sql.format_map(quoted)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@dataclass(frozen=True, slots=True)
class Statement:
    """One step of a transaction; `frames` are readable as tables by their names."""

    sql: str
    parameters: Sequence[object] = ()
    frames: Mapping[str, pl.DataFrame] = field(default_factory=dict)


class Relations(Protocol):
    """A relational database that takes frames and gives frames."""

    def query(
        self,
        sql: str,
        parameters: Sequence[object] = (),
        frames: Mapping[str, pl.DataFrame] | None = None,
    ) -> pl.DataFrame:
        """Return the whole result of one SELECT."""

    def transact(self, statements: Iterable[Statement]) -> None:
        """Do all of the statements or none."""


def copy_tables(source: Relations, target: Relations) -> None:
    """Copy every row of every table into a database with the same tables, in bounded slices."""
    sql = "SELECT table_name FROM information_schema.tables ORDER BY ALL"
    for table in source.query(sql)["table_name"]:
        target.transact([Statement(named("DELETE FROM {table}", table=table))])
        insert = named("INSERT INTO {table} BY NAME SELECT * FROM incoming", table=table)
        for rows in _slices(source, table):
            target.transact([Statement(insert, (), {"incoming": rows})])


def _slices(source: Relations, table: str) -> Iterator[pl.DataFrame]:
    """Yield a table's rows; row numbers have gaps where rows were deleted, never twice the same."""
    last = named("SELECT coalesce(max(rowid), -1) AS last FROM {table}", table=table)
    sql = named("SELECT * FROM {table} WHERE rowid >= ? AND rowid < ?", table=table)
    for first in range(0, int(source.query(last).item()) + 1, _SLICE):
        yield source.query(sql, (first, first + _SLICE))
