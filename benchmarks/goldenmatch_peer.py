"""GoldenMatch on a table that benchmarks/duplicates.py has normalised: run by its own Python.

    var/peer/bin/python benchmarks/goldenmatch_peer.py TABLE.parquet FOLDER

GoldenMatch 3.22 without any configuration: it finds out by itself what the columns are, how to
block and how to compare; only the id is kept from it. FOLDER gets clusters.parquet with
`record_id` and `cluster_id`; standard output the seconds from reading the table to clusters.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import time
from pathlib import Path

import goldenmatch
import pyarrow as pa
import pyarrow.parquet as pq


def link(table: Path, folder: Path) -> float:
    """Write the clusters; return the seconds they took."""
    began = time.perf_counter()
    rows = pq.read_table(table)
    with contextlib.redirect_stdout(sys.stderr):  # it tells there what it found out
        found = goldenmatch.dedupe_df(
            rows, exclude_columns=["record_id"], confidence_required=False
        )
    place = {row: name for name, each in found.clusters.items() for row in each["members"]}
    seconds = time.perf_counter() - began
    clusters = pa.table(
        {
            "record_id": rows["record_id"],
            "cluster_id": [str(place.get(row, f"row {row}")) for row in range(rows.num_rows)],
        }
    )
    pq.write_table(clusters, folder / "clusters.parquet")
    return seconds


def main() -> None:
    """Link and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table", type=Path)
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    json.dump({"seconds": link(arguments.table, arguments.folder)}, sys.stdout)


if __name__ == "__main__":
    main()
