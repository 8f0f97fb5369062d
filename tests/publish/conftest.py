"""Lists to publish, with awkward values."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest

from checks.frames import RECIPIENTS, RECIPIENTS_NEUTRAL
from checks.model import GateState
from checks.score import Exposure, Lots
from data.publish import BounceForecast, CleanList, ListFacts, name_list

AS_OF = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
NAMES = ['Ana "A" Silva', "João, Filho", "=1+1", "Zoë\r\nÑandú", None]


@pytest.fixture
def as_of() -> datetime:
    return AS_OF


@pytest.fixture
def facts() -> ListFacts:
    return ListFacts(
        creditor_id="banco-7",
        creditor_name="Banco Sete",
        as_of=AS_OF,
        expires_at=AS_OF + timedelta(hours=24),
        gate=GateState.TRIMMED,
        gate_reasons=("hold_gate",),
        counts={"held": 3},
        predicted_bounce=BounceForecast(0.012, 0.008, 0.017),
        lots=Lots(messages=(4, 3), wait_hours=4.0, bounces_at_most=0.03),
        exposure=Exposure(limit=0.002, expected=0.0015, told=5, noticed=4),
        digests={"input": "0" * 64, "configuration": "1" * 64},
    )


@pytest.fixture
def recipients() -> pl.DataFrame:
    count = len(NAMES)
    columns = {
        "schema_version": [None] * count,
        "list_id": [None] * count,
        "message_key": [None] * count,
        "creditor_id": ["banco-7"] * count,
        "debtor_id": [f"{number:07}" for number in range(count, 0, -1)],
        "invoice_ids": [["0001", 'a"b,c'], [], ["x"], ["y"], ["z"]],
        "email": [f"debtor{number}@example.test" for number in range(count)],
        "name": NAMES,
        "language": ["pt-BR"] * count,
        "amount": [Decimal("1234.50"), None, Decimal("0.01"), Decimal(-5), Decimal(10**15)],
        "currency": ["BRL"] * count,
        "due_date": [date(2026, 1, 31)] * count,
        "days_overdue": [294, None, 0, 1, 2],
        "score": [0.1 + 0.2, 1.0, 0.0, 1 / 3, 1e-7],
        "ownership": [0.97] * count,
        "decision_reason": ["confident"] * count,
        "checked_at": [AS_OF] * count,
        "expires_at": [AS_OF + timedelta(days=30)] * count,
        "confirmed_at": [None] * count,
        "time_zone": ["America/Sao_Paulo"] * count,
        "contact_hours": ["Mo-Fr 08:00-20:00; Sa 08:00-14:00"] * count,
        "lot": [1, 1, 2, 2, 2],
    }
    return pl.DataFrame(columns, schema=RECIPIENTS)


@pytest.fixture
def neutral(recipients: pl.DataFrame) -> pl.DataFrame:
    others = recipients.head(2).with_columns(debtor_id=pl.lit("9") + pl.col("debtor_id"))
    return others.select(RECIPIENTS_NEUTRAL.names())


@pytest.fixture
def clean(facts: ListFacts, recipients: pl.DataFrame, neutral: pl.DataFrame) -> CleanList:
    return name_list(facts, recipients, neutral)
