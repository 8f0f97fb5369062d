"""One decision per debtor: which contact is chosen, what is left where none works."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from checks.frames import DECIDED_DEBTORS

if TYPE_CHECKING:
    from tests.score.conftest import Office

GOOD: dict[str, Any] = {"email_raw": "maria.souza@gmail.com"}
OLDER: dict[str, Any] = {"email_raw": "msouza@gmail.com", "source_date": date(2026, 1, 1)}
THIRD: dict[str, Any] = {"email_raw": "souza.maria@icloud.com", "source_date": date(2024, 9, 1)}
FOURTH: dict[str, Any] = {"email_raw": "mariasouza@proton.me", "source_date": date(2024, 1, 1)}
DEAD: dict[str, Any] = {"email_raw": "maria.souza@brturbo.com.br", "source_date": date(2010, 1, 1)}
EMPLOYER: dict[str, Any] = {"email_raw": "maria.souza@fabrica.example"}
NEUTRAL: dict[str, Any] = {"email_raw": "maria.reis@gmail.com", "source": "creditor"}
MISSPELT: dict[str, Any] = {"email_raw": "maria.souza@gmial.com"}
FULL: dict[str, Any] = {"email_raw": "maria.full@gmail.com"}

SHAPES: list[dict[str, Any]] = [
    {"email_raw": "maria.souza@fabrica.example", "is_free": False},
    {
        "email_raw": "maria.souza@gmial.com",
        "verdict": "risky",
        "reason": "suspected_typo",
        "suggestion": "maria.souza@gmail.com",
    },
]
QUOTA: list[dict[str, Any]] = [
    {"address": "maria.full@gmail.com", "reason": "mailbox_full", "verdict": "risky"}
]


def debtor(office: Office, contacts: list[dict[str, Any]], case: dict[str, Any]) -> dict[str, Any]:
    known = {"syntax": SHAPES, "findings": QUOTA, "debtors": [{"debtor_id": "d1"}], **case}
    _, decided = office.settle(contacts=contacts, **known)
    return decided.debtors.row(0, named=True)


CHOICES: list[tuple[str, list[dict[str, Any]], str, str | None]] = [
    ("a sendable address first", [MISSPELT, FULL, NEUTRAL, OLDER], "send", "msouza@gmail.com"),
    ("of two, the one more likely to reach", [OLDER, GOOD], "send", "maria.souza@gmail.com"),
    ("a neutral notice before waiting", [FULL, NEUTRAL], "send_neutral", "maria.reis@gmail.com"),
    ("waiting costs nobody's time", [MISSPELT, FULL], "hold", "maria.full@gmail.com"),
    ("a repair to confirm before giving up", [MISSPELT, DEAD], "review", "maria.souza@gmial.com"),
    ("a blocked mailbox leaves other channels", [EMPLOYER], "other_channel", None),
    ("so does a dead one", [DEAD, EMPLOYER], "other_channel", None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("sentence", "contacts", "decision", "email"), CHOICES, ids=[row[0] for row in CHOICES]
)
def test_the_best_contact_is_chosen(
    office: Office,
    sentence: str,
    contacts: list[dict[str, Any]],
    decision: str,
    email: str | None,
) -> None:
    del sentence
    for order in (contacts, contacts[::-1]):
        row = debtor(office, order, {})
        assert (row["decision"], row["email"]) == (decision, email)
        assert (row["other_channel"] is None) == (decision != "other_channel")


def test_at_most_two_backups_best_first_and_only_such_as_may_be_written_to(office: Office) -> None:
    row = debtor(office, [DEAD, FOURTH, THIRD, EMPLOYER, OLDER, GOOD], {})
    assert row["email"] == "maria.souza@gmail.com"
    assert row["backups"] == ["msouza@gmail.com", "souza.maria@icloud.com"]


def test_the_same_address_written_twice_is_no_backup_of_itself(office: Office) -> None:
    row = debtor(office, [GOOD, {"email_raw": "Maria.Souza@Gmail.com"}], {})
    assert row["backups"] == []


CHANNELS = [
    ("+5511987654321", "whatsapp"),
    ("+551133334444", "voice"),
    ("+525512345678", "whatsapp"),  # Mexico's numbers do not tell mobile from fixed
    ("+14155550100", "voice"),
    (None, "letter"),
]


@pytest.mark.parametrize(("phone", "channel"), CHANNELS)
def test_the_other_channel_follows_the_telephone(
    office: Office,
    phone: str | None,
    channel: str,
) -> None:
    row = debtor(office, [], {"debtors": [{"debtor_id": "d1", "phone": phone}]})
    assert (row["decision"], row["decision_reason"]) == ("other_channel", "no_address")
    assert row["other_channel"] == channel
    assert (row["score"], row["ownership"]) == (None, None)


def test_a_debtor_whose_addresses_all_fail_says_so(office: Office) -> None:
    row = debtor(office, [DEAD], {})
    assert row["decision_reason"] == "no_usable_address"
    assert row["score"] is not None


def test_a_suppressed_debtor_gets_no_other_channel(office: Office) -> None:
    row = debtor(
        office,
        [GOOD, OLDER],
        {"suppressions": [{"key": "msouza@gmail.com", "reason": "suppress_opt_out"}]},
    )
    assert (row["decision"], row["decision_reason"]) == ("suppress", "suppress_opt_out")
    assert row["other_channel"] is None


def test_a_suppressed_debtor_without_any_contact_is_suppressed(office: Office) -> None:
    died = {"subject": "debtor", "key": "d1", "reason": "suppress_deceased"}
    row = debtor(office, [], {"suppressions": [died]})
    assert row["decision_reason"] == "suppress_deceased"


def test_a_wrong_person_at_one_address_leaves_the_others(office: Office) -> None:
    wrong = {"key": "maria.souza@gmail.com", "reason": "suppress_wrong_person"}
    row = debtor(office, [GOOD, OLDER], {"suppressions": [wrong]})
    assert (row["decision"], row["email"]) == ("send", "msouza@gmail.com")


def test_amount_and_age_are_those_of_the_invoices_still_open(office: Office) -> None:
    row = debtor(
        office,
        [GOOD],
        {
            "debtors": [{"debtor_id": "d1", "invoices": 3, "amount": "60.00"}],
            "invoices": [
                {"invoice_id": "i1", "amount": "10.00", "due_date": date(2026, 1, 1)},
                {"invoice_id": "i2", "amount": "20.00", "due_date": date(2026, 11, 10)},
                {"invoice_id": "i3", "amount": "30.00", "due_date": date(2026, 11, 30)},
            ],
            "suppressions": [{"subject": "invoice", "key": "i1", "reason": "suppress_settled"}],
        },
    )
    assert (row["invoices"], row["amount"]) == (2, Decimal("50.00"))
    assert row["days_overdue"] == 10


def test_invoices_not_yet_due_have_negative_days(office: Office) -> None:
    invoice = {"due_date": office.as_of.date() + timedelta(days=5)}
    assert debtor(office, [GOOD], {"invoices": [invoice]})["days_overdue"] == -5


def test_amounts_nobody_could_read_stay_unknown(office: Office) -> None:
    row = debtor(office, [GOOD], {"invoices": [{"amount": None}]})
    assert (row["invoices"], row["amount"]) == (1, None)


def test_l11_every_debtor_has_exactly_one_row_and_candidates_are_those_written_to(
    office: Office,
) -> None:
    contacts = [GOOD, OLDER, {**NEUTRAL, "debtor_id": "d2"}, {**DEAD, "debtor_id": "d3"}]
    _, decided = office.settle(
        contacts=contacts, syntax=SHAPES, debtors=[{"debtor_id": f"d{n}"} for n in range(1, 6)]
    )
    assert decided.debtors.schema == DECIDED_DEBTORS
    assert decided.debtors["debtor_id"].to_list() == ["d1", "d2", "d3", "d4", "d5"]
    assert decided.candidates["debtor_id"].to_list() == ["d1", "d2"]
    assert decided.candidates["decision"].to_list() == ["send", "send_neutral"]


def test_decisions_do_not_depend_on_the_order_of_contacts(office: Office) -> None:
    contacts = [GOOD, OLDER, THIRD, DEAD, EMPLOYER, NEUTRAL, MISSPELT, FULL]
    people = [{**row, "debtor_id": f"d{n % 3}"} for n, row in enumerate(contacts)]
    one = office.settle(contacts=people, syntax=SHAPES, findings=QUOTA)
    two = office.settle(contacts=people[::-1], syntax=SHAPES, findings=QUOTA)
    assert_frame_equal(one[0], two[0])
    assert_frame_equal(one[1].debtors, two[1].debtors)
    assert_frame_equal(one[1].candidates, two[1].candidates)
    assert one[1].debtors.filter(pl.col("decision") == "send").height == 3
