"""A relational engine for rooms that take one: frames in, a frame out, nothing kept."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import polars as pl

from data.warehouse import Database, Limits


class Engine:
    """Answers SELECTs over frames; `checks` declares the part of this face that it needs."""

    def __init__(self, database: Database) -> None:
        """Take a database, most often one in memory."""
        self._database = database

    def query(self, sql: str, **frames: pl.DataFrame) -> pl.DataFrame:
        """Return the whole result of one SELECT over the frames, each a table by its name.

        Rows come in no order but the one that the statement asks for.

        >>> with open_engine() as engine:
        ...     engine.query("SELECT max(a) AS a FROM t", t=pl.DataFrame({"a": [1, 2]})).item()
        2
        """
        return self._database.query(sql, (), frames)


@contextmanager
def open_engine(folder: Path | None = None, limits: Limits | None = None) -> Iterator[Engine]:
    """Open an engine in memory; what does not fit goes to a private folder inside `folder`.

    The folder is removed on leaving; None means the system's temporary folder.
    """
    with tempfile.TemporaryDirectory(dir=folder, prefix="entrega-engine-") as aside:
        database = Database(":memory:", limits or Limits(), Path(aside) / "spill")
        with closing(database):
            yield Engine(database)
