"""Proofs of invoices: what counts as an event of a message, and what only looks like one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import polars as pl
import pytest

from checks.frames import CONTACTS, INVOICES, RECIPIENTS
from data.feedback.events import EVENTS
from data.proofs import LEDGER, proofs_of
from data.warehouse import Warehouse, open_warehouse

NOW: Final = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def now() -> datetime:
    return NOW


def frame(schema: pl.Schema, *rows: dict[str, Any]) -> pl.DataFrame:
    """Return a frame of the schema; what a row does not say is null."""
    return pl.DataFrame([dict.fromkeys(schema) | row for row in rows], schema=schema)


OF: Final = {"creditor_id": "c1", "debtor_id": "7", "email": "ana@a.test"}
SENT: Final = frame(
    RECIPIENTS,
    {**OF, "list_id": "l1", "message_key": "m1", "invoice_ids": ["i1", "i2"], "score": 0.9},
)
BILLED: Final = frame(
    INVOICES,
    *(
        {**OF, "invoice_id": name, "amount": Decimal("10.50"), "currency": "BRL"}
        for name in ("i1", "i2", "settled")
    ),
)
ASKED: Final = frame(
    CONTACTS,
    {
        **OF,
        "email_raw": "ANA@a.test",
        "reason": "mailbox_accepted",
        "smtp_code": 250,
        "checked_at": NOW,
    },
)


def event(word: str, hours: int, **more: object) -> dict[str, object]:
    """Return a row of EVENTS about message m1."""
    told = {"creditor_id": "c1", "message_key": "m1", "address": "ana@a.test", "event": word}
    moment = NOW + timedelta(hours=hours)
    return {**told, "occurred_at": moment, "event_id": f"{word}{hours}", **more}


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    """Give a warehouse with one list of one message."""
    with open_warehouse(tmp_path / "w.duckdb", now=now) as opened:
        opened.start_run("r1", as_of=NOW, digests={})
        messages = SENT.select(
            "creditor_id", "message_key", "list_id", "debtor_id", address="email", neutral=False
        )
        opened.register_list("c1", "l1", run_id="r1", gate="open", messages=messages)
        opened.keep_proofs("c1", "l1", proofs_of(SENT, BILLED, ASKED))
        yield opened


def test_a_proof_is_made_for_each_invoice_of_the_message_alone() -> None:
    proofs = proofs_of(SENT, BILLED, ASKED)
    assert proofs.select("invoice_id", "amount", "smtp_code", "verified_at").rows() == [
        ("i1", Decimal("10.50"), 250, NOW),
        ("i2", Decimal("10.50"), 250, NOW),
    ]


def test_the_first_event_of_a_kind_counts_and_the_newest_code(warehouse: Warehouse) -> None:
    warehouse.merge_events(
        frame(
            EVENTS,
            event("opened", 5),
            event("opened", 4),
            event("deferred", 1, smtp_code=451),
            event("delivered", 2, smtp_code=250),
            event("clicked", 6, message_key=None),  # names the address alone
            event("paid", 7, creditor_id="c2"),
        )
    )
    ledger = warehouse.invoice_ledger("c1")
    assert ledger.schema == LEDGER
    assert ledger["opened_at"].to_list() == [NOW + timedelta(hours=4)] * 2
    assert ledger["last_code"].to_list() == [250, 250]
    assert ledger["clicked_at"].null_count() == ledger["paid_at"].null_count() == 2
    assert ledger["published_at"].to_list() == [NOW, NOW]


def test_one_invoice_of_one_creditor(warehouse: Warehouse) -> None:
    assert warehouse.invoice_ledger("c1", "i2")["invoice_id"].to_list() == ["i2"]
    assert warehouse.invoice_ledger("c2").is_empty()
    assert warehouse.invoice_ledger("c1", "x' OR 1=1 --").is_empty()


def test_keeping_the_same_proofs_again_changes_nothing(warehouse: Warehouse) -> None:
    before = warehouse.invoice_ledger("c1")
    warehouse.keep_proofs("c1", "l1", proofs_of(SENT, BILLED, ASKED))
    assert warehouse.invoice_ledger("c1").equals(before)
