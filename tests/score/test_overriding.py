"""A person's decision: over judgement, never over law (rule L22)."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from checks.score import OVERRIDES, without_effect

if TYPE_CHECKING:
    from tests.score.conftest import Office

GOOD: dict[str, Any] = {"email_raw": "maria.souza@gmail.com"}
OLDER: dict[str, Any] = {"email_raw": "msouza@gmail.com", "source_date": date(2026, 1, 1)}
EMPLOYER: dict[str, Any] = {"email_raw": "maria.souza@fabrica.example"}
BROKEN: dict[str, Any] = {"email_raw": "maria.souza"}
SHAPES: list[dict[str, Any]] = [
    {"email_raw": "maria.souza@fabrica.example", "is_free": False},
    {
        "email_raw": "maria.souza",
        "domain": None,
        "verdict": "undeliverable",
        "reason": "no_at",
    },
]


def suppressed(subject: str, key: str, reason: str) -> dict[str, Any]:
    return {"suppressions": [{"subject": subject, "key": key, "reason": reason}]}


def settled(
    office: Office, wanted: str, case: dict[str, Any]
) -> tuple[pl.DataFrame, dict[str, Any]]:
    """Return DECIDED contacts, and the debtor after a person wanted something of it."""
    known = {"syntax": SHAPES, "debtors": [{"debtor_id": "d1"}], **case}
    decided, debtors = office.settle(overrides=[{"debtor_id": "d1", "wanted": wanted}], **known)
    return decided, debtors.debtors.row(0, named=True)


KEPT: list[tuple[str, str, list[dict[str, Any]], str | None]] = [
    ("a mailbox that the rules block", "send", [EMPLOYER], "maria.souza@fabrica.example"),
    ("of several, the one the rules like best", "send", [EMPLOYER, OLDER], "msouza@gmail.com"),
    ("a milder message", "send_neutral", [GOOD, OLDER], "maria.souza@gmail.com"),
    ("a person wants to look", "review", [GOOD], "maria.souza@gmail.com"),
    ("a promise to pay is waited for", "hold", [GOOD], "maria.souza@gmail.com"),
    ("nothing is sent", "suppress", [GOOD], "maria.souza@gmail.com"),
    ("the telephone is better", "other_channel", [GOOD], None),
    ("waiting needs no address", "hold", [], None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("sentence", "wanted", "contacts", "email"), KEPT, ids=[row[0] for row in KEPT]
)
def test_what_a_person_wants_is_done_and_says_so(
    office: Office, sentence: str, wanted: str, contacts: list[dict[str, Any]], email: str | None
) -> None:
    del sentence
    decided, debtor = settled(office, wanted, {"contacts": contacts})
    assert (debtor["decision"], debtor["decision_reason"]) == (wanted, "overridden")
    assert debtor["email"] == email
    assert (debtor["other_channel"] is None) == (wanted != "other_channel")
    told = decided.filter(pl.col("decision_reason") == "overridden")
    assert set(told["rule"]) == ({"L22"} if contacts else set())
    assert set(told["decision"]) == ({wanted} if contacts else set())


def test_with_a_neutral_notice_no_other_address_keeps_the_debt(office: Office) -> None:
    decided, _ = settled(office, "send_neutral", {"contacts": [GOOD, OLDER]})
    assert decided["decision"].to_list() == ["send_neutral", "send_neutral"]


OUT_OF_REACH: list[tuple[str, str, dict[str, Any], str]] = [
    (
        "an opt-out is an opt-out",
        "send",
        suppressed("address", GOOD["email_raw"], "suppress_opt_out"),
        "suppress_opt_out",
    ),
    (
        "the dead are not written to",
        "send_neutral",
        suppressed("debtor", "d1", "suppress_deceased"),
        "suppress_deceased",
    ),
    (
        "what is suppressed is not put on hold either",
        "hold",
        suppressed("debtor", "d1", "suppress_settled"),
        "suppress_settled",
    ),
    (
        "a stranger's mailbox stays closed",
        "send",
        suppressed("address", GOOD["email_raw"], "suppress_wrong_person"),
        "no_usable_address",
    ),
    (
        "without a legal basis a debt is told nobody",
        "send",
        {"contacts": [{**GOOD, "legal_basis": None}], "invoices": [{"debtor_id": "d1"}]},
        "hold_setting",
    ),
    (
        "an impossible shape reaches nobody",
        "send",
        {"contacts": [BROKEN]},
        "no_usable_address",
    ),
    ("nor does no address", "send", {"contacts": []}, "no_address"),
]


@pytest.mark.parametrize(
    ("sentence", "wanted", "case", "reason"), OUT_OF_REACH, ids=[row[0] for row in OUT_OF_REACH]
)
def test_the_law_stays_and_the_override_is_told_as_idle(
    office: Office, sentence: str, wanted: str, case: dict[str, Any], reason: str
) -> None:
    del sentence
    decided, debtor = settled(office, wanted, {"contacts": [GOOD], **case})
    assert debtor["decision_reason"] == reason
    assert "L22" not in decided["rule"].to_list()
    overrides = pl.DataFrame([("acme", "d1", wanted)], schema=OVERRIDES, orient="row")
    assert_frame_equal(without_effect(pl.DataFrame([debtor]), overrides), overrides)


def test_other_debtors_stay_as_they_are(office: Office) -> None:
    contacts = [GOOD, {**OLDER, "debtor_id": "d2"}]
    before = office.decide(contacts=contacts)
    after = office.decide(contacts=contacts, overrides=[{"debtor_id": "d2", "wanted": "hold"}])
    untouched = pl.col("debtor_id") == "d1"
    assert_frame_equal(before.filter(untouched), after.filter(untouched))
    assert after["decision"].to_list() == ["send", "hold"]
