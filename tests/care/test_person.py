"""A person is taken out of any table, and nobody else is."""

from __future__ import annotations

import polars as pl
import pytest

from data.care.person import Person, without_person

ANA = Person(
    creditor_id="c1",
    debtor_ids=frozenset({"7"}),
    addresses=frozenset({"ana@a.test", "casa@a.test"}),
    texts=frozenset({"ana@a.test", "casa@a.test", " ANA@A.TEST"}),
    shared=frozenset({"casa@a.test"}),
)

TABLES = [
    pytest.param(
        {"creditor_id": ["c1", "c1", "c2"], "debtor_id": ["7", "8", "7"]},
        [1, 2],
        id="her rows at her creditor go, the same id at another stays",
    ),
    pytest.param(
        {
            "creditor_id": ["c1", "c1", "c2"],
            "debtor_id": ["8", "8", "8"],
            "email_raw": [" ANA@A.TEST", "bia@a.test", "ana@a.test"],
        },
        [1, 2],
        id="rows about her address go, as it was written, at her creditor",
    ),
    pytest.param(
        {"address": ["ana@a.test", "casa@a.test", "bia@a.test"]},
        [1, 2],
        id="a table without creditor keeps what others hold too",
    ),
    pytest.param({"line": [1, 2, 3]}, [0, 1, 2], id="a table about nobody is left alone"),
]


@pytest.mark.parametrize(("columns", "kept"), TABLES)
def test_rows_go_by_person_and_by_address(columns: dict[str, list[str]], kept: list[int]) -> None:
    frame = pl.DataFrame(columns).with_row_index("place")
    assert without_person(frame, ANA)["place"].to_list() == kept


def test_other_debtors_lose_the_address_and_keep_their_row() -> None:
    frame = pl.DataFrame(
        {
            "creditor_id": ["c1", "c1", "c2"],
            "debtor_id": ["7", "8", "9"],
            "email": ["x@a.test", "casa@a.test", "casa@a.test"],
            "backups": [[], ["ana@a.test", "bia@a.test"], ["ana@a.test"]],
        }
    )
    assert without_person(frame, ANA).rows() == [
        ("c1", "8", None, ["bia@a.test"]),
        ("c2", "9", "casa@a.test", ["ana@a.test"]),
    ]


def test_a_proposal_of_the_address_is_blanked() -> None:
    frame = pl.DataFrame({"address": ["ana@aa.test"], "suggestion": ["ana@a.test"]})
    assert without_person(frame, ANA).rows() == [("ana@aa.test", None)]
