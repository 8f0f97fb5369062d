"""Pairs of debtors that may be one, as a table in which a person decides."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import polars as pl

from data.files import make_private_folder
from data.publish.people import write_people_csv

DUPLICATES_FILE: Final = "duplicates.csv"

MOST_PAIRS: Final = 1_000
"""Open pairs that are shown: more than a person looks at in a day."""

_KEY: Final = ["creditor_id", "debtor_id"]
_SHOWN: Final = ("name", "email", "phone", "amount", "currency")
_DIGITS: Final = 4


def write_duplicates(
    out: Path, doubts: pl.DataFrame, debtors: pl.DataFrame, *, language: str
) -> Path:
    """Write the DOUBTS of a run with both debtors side by side (DECIDED_DEBTORS); return the file.

    Open pairs come first, those of which a mistake would cost most before all: by probability and
    by the debts at stake. What was decided before stays in the file, so that it can be given back
    as it is. Pairs of which one debtor was erased are left out.
    """
    make_private_folder(out)
    pairs = _side_by_side(doubts, debtors.select(*_KEY, *_SHOWN))
    stake = pl.sum_horizontal("amount (left)", "amount (right)").cast(pl.Float64)
    ranked = pairs.with_columns(cost=pl.col("probability") * (1.0 + stake)).sort(
        pl.col("decision").is_not_null(), "cost", "creditor_id", "left_id", "right_id",
        descending=[False, True, False, False, False], nulls_last=True,
    )  # fmt: skip
    open_ = pl.col("decision").is_null()
    shown = ranked.filter(~open_ | (open_.cum_sum() <= MOST_PAIRS)).drop("cost", "pair")
    path = out / DUPLICATES_FILE
    write_people_csv(shown.with_columns(pl.col("probability").round(_DIGITS)), path, language)
    return path


def _side_by_side(doubts: pl.DataFrame, debtors: pl.DataFrame) -> pl.DataFrame:
    both = (
        doubts.sort("creditor_id", "pair", "debtor_id")
        .group_by("creditor_id", "pair", maintain_order=True)
        .agg(
            pl.col("debtor_id").first().alias("left_id"),
            pl.col("debtor_id").last().alias("right_id"),
            pl.col("probability", "decision").first(),
            pl.len().alias("debtors"),
        )
        .filter(pl.col("debtors") > 1)
        .drop("debtors")
    )
    for side in ("left", "right"):
        named = debtors.rename({"debtor_id": f"{side}_id"} | {x: f"{x} ({side})" for x in _SHOWN})
        both = both.join(named, on=["creditor_id", f"{side}_id"], how="left")
    return both.select(
        "creditor_id", "left_id", "right_id", "probability", "decision", "pair",
        *(f"{column} ({side})" for column in _SHOWN for side in ("left", "right")),
    )  # fmt: skip
