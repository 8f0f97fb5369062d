"""Cluster ids from run to run: what stays, what merges, what splits."""

from __future__ import annotations

import polars as pl
import pytest

from checks.contacts.linkage.stable import CHANGES, keep_names

BEFORE = {"1": "1", "2": "1", "3": "3", "4": "3", "5": "5"}

CASES = {
    "nothing new": (["12", "34", "5"], "11335", []),
    "a new record joins": (["126", "34", "5"], "113351", []),
    "two clusters become one: the smaller name stays": (
        ["1234", "5"],
        "11115",
        [("merge", "3", "1")],
    ),
    "a cluster falls apart: the name stays with its record": (
        ["1", "2", "34", "5"],
        "12335",
        [("split", "2", "1")],
    ),
    "the record of the name is gone: most of the rest keep it": (["2", "34", "5"], "1335", []),
}


@pytest.mark.parametrize(("clusters", "ids", "changes"), CASES.values(), ids=CASES.keys())
def test_names(clusters: list[str], ids: str, changes: list[tuple[str, str, str]]) -> None:
    records = pl.DataFrame(
        [
            {"record_id": record, "cluster": number}
            for number, members in enumerate(clusters)
            for record in members
        ]
    ).sort("record_id")
    before = pl.DataFrame({"record_id": list(BEFORE), "cluster_id": list(BEFORE.values())})
    found, changed = keep_names(records, before)
    assert found.to_list() == list(ids)
    assert changed.schema == CHANGES
    assert changed.rows() == changes
