"""Whom nobody may write to, as a table: by key, by debtor, by invoice, by creditor (L12, L15)."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from tests.score.cases import OWES, SEND, decided

if TYPE_CHECKING:
    from tests.score.conftest import Office


def suppression(**more: object) -> dict[str, Any]:
    return {"contacts": [{}], "suppressions": [{"key": "maria.souza@gmail.com", **more}]}


SUPPRESSED: list[tuple[str, dict[str, Any], tuple[str, str, str]]] = [
    (
        "l15 opted out, by keyed hash of the address",
        suppression(reason="suppress_opt_out"),
        ("L15", "suppress", "suppress_opt_out"),
    ),
    (
        "l15 with every creditor of the installation",
        suppression(reason="suppress_complaint", creditor_id="*"),
        ("L15", "suppress", "suppress_complaint"),
    ),
    (
        "l15 another creditor's own list does not reach here",
        suppression(reason="suppress_opt_out", creditor_id="other"),
        SEND,
    ),
    (
        "l15 the wrong person answered: the mailbox, not the debtor",
        suppression(reason="suppress_wrong_person"),
        ("L15", "suppress", "suppress_wrong_person"),
    ),
    (
        "l15 over before the run",
        suppression(reason="suppress_opt_out", until=date(2026, 11, 1)),
        SEND,
    ),
    ("l15 not begun", suppression(reason="suppress_opt_out", since=date(2027, 1, 1)), SEND),
    (
        "l12 the debtor has died",
        suppression(reason="suppress_deceased", subject="debtor", key="d1"),
        ("L12", "suppress", "suppress_deceased"),
    ),
    (
        "l12 the only invoice is settled",
        {
            **suppression(reason="suppress_settled", subject="invoice", key="i1"),
            "invoices": OWES[:1],
        },
        ("L12", "suppress", "suppress_settled"),
    ),
    (
        "l12 one of two invoices is settled: the other is still owed",
        {
            **suppression(reason="suppress_settled", subject="invoice", key="i1"),
            "invoices": [{}, {"invoice_id": "i9"}],
        },
        SEND,
    ),
]


@pytest.mark.parametrize(
    ("sentence", "case", "expected"), SUPPRESSED, ids=[r[0] for r in SUPPRESSED]
)
def test_suppressions(
    office: Office,
    sentence: str,
    case: dict[str, Any],
    expected: tuple[str, str, str],
) -> None:
    del sentence
    assert decided(office, case) == [expected]


def test_a_wish_reaches_the_same_persons_other_records_of_the_creditor(office: Office) -> None:
    frame = office.decide(
        contacts=[
            {"email_raw": "maria.souza@gmail.com"},
            {"email_raw": "msouza@gmail.com", "debtor_id": "d2"},
            {"email_raw": "maria.souza@gmail.com", "debtor_id": "d3", "creditor_id": "other"},
        ],
        clusters=[
            {"debtor_id": "d1", "cluster_id": "c"},
            {"debtor_id": "d2", "cluster_id": "c"},
        ],
        suppressions=[{"key": "maria.souza@gmail.com", "reason": "suppress_opt_out"}],
    )
    assert frame["decision"].to_list() == ["suppress", "suppress", "send"]
