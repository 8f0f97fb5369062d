"""What the tables need of a database: read a frame, change several tables at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import polars as pl


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
