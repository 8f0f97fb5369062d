"""The ladder: which addresses are proposed to whom, and which never are."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Final

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from checks.enrich import propose_contacts
from checks.frames import CLUSTERS, DEBTORS, FOUND_CONTACTS, SYNTAX

Row = dict[str, object]

BRANCHES: Final = ("11222333000181", "11222333000262")
OTHER_ROOT: Final = "11444777000161"


def _frame(rows: list[Row], schema: pl.Schema, **defaults: object) -> pl.DataFrame:
    filled = [{column: (defaults | row).get(column) for column in schema.names()} for row in rows]
    return pl.DataFrame(filled, schema=dict(schema))


def _propose(contacts: list[Row], clusters: dict[str, str], **debtors: str) -> pl.DataFrame:
    """Propose for debtors of creditor `a`; `clusters` maps debtor to cluster, `debtors` to CNPJ."""
    return propose_contacts(
        _frame(
            [{"debtor_id": key, "tax_id": debtors.get(key)} for key in clusters],
            DEBTORS,
            creditor_id="a",
            kind="pj" if debtors else "pf",
        ),
        _frame(contacts, FOUND_CONTACTS, creditor_id="a", origin="file", source="creditor"),
        SPELT,
        _frame(
            [{"debtor_id": key, "cluster_id": cluster} for key, cluster in clusters.items()],
            CLUSTERS,
            creditor_id="a",
            link="single",
        ),
    )


SPELT: Final = _frame(
    [
        {"email_raw": "ana@x.example", "address": "ana@x.example", "domain": "x.example"},
        {"email_raw": " ANA@x.example", "address": "ana@x.example", "domain": "x.example"},
        {"email_raw": "bia@x.example", "address": "bia@x.example", "domain": "x.example"},
        {"email_raw": "cid@x.example", "address": "cid@x.example", "domain": "x.example"},
        {"email_raw": "dea@x.example", "address": "dea@x.example", "domain": "x.example"},
        {"email_raw": "no address", "address": "no address"},
        {
            "email_raw": "ana@gmial.com",
            "address": "ana@gmial.com",
            "domain": "gmial.com",
            "suggestion": "ana@gmail.com",
        },
    ],
    SYNTAX,
)


def _given(frame: pl.DataFrame) -> list[tuple[str, ...]]:
    return frame.select("debtor_id", "email_raw", "origin").rows()


CASES: Final = {
    "a record of the same debtor lends its address": (
        [("1", "ana@x.example")],
        {"1": "c:1", "2": "c:1"},
        {},
        [("2", "ana@x.example", "cluster")],
    ),
    "another debtor's record does not": (
        [("1", "ana@x.example")],
        {"1": "c:1", "2": "c:2"},
        {},
        [],
    ),
    "an address held in another spelling is not proposed": (
        [("1", "ana@x.example"), ("2", " ANA@x.example")],
        {"1": "c:1", "2": "c:1"},
        {},
        [],
    ),
    "impossible addresses are not passed on": (
        [("1", "no address")],
        {"1": "c:1", "2": "c:1"},
        {},
        [],
    ),
    "a repair goes to the record itself, its misspelling to nobody": (
        [("1", "ana@gmial.com")],
        {"1": "c:1", "2": "c:1"},
        {},
        [("1", "ana@gmail.com", "repair")],
    ),
    "a company without an address gets its branch's": (
        [("1", "ana@x.example")],
        {"1": "c:1", "2": "c:2"},
        {"1": BRANCHES[0], "2": BRANCHES[1]},
        [("2", "ana@x.example", "branch")],
    ),
    "a company with an address needs no branch": (
        [("1", "ana@x.example"), ("2", "bia@x.example")],
        {"1": "c:1", "2": "c:2"},
        {"1": BRANCHES[0], "2": BRANCHES[1]},
        [],
    ),
    "another root is another company": (
        [("1", "ana@x.example")],
        {"1": "c:1", "2": "c:2"},
        {"1": BRANCHES[0], "2": OTHER_ROOT},
        [],
    ),
}


@pytest.mark.parametrize(
    ("contacts", "clusters", "debtors", "expected"),
    CASES.values(),
    ids=CASES.keys(),
)
def test_proposals(
    contacts: list[tuple[str, str]],
    clusters: dict[str, str],
    debtors: dict[str, str],
    expected: list[tuple[str, str, str]],
) -> None:
    rows: list[Row] = [{"debtor_id": key, "email_raw": raw} for key, raw in contacts]
    found = _propose(rows, clusters, **debtors)
    assert found.schema == FOUND_CONTACTS
    assert _given(found) == expected


def test_l23_nothing_crosses_creditors() -> None:
    both: list[Row] = [{"creditor_id": key, "debtor_id": key, "kind": "pj"} for key in "ab"]
    found = propose_contacts(
        _frame(both, DEBTORS, tax_id=BRANCHES[0]),
        _frame([both[0] | {"email_raw": "ana@x.example"}], FOUND_CONTACTS, origin="file"),
        SPELT,
        _frame(both, CLUSTERS, cluster_id="c:1", link="tax_id"),
    )
    assert found.is_empty()


def test_confirmed_and_newest_come_first_and_only_the_best_are_proposed() -> None:
    contacts: list[Row] = [
        {"debtor_id": "1", "email_raw": "ana@x.example", "source_date": date(2020, 1, 1)},
        {"debtor_id": "1", "email_raw": "bia@x.example", "source_date": date(2026, 1, 1)},
        {"debtor_id": "1", "email_raw": "cid@x.example"},
        {
            "debtor_id": "1",
            "email_raw": "dea@x.example",
            "confirmed_at": datetime(2019, 5, 1, tzinfo=UTC),
        },
    ]
    found = _propose(contacts, {"1": "c:1", "2": "c:1"})
    assert found["email_raw"].to_list() == ["ana@x.example", "bia@x.example", "dea@x.example"]
    assert_frame_equal(_propose(contacts[::-1], {"2": "c:1", "1": "c:1"}), found)


def test_a_lent_address_keeps_its_source_and_a_repair_loses_its_confirmation() -> None:
    stamp = datetime(2026, 5, 1, tzinfo=UTC)
    row: Row = {"debtor_id": "1", "source": "bureau", "legal_basis": "x", "confirmed_at": stamp}
    lent = _propose([row | {"email_raw": "ana@x.example"}], {"1": "c:1", "2": "c:1"})
    assert lent.select("source", "legal_basis", "confirmed_at").row(0) == ("bureau", "x", stamp)
    repaired = _propose([row | {"email_raw": "ana@gmial.com"}], {"1": "c:1"})
    assert repaired.select("source", "confirmed_at").row(0) == ("bureau", None)
