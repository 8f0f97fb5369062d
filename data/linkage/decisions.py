"""What a person decided about pairs, and what clusters were called before: files read back."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from checks.contacts import DECIDED_PAIRS
from checks.contacts.linkage.link import Decisions
from checks.errors import InputRefusedError
from checks.frames import shaped
from data.intake.settings import IntakeSettings
from data.intake.whole_table import read_whole_table
from data.publish.people import DANGEROUS_START, safe_for_spreadsheets

_SAME: Final = ("same", "s", "sim", "si", "sí", "yes", "y", "1", "true", "mesmo", "mismo")
_DIFFERENT: Final = (
    "different",
    "d",
    "nao",
    "não",
    "no",
    "n",
    "0",
    "false",
    "diferente",
    "outro",
    "otro",
)


def read_decisions(path: Path, record_ids: pl.Series, work_dir: Path) -> Decisions:
    """Return the decided pairs of a reviewed file, by the places of their records.

    The columns are `left_id`, `right_id` and `decision`: same, different (also sim, não, sí, no,
    yes ...) or empty. Pairs of records that are gone are passed over. Raises InputRefusedError
    for other words.
    """
    said = _read_said(path, ("left_id", "right_id"), work_dir)
    # a spreadsheet keeps the apostrophe that made an id harmless
    places = pl.DataFrame({"id": record_ids}).with_row_index("place")
    harmless = safe_for_spreadsheets(places)
    known = pl.concat([places, harmless]).unique("id", keep="first", maintain_order=True)
    found = said.join(known, left_on="left_id", right_on="id").join(
        known, left_on="right_id", right_on="id", suffix="_right"
    )
    found = found.filter(pl.col("place") != pl.col("place_right"))
    return Decisions(
        found["place"].cast(pl.Int64).to_numpy(),
        found["place_right"].cast(pl.Int64).to_numpy(),
        np.asarray(found["same"].to_numpy(), np.bool_),
    )


def read_decided_pairs(path: Path, work_dir: Path) -> pl.DataFrame:
    """Return DECIDED_PAIRS of a run's reviewed duplicates.csv; as `read_decisions`, by creditor."""
    ids = ("creditor_id", "left_id", "right_id")
    said = _read_said(path, ids, work_dir)
    # an id that a spreadsheet might have run was written with an apostrophe before it
    harmless = rf"^'({DANGEROUS_START.removeprefix('^')})"
    plain = said.with_columns(pl.col(ids).str.replace(harmless, "${1}"))
    return shaped(plain, DECIDED_PAIRS)


def _read_said(path: Path, ids: tuple[str, ...], work_dir: Path) -> pl.DataFrame:
    """Return the columns of `ids` and `same`, of the rows in which something is decided."""
    table = read_whole_table(path, IntakeSettings(), work_dir)
    _refuse_without(table.cells, (*ids, "decision"), table.source)
    said = table.cells.select(
        *ids, decision=pl.col("decision").str.strip_chars().str.to_lowercase()
    ).drop_nulls()
    strange = said.filter(~pl.col("decision").is_in([*_SAME, *_DIFFERENT]))
    if len(strange):
        problem = f"'{table.source}' has decisions other than same and different"
        raise InputRefusedError(problem, f"correct them, {len(strange):,} rows hold one")
    return said.select(*ids, same=pl.col("decision").is_in(_SAME))


def read_previous(path: Path, work_dir: Path) -> pl.DataFrame:
    """Return `record_id, cluster_id` of an earlier clusters.csv."""
    table = read_whole_table(path, IntakeSettings(), work_dir)
    _refuse_without(table.cells, ("record_id", "cluster_id"), table.source)
    return (
        table.cells.select("record_id", "cluster_id").drop_nulls().unique("record_id", keep="first")
    )


def _refuse_without(cells: pl.DataFrame, columns: tuple[str, ...], source: str) -> None:
    for column in columns:
        if column not in cells.columns:
            problem = f"'{source}' has no column '{column}'"
            raise InputRefusedError(problem, f"it needs {', '.join(columns)}")
