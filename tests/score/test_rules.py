"""The law as a table: for every rule what it blocks, what it lets pass, and in which order."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from checks.model import Decision, DecisionReason
from checks.score import DecisionPolicy, decision_rules
from tests.score.cases import NO_USE, OWES, SEND, company, contact, dated, decided, found

if TYPE_CHECKING:
    from tests.score.conftest import Office

BLOCK_ROLE = ("L02", "suppress", "blocked_role_mailbox")

BLOCK_EMPLOYER = ("L03", "suppress", "blocked_employer")

THIRD_PARTY = ("L04", "review", "review_third_party")

UNCONFIRMED = ("L06", "send_neutral", "neutral_unconfirmed")

TABLE: list[tuple[str, dict[str, Any], tuple[str, str, str]]] = [
    # rule L01, both scores must pass
    ("l01 deliverable and the debtor's own", contact(), SEND),
    ("l01 too likely to bounce", contact(source_date=date(2006, 1, 1)), NO_USE),
    (
        "l01 a bounced address is never written to again",
        {
            **contact(),
            "history": [{"address": "maria.souza@gmail.com", "hard_bounces": 1, "last_hard_at": 0}],
        },
        ("L01", "suppress", "suppress_bounced"),
    ),
    ("l01 refused by its server", found("maria.souza@gmail.com", "mailbox_not_found"), NO_USE),
    (
        "l01 a full mailbox may be emptied: wait",
        found("maria.souza@gmail.com", "mailbox_full"),
        ("L01", "hold", "hold_retry"),
    ),
    (
        "l01 an unanswered question may be answered later: wait",
        found("maria.souza@hotmail.com", "greylisted", source_date=None),
        ("L01", "hold", "hold_retry"),
    ),
    (
        "l01 not asked by policy and not likely enough: no use in waiting",
        found("maria.souza@hotmail.com", "not_asked_policy", source_date=None),
        NO_USE,
    ),
    (
        "l01 perhaps somebody else's mailbox",
        contact(email_raw="maria.reis@gmail.com", source="creditor"),
        ("L01", "send_neutral", "neutral_ownership"),
    ),
    (
        "l01 probably somebody else's mailbox",
        contact(email_raw="ivo.reis@gmail.com", source="creditor"),
        ("L01", "review", "review_third_party"),
    ),
    ("l01 a company needs .60 only", company("padaria@gmail.com", source="agency"), SEND),
    (
        "l01 a person with the same source does not get the debt's content",
        contact(email_raw="padaria@gmail.com", source="agency"),
        ("L01", "send_neutral", "neutral_ownership"),
    ),
    # rule L02, persons and role mailboxes
    ("l02 a person at a role mailbox", contact(email_raw="contato@loja.example"), BLOCK_ROLE),
    (
        "l02 not even where the debtor gave it",
        contact(email_raw="contato@loja.example", source="debtor"),
        BLOCK_ROLE,
    ),
    (
        "l02 a debtor of unknown kind is treated as a person",
        contact(email_raw="contato@loja.example", kind=""),
        BLOCK_ROLE,
    ),
    # rule L03, persons and employers
    (
        "l03 a person at an employer",
        contact(email_raw="maria.souza@fabrica.example"),
        BLOCK_EMPLOYER,
    ),
    (
        "l03 unless the debtor gave it for billing",
        found("maria.souza@fabrica.example", "mailbox_accepted", source="debtor"),
        SEND,
    ),
    (
        "l03 unless the owner answered from it",
        contact(email_raw="maria.souza@fabrica.example", confirmed_at=0),
        SEND,
    ),
    (
        "l03 unless the domain is the person's own",
        found("contacto1@mariasouza.example", "mailbox_accepted", name="Maria Souza"),
        SEND,
    ),
    # rule L04, companies, their paying departments and their accountants
    ("l04 a company's own paying department", company("financeiro@padariacentral.example"), SEND),
    ("l04 its accountant's office", company("fiscal@contabilreal.example"), THIRD_PARTY),
    (
        "l04 unless the company gave that address",
        company("fiscal@contabilreal.example", source="debtor"),
        SEND,
    ),
    (
        "l04 an accountant's own debt goes to the accountant",
        company("fiscal@contabilreal.example", name="Contabil Real Ltda"),
        SEND,
    ),
    # rule L06, accept-all and unconfirmed mailboxes of persons
    (
        "l06 a server that says yes to everybody",
        found("ana@dominio.example", "accepts_all", source="debtor", source_date=date(2026, 11, 1)),
        UNCONFIRMED,
    ),
    (
        "l06 a yes that nothing proves",
        found(
            "ana@dominio.example",
            "acceptance_unproven",
            source="debtor",
            source_date=date(2026, 11, 1),
        ),
        UNCONFIRMED,
    ),
    (
        "l06 a yes that is taken back later, at a consumer provider too",
        found("maria.souza@yahoo.com.br", "accepts_then_rejects"),
        UNCONFIRMED,
    ),
    (
        "l06 nobody was asked, at a host that is no consumer provider",
        contact(email_raw="ana@dominio.example", source="debtor", source_date=date(2026, 11, 1)),
        UNCONFIRMED,
    ),
    (
        "l06 an absent mailbox of a consumer provider is read by nobody: scores decide",
        found("maria.souza@hotmail.com", "not_asked_policy"),
        SEND,
    ),
    (
        "l06 the owner answered from it",
        found("ana@dominio.example", "accepts_all", confirmed_at=0),
        SEND,
    ),
    ("l06 companies are not persons", company("compras9@padariacentral.example"), SEND),
    # rule L07, inferred addresses
    (
        "l07 inferred, never heard of",
        {
            **company("joao.silva@padariacentral.example", origin="pattern"),
            "findings": [
                {"address": "joao.silva@padariacentral.example", "reason": "mailbox_accepted"},
            ],
        },
        ("L07", "send_neutral", "neutral_unconfirmed"),
    ),
    (
        "l07 inferred and confirmed since",
        company("joao.silva@padariacentral.example", origin="pattern", confirmed_at=0),
        SEND,
    ),
    # rule L08, throw-away and technical mailboxes
    (
        "l08 a throw-away address",
        {**contact(), "syntax": [{"email_raw": "maria.souza@gmail.com", "is_disposable": True}]},
        ("L08", "suppress", "blocked_disposable"),
    ),
    (
        "l08 a technical mailbox, for a company too",
        company("noreply@padariacentral.example"),
        ("L08", "suppress", "blocked_role_mailbox"),
    ),
    # rule L09, repairs
    (
        "l09 misspelt, with a likely repair",
        {
            **contact(email_raw="maria.souza@gmial.com"),
            "syntax": [
                {
                    "email_raw": "maria.souza@gmial.com",
                    "verdict": "risky",
                    "reason": "suspected_typo",
                    "suggestion": "maria.souza@gmail.com",
                },
            ],
        },
        ("L09", "review", "review_repair"),
    ),
    (
        "l09 impossible, without a repair",
        {
            **contact(email_raw="maria.souza@@"),
            "syntax": [
                {
                    "email_raw": "maria.souza@@",
                    "domain": None,
                    "verdict": "undeliverable",
                    "reason": "two_ats",
                },
            ],
        },
        NO_USE,
    ),
    (
        "l09 a repaired address that nobody confirmed",
        contact(origin="repair"),
        ("L09", "review", "review_repair"),
    ),
    (
        "l09 a repaired address that its server accepts needs both scores of its own",
        found("maria.souza@gmail.com", "mailbox_accepted", origin="repair"),
        ("L01", "send", "confident"),
    ),
    # rule L10, recycled names (the numbers are tested with ownership)
    (
        "l10 an old address at a provider that gives names out again",
        found("padaria@hotmail.com", "mailbox_accepted", source_date=date(2016, 1, 1)),
        ("L01", "send_neutral", "neutral_ownership"),
    ),
    (
        "l10 the same at Gmail, which does not",
        found("padaria@gmail.com", "mailbox_accepted", source_date=date(2016, 1, 1)),
        SEND,
    ),
    # rule L13 and L16, what a collection document needs
    (
        "l16 a debt and no legal basis",
        {**contact(legal_basis=None), "invoices": OWES},
        ("L16", "hold", "hold_setting"),
    ),
    ("l16 a list without debts needs none", contact(legal_basis=None, invoices=0), SEND),
    (
        "l13 a debt whose creditor is not named",
        {**contact(), "policy": DecisionPolicy(unnamed_creditors=frozenset({"acme"}))},
        ("L13", "hold", "hold_setting"),
    ),
    (
        "l13 a list without debts names nobody",
        {**contact(invoices=0), "policy": DecisionPolicy(unnamed_creditors=frozenset({"acme"}))},
        SEND,
    ),
]


@pytest.mark.parametrize(("sentence", "case", "expected"), TABLE, ids=[row[0] for row in TABLE])
def test_a_contact_alone(
    office: Office,
    sentence: str,
    case: dict[str, Any],
    expected: tuple[str, str, str],
) -> None:
    del sentence
    assert decided(office, dated(office, case)) == [expected]


def test_a_plain_list_is_neither_blocked_nor_held(office: Office) -> None:
    """A row without name, tax id and invoice is nobody's debt: only deliverability decides."""
    nobody = {"name": None, "kind": "", "invoices": 0, "legal_basis": None, "source": "unknown",
              "source_date": None}  # fmt: skip
    case = {
        "contacts": [
            {"email_raw": raw, "debtor_id": f"row {n}", **nobody}
            for n, raw in enumerate(
                ["x12345@gmail.com", "ana.lima@icloud.com", "old@brturbo.com.br"], start=1
            )
        ],
    }
    assert decided(office, case) == [SEND, SEND, NO_USE]


def test_every_rule_has_a_sentence_and_the_last_always_holds(office: Office) -> None:
    rules = decision_rules(DecisionPolicy())
    assert all(rule.sentence.endswith(".") for rule in rules)
    assert (rules[-1].decision, rules[-1].reason) == (Decision.SEND, DecisionReason.CONFIDENT)
    assert office.decide(contacts=[{"email_raw": "a@b.example"}])["rule"].null_count() == 0
