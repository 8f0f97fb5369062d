"""What probing is told of a debtor, and what of it a server's words leave behind."""

from __future__ import annotations

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.frames import RECIPIENTS
from checks.mailbox.plan import Target
from checks.mailbox.records import answer_record, ask_record
from checks.mailbox.rules import Ruling, Scope
from checks.mailbox.session import Answer, Ask, scrubbed
from checks.model import Reason

DEBT = {"amount", "currency", "due_date", "days_overdue", "invoice_ids", "debtor_id", "name"}
LOCAL = st.text("abcdefghijklmnopqrstuvwxyz0123456789._-", min_size=3, max_size=20)


def test_l17_neither_a_probe_nor_its_journal_has_a_place_for_a_debt() -> None:
    ask = Ask("ana@firma.example", "firma.example")
    ruling = Ruling(Reason.MAILBOX_ACCEPTED, Scope.RECIPIENT, "accepted")
    written = {
        *ask_record("s", ask, 0.0),
        *answer_record("s", Answer(ask, 250, None, "ok", ruling)),
        *(field.name for field in fields(Target)),
    }
    assert set(RECIPIENTS) >= DEBT, "the words of a debt are those of the list that tells it"
    assert written & DEBT == set()


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        pytest.param("<Ana@firma.example> unknown", "<...> unknown", id="in brackets"),
        pytest.param("user ANA does not exist", "user ... does not exist", id="local part alone"),
        pytest.param("try bia@firma.example", "try ...", id="another's address"),
        pytest.param("banana is unknown", "banana is unknown", id="inside another word"),
    ],
)
def test_l18_replies_are_kept_without_addresses(text: str, kept: str) -> None:
    assert scrubbed(text, "ana@firma.example") == kept


@given(LOCAL, st.text(max_size=50), st.sampled_from([" ", "<", "'", "("]))
def test_l18_no_reply_keeps_the_address_that_was_asked(local: str, around: str, edge: str) -> None:
    address = f"{local}@firma.example"
    assert address not in scrubbed(f"{around}{edge}{address}", address)
