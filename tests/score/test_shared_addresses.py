"""One address of several debtors, as a table: household, stranger, look-alike (L05, L24)."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from tests.score.cases import SEND, dated, decided

if TYPE_CHECKING:
    from tests.score.conftest import Office

BLOCK_SHARED = ("L05", "suppress", "blocked_shared")

HOUSEHOLD = ("L05", "send_neutral", "neutral_household")

FIRM = {"name": "Padaria Central Ltda", "kind": "pj"}


def shared(*people: dict[str, Any]) -> dict[str, Any]:
    return {
        "contacts": [
            {"email_raw": "casa.da.rua@gmail.com", "debtor_id": f"d{n}", **person}
            for n, person in enumerate(people, start=1)
        ],
    }


TOGETHER: list[tuple[str, dict[str, Any], list[tuple[str, str, str]]]] = [
    (
        "l05 two persons of one surname are a household",
        shared({"name": "Maria Souza"}, {"name": "Carlos Lima Souza"}),
        [HOUSEHOLD, HOUSEHOLD],
    ),
    (
        "l05 two persons of different surnames: one of them is a stranger",
        shared({"name": "Maria Souza"}, {"name": "Carlos Prado"}),
        [BLOCK_SHARED, BLOCK_SHARED],
    ),
    (
        "l05 in a household the one who confirmed is the owner",
        shared({"name": "Maria Souza", "confirmed_at": 0}, {"name": "Carlos Souza"}),
        [SEND, HOUSEHOLD],
    ),
    (
        "l05 three companies: an accountant's or an agency's",
        shared(
            {"name": "Padaria Central", "kind": "pj", "tax_id": "11222333000181"},
            {"name": "Oficina do Vale", "kind": "pj", "tax_id": "11444777000161"},
            {"name": "Loja da Serra", "kind": "pj", "tax_id": "19131243000197"},
        ),
        [("L05", "review", "review_third_party")] * 3,
    ),
    (
        "l05 head office and branches are one company",
        shared(
            {"name": "Padaria Central", "kind": "pj", "tax_id": "11222333000181"},
            {"name": "Padaria Central", "kind": "pj", "tax_id": "11222333000262"},
            {"name": "Padaria Central", "kind": "pj", "tax_id": "11222333000343"},
        ),
        [SEND, SEND, SEND],
    ),
    (
        "l05 what another creditor's debtors share is not counted",
        shared({"name": "Maria Souza"}, {"name": "Carlos Prado", "creditor_id": "other"}),
        [SEND, SEND],
    ),
    (
        "l24 a newer domain that imitates the company's: somebody may divert payments",
        {
            "contacts": [
                {"email_raw": "financeiro@padariacentral.example", **FIRM, "confirmed_at": 0},
                {
                    "email_raw": "financeiro@padariacentra1.example",
                    **FIRM,
                    "source_date": date(2026, 11, 1),
                },
            ],
        },
        [("L24", "review", "review_fraud"), SEND],
    ),
    (
        "l24 two branches of a name are no imitation",
        {
            "contacts": [
                {"email_raw": "compras9@padariacentral.example", **FIRM, "confirmed_at": 0},
                {"email_raw": "compras9@padarianorte.example", **FIRM, "confirmed_at": 0},
            ],
        },
        [SEND, SEND],
    ),
    (
        "l05 in a bare list the second row of an address adds nothing",
        shared(*({"name": None, "kind": "", "invoices": 0},) * 2),
        [SEND, BLOCK_SHARED],
    ),
]


@pytest.mark.parametrize(("sentence", "case", "expected"), TOGETHER, ids=[r[0] for r in TOGETHER])
def test_contacts_that_share_an_address(
    office: Office,
    sentence: str,
    case: dict[str, Any],
    expected: list[tuple[str, str, str]],
) -> None:
    del sentence
    assert decided(office, dated(office, case)) == expected
