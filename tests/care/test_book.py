"""Erasing and letting go in a real warehouse of two creditors."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import polars as pl
import pytest

from checks.frames import CLUSTERS, FINDINGS, FOUND_CONTACTS, RECORDS, SYNTAX
from data.care.retention import cutoffs_of
from data.warehouse import Warehouse, open_warehouse, rewrite_warehouse

NOW: Final = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
RUN: Final = "r1"


def now() -> datetime:
    return NOW


def frame(schema: pl.Schema, *rows: dict[str, Any]) -> pl.DataFrame:
    """Return a frame of the schema; what a row does not say is null."""
    return pl.DataFrame([dict.fromkeys(schema) | row for row in rows], schema=schema)


def record(line: int, creditor: str, debtor: str, name: str, tax_id: str) -> dict[str, Any]:
    """Return a row of RECORDS."""
    place = {"source": "a.csv", "line": line, "creditor_id": creditor, "debtor_id": debtor}
    return {**place, "name": name, "tax_id": tax_id}


def contact(creditor: str, debtor: str, raw: str, origin: str = "file") -> dict[str, Any]:
    """Return a row of FOUND_CONTACTS."""
    return {"creditor_id": creditor, "debtor_id": debtor, "email_raw": raw, "origin": origin}


TABLES: Final = {
    "records": frame(
        RECORDS,
        record(1, "c1", "7", "Ana Prova", "11144477735"),
        record(2, "c1", "8", "Bia Prova", "52998224725"),
        record(3, "c1", "9", "Ana Prova", "11144477735"),
        record(4, "c2", "7", "Caio Prova", "93541134780"),
    ),
    "found_contacts": frame(
        FOUND_CONTACTS,
        contact("c1", "7", "ANA@a.test"),
        contact("c1", "7", "casa@a.test"),
        contact("c1", "7", "filial@a.test", "branch"),
        contact("c1", "8", "casa@a.test"),
        contact("c2", "7", "casa@a.test"),
        contact("c1", "9", "outra@a.test"),
    ),
    "syntax": frame(
        SYNTAX,
        *(
            {"email_raw": raw, "address": raw.lower(), "domain": "a.test"}
            for raw in ("ANA@a.test", "casa@a.test", "filial@a.test", "outra@a.test")
        ),
    ),
    "findings": frame(
        FINDINGS,
        *(
            {"address": address, "check": "mailbox", "checked_at": NOW - timedelta(days=100)}
            for address in ("ana@a.test", "casa@a.test")
        ),
    ),
    "clusters": frame(
        CLUSTERS,
        *(
            {"creditor_id": "c1", "debtor_id": debtor, "cluster_id": cluster, "link": "tax_id"}
            for debtor, cluster in (("7", "k1"), ("9", "k1"), ("8", "k2"))
        ),
    ),
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the warehouse lies."""
    return tmp_path / "w.duckdb"


@pytest.fixture
def warehouse(path: Path) -> Iterator[Warehouse]:
    """Give a warehouse with one run of two creditors."""
    with open_warehouse(path, now=now) as opened:
        opened.start_run(RUN, as_of=NOW, digests={})
        opened.commit(RUN, "read", TABLES)
        yield opened


def test_a_person_is_all_that_the_debtor_gave_and_nothing_proposed(warehouse: Warehouse) -> None:
    ana = warehouse.debtor("c1", ["7"])
    assert ana.addresses == {"ana@a.test", "casa@a.test"}
    assert ana.texts == {"ana@a.test", "ANA@a.test", "casa@a.test"}
    assert ana.traces == {"Ana Prova", "11144477735"}
    assert ana.shared == {"casa@a.test", "Ana Prova", "11144477735"}
    assert warehouse.same_person(ana) == {"9"}


def test_addresses_written_to_are_hers_unless_they_were_proposed(warehouse: Warehouse) -> None:
    messages = pl.DataFrame(
        {
            "creditor_id": ["c1", "c1"],
            "message_key": ["m1", "m2"],
            "list_id": ["l1", "l1"],
            "debtor_id": ["7", "7"],
            "address": ["filial@a.test", "antiga@a.test"],
            "neutral": [False, False],
        }
    )
    warehouse.register_list("c1", "l1", run_id=RUN, gate="open", messages=messages)
    ana = warehouse.debtor("c1", ["7"])
    assert ana.addresses == {"ana@a.test", "casa@a.test", "antiga@a.test"}
    assert warehouse.erase(ana, warehouse.hash_key)["messages"] == 2


def test_erasing_reaches_her_rows_and_leaves_other_creditors_theirs(warehouse: Warehouse) -> None:
    ana = warehouse.debtor("c1", ["7", "9"])
    assert ana.shared == {"casa@a.test"}
    removed = warehouse.erase(ana, warehouse.hash_key)
    assert removed == {"records": 2, "found_contacts": 5, "clusters": 2, "syntax": 2, "findings": 1}
    assert warehouse.left(ana) == {}
    kept = warehouse.read("found_contacts", RUN).select("creditor_id", "email_raw").rows()
    assert kept == [("c2", "casa@a.test")]
    hashes = warehouse.suppressions()
    assert set(hashes["reason"]) == {"suppress_erased"}
    assert hashes["subject"].value_counts(sort=True).rows() == [("address", 3), ("debtor_hash", 3)]
    assert warehouse.erase(ana, warehouse.hash_key) == {}


def test_what_is_left_is_told(warehouse: Warehouse) -> None:
    ana = warehouse.debtor("c1", ["7", "9"])
    assert warehouse.left(ana) == {"found_contacts": 2, "records": 4, "syntax": 4, "findings": 1}


def test_answers_go_before_verdicts(warehouse: Warehouse) -> None:
    first = cutoffs_of(NOW, probes=90, verdicts=180, events=1_825, manifests=1_825)
    assert warehouse.let_go(first, dry=True)["probes"] == 2
    assert warehouse.let_go(first, dry=False) == {
        "probes": 2,
        "verdicts": 0,
        "events": 0,
        "manifests": 0,
    }
    assert warehouse.read("findings", RUN).is_empty()
    later = cutoffs_of(
        NOW + timedelta(days=181), probes=90, verdicts=180, events=1_825, manifests=1_825
    )
    gone = warehouse.let_go(later, dry=False)
    assert gone["verdicts"] == sum(table.height for table in TABLES.values()) - 2
    assert warehouse.run(RUN) is not None


def test_a_rewritten_file_keeps_rows_and_loses_bytes(path: Path) -> None:
    secret = "Zyxwvut-Prova-" + "q" * 40
    with open_warehouse(path, now=now) as opened:
        opened.start_run(RUN, as_of=NOW, digests={})
        records = frame(RECORDS, record(1, "c1", "7", secret, "1"), record(2, "c1", "8", "B", "2"))
        opened.commit(RUN, "read", {"records": records})
    assert secret.encode() in path.read_bytes()
    with open_warehouse(path, now=now) as opened:
        opened.erase(opened.debtor("c1", ["7"]), opened.hash_key)
    rewrite_warehouse(path)
    assert secret.encode() not in path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    with open_warehouse(path, now=now) as opened:
        assert opened.read("records", RUN)["name"].to_list() == ["B"]
        assert opened.done(RUN) == {"read"}
        assert opened.suppressions().height == 2
