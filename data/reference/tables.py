"""Reading the lists and tables of this folder: text files with comments, shipped in the package."""

from __future__ import annotations

import csv
from importlib import resources


def read_lines(name: str) -> tuple[str, ...]:
    """Return the lines of a list in this folder, in order, without comments and empty ones."""
    text = resources.files("data.reference").joinpath(name).read_text(encoding="utf-8")
    return tuple(
        line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")
    )


def read_rows(name: str) -> tuple[dict[str, str], ...]:
    """Return the rows of a CSV table in this folder, by column name."""
    return tuple(csv.DictReader(read_lines(name)))


def read_column(name: str, column: str, **where: str) -> tuple[str, ...]:
    """Return one column of a CSV table, of the rows whose other columns equal `where`."""
    return tuple(
        row[column]
        for row in read_rows(name)
        if all(row[other] == value for other, value in where.items())
    )
