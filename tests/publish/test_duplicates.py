"""The table in which a person says which debtors are one."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from checks.contacts import DECIDED_PAIRS, DOUBTS
from checks.frames import DECIDED_DEBTORS
from data.linkage.decisions import read_decided_pairs
from data.publish import write_duplicates

IDS = ("1", "2", "=3", "4", "5")


def _debtors() -> pl.DataFrame:
    rows: list[dict[str, Any]] = [
        {
            "creditor_id": "c",
            "debtor_id": each,
            "name": f"Ana {each}",
            "amount": Decimal(place * 10),
        }
        for place, each in enumerate(IDS)
    ]
    return pl.DataFrame(
        [{name: row.get(name) for name in DECIDED_DEBTORS} for row in rows],
        schema=dict(DECIDED_DEBTORS),
    )


def _doubts(*pairs: tuple[str, str, float | None, str | None]) -> pl.DataFrame:
    rows = [
        ("c", number, debtor, probability, decision)
        for number, (left, right, probability, decision) in enumerate(pairs)
        for debtor in (left, right)
    ]
    return pl.DataFrame(rows, schema=DOUBTS, orient="row")


def _shown(path: Path) -> pl.DataFrame:
    return pl.read_csv(path, separator=";", infer_schema=False)


def test_what_a_mistake_would_cost_comes_first_and_decided_pairs_last(tmp_path: Path) -> None:
    doubts = _doubts(("1", "2", 0.99, None), ("4", "5", 0.6, None), ("1", "=3", None, "different"))
    shown = _shown(write_duplicates(tmp_path, doubts, _debtors(), language="pt-BR"))
    assert shown.select("left_id", "right_id", "probability", "decision").rows() == [
        ("4", "5", "0,6", None),
        ("1", "2", "0,99", None),
        ("1", "'=3", None, "different"),
    ]
    assert shown["name (right)"].to_list() == ["Ana 5", "Ana 2", "Ana =3"]


def test_a_pair_of_which_one_was_erased_is_not_shown(tmp_path: Path) -> None:
    doubts = _doubts(("1", "2", 0.9, None)).filter(pl.col("debtor_id") != "2")
    assert _shown(write_duplicates(tmp_path, doubts, _debtors(), language="pt-BR")).is_empty()


def test_the_file_is_read_back_as_decisions(tmp_path: Path) -> None:
    doubts = _doubts(("1", "2", 0.9, None), ("=3", "4", None, "same"), ("4", "5", 0.7, None))
    path = write_duplicates(tmp_path, doubts, _debtors(), language="es-MX")
    decided = path.with_name("decided.csv")
    decided.write_bytes(path.read_bytes().replace(b"1,2,0.9,,", b"1,2,0.9, NO ,"))
    read = read_decided_pairs(decided, tmp_path)
    assert read.schema == DECIDED_PAIRS
    assert sorted(read.rows()) == [("c", "1", "2", False), ("c", "4", "=3", True)]
