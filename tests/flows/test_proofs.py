"""The ledger of an invoice and the record of processing, from a run and what came back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from data.warehouse import open_warehouse
from flows.run import utc_now
from tests.flows.calls import Entrega

CREDITOR = "loja-exemplo"


@pytest.fixture
def done(entrega: Entrega, debtors_csv: Path, tmp_path: Path) -> Path:
    """Finish a run; return its output folder."""
    ended = entrega("run", debtors_csv, "--local", "--out", tmp_path / "out")
    assert ended.code == 0, ended.err
    return tmp_path / "out"


def recipients(out: Path) -> pl.DataFrame:
    """Return the rows of the only list."""
    return pl.read_parquet(next(out.glob("clean/*/*/recipients.parquet")))


def ledger_rows(entrega: Entrega, *words: str) -> list[dict[str, Any]]:
    """Return the ledger as `--json` prints it."""
    ended = entrega("ledger", "--creditor", CREDITOR, "--json", *words)
    assert ended.code == 0, ended.err
    return [json.loads(line) for line in ended.out.splitlines()]


def test_every_invoice_sent_is_followed_to_its_payment(
    entrega: Entrega, done: Path, tmp_path: Path
) -> None:
    listed = recipients(done)
    chosen = listed.filter(pl.col("invoice_ids").list.len() == 1).row(0, named=True)
    invoice, key = chosen["invoice_ids"][0], chosen["message_key"]
    events = [
        f"{key},delivered,2026-11-20T10:01:00Z",
        f"{key},sent,2026-11-20T10:00:00Z",
        f"{key},machine_opened,2026-11-20T10:02:00Z",
        f"{key},opened,2026-11-20T12:30:00Z",
        f"{key},opened,2026-11-20T11:30:00Z",
        f"{key},paid,2026-11-21T09:00:00Z",
    ]
    text = "\n".join(["message_key,event,occurred_at", *events, ""])
    (tmp_path / "events.csv").write_text(text, "utf-8")
    assert entrega("feedback", "events.csv").code == 0
    rows = ledger_rows(entrega)
    assert len(rows) == listed["invoice_ids"].list.len().sum()
    (row,) = ledger_rows(entrega, "--invoice", invoice)
    assert row["message_key"] == key
    assert row["email"] == chosen["email"]
    assert row["sent_at"] == "2026-11-20T10:00:00Z"
    assert row["opened_at"] == "2026-11-20T11:30:00Z"  # the first by a person
    assert row["machine_opened_at"] == "2026-11-20T10:02:00Z"
    assert row["paid_at"] == "2026-11-21T09:00:00Z"
    assert row["clicked_at"] is None
    others = [each for each in rows if each["message_key"] != key]
    assert {each["delivered_at"] for each in others} == {None}


def test_the_ledger_is_written_for_people_and_for_machines(entrega: Entrega, done: Path) -> None:
    invoices = recipients(done)["invoice_ids"].list.len().sum()
    for name in ("proof.csv", "proof.jsonl"):
        assert entrega("ledger", "--creditor", CREDITOR, "--out", done / name).code == 0
        path = done / name
        assert len(path.read_text("utf-8").splitlines()) == invoices + (name == "proof.csv")
        assert path.stat().st_mode & 0o777 == 0o600
    assert entrega("ledger", "--creditor", CREDITOR, "--out", "proof.txt").code == 2
    nobody = entrega("ledger", "--creditor", "another")
    assert (nobody.code, "no message" in nobody.out) == (0, True)


def test_l21_a_run_leaves_a_record_of_processing_that_names_nobody(
    entrega: Entrega, done: Path, tmp_path: Path
) -> None:
    text = (done / "processing.json").read_text("utf-8")
    record = json.loads(text)
    (controller,) = record["controllers"]
    contacts = pl.read_parquet(done / "contacts.parquet")
    debtors = pl.read_parquet(done / "debtors.parquet")
    assert controller["legal_bases"] == {"contract": contacts.height}
    assert sum(controller["subjects"].values()) == controller["debtors"] == debtors.height
    assert controller["recipients"]["dispatch system"]["recipients"] == recipients(done).height
    assert record["retention_days"] == {
        "events": 1825,
        "manifests": 1825,
        "probes": 90,
        "verdicts": 180,
    }
    assert record["disclosed"]["mail_providers"]["addresses"] == {}  # nobody was asked
    people = {*contacts["email"].drop_nulls(), *debtors["name"].drop_nulls()}
    assert [person for person in people if person in text] == []
    with open_warehouse(tmp_path / "var" / "entrega.duckdb", now=utc_now) as opened:
        assert opened.processing(record["run_id"]) == record
    assert entrega("forget", "--creditor", CREDITOR, "--id", debtors["debtor_id"][0]).code == 0
