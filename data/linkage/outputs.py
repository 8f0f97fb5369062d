"""What is written of linked records: for machines as they are, for people safe to open."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import polars as pl

from data.files import replaced_file, write_private
from data.publish.dialect import csv_bytes, write_parquet
from data.publish.people import write_people_csv

_LANGUAGE: Final = "en"  # comma and dot, so that the file can be read back
_DIGITS: Final = 6


def write_clusters(path: Path, clusters: pl.DataFrame) -> None:
    """Write `record_id, cluster_id, probability` in the order of the input, bytes exact."""
    shown = clusters.select("record_id", "cluster_id", pl.col("probability").round(_DIGITS))
    write_private(path, csv_bytes(shown))


def write_pairs(path: Path, pairs: pl.DataFrame) -> None:
    """Write the steps of explained pairs as Parquet."""
    with replaced_file(path) as aside:
        write_parquet(pairs, aside)


def write_review(path: Path, review: pl.DataFrame) -> None:
    """Write the pairs that a person should look at, for a spreadsheet."""
    write_people_csv(review, path, _LANGUAGE)


def write_table(path: Path, table: pl.DataFrame) -> None:
    """Write a small table for people: changes of clusters, rows that could not be read."""
    write_people_csv(table, path, _LANGUAGE)
