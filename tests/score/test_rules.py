"""The law as a table: for every rule what it blocks, what it lets pass, and in which order."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from checks.model import Decision, DecisionReason
from checks.score import DecisionPolicy, decision_rules

if TYPE_CHECKING:
    from tests.score.conftest import Office

OWES = [{"debtor_id": f"d{n}", "invoice_id": f"i{n}"} for n in range(1, 5)]


def decided(office: Office, case: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return rule, decision and reason of each contact of a case, by debtor."""
    contacts = [{"email_raw": "maria.souza@gmail.com", **row} for row in case["contacts"]]
    syntax = [
        {"email_raw": raw, "is_free": False, "is_role": raw.split("@")[0] in ROLES}
        for raw in {row["email_raw"] for row in contacts}
        if raw.endswith(".example")
    ]
    known = {**case, "contacts": contacts, "syntax": [*syntax, *case.get("syntax", [])]}
    frame = office.decide(**known)
    return list(frame.select("rule", "decision", "decision_reason").iter_rows())


ROLES = {"financeiro", "contato", "vendas", "noreply", "fiscal"}

SEND = ("L01", "send", "confident")
BLOCK_ROLE = ("L02", "suppress", "blocked_role_mailbox")
BLOCK_EMPLOYER = ("L03", "suppress", "blocked_employer")
BLOCK_SHARED = ("L05", "suppress", "blocked_shared")
HOUSEHOLD = ("L05", "send_neutral", "neutral_household")
THIRD_PARTY = ("L04", "review", "review_third_party")
UNCONFIRMED = ("L06", "send_neutral", "neutral_unconfirmed")
NO_USE = ("L01", "other_channel", "no_usable_address")


def contact(**more: object) -> dict[str, Any]:
    return {"contacts": [more]}


def company(address: str, name: str = "Padaria Central Ltda", **more: object) -> dict[str, Any]:
    """Return a company's address that its server accepts."""
    return found(address, "mailbox_accepted", kind="pj", name=name, **more)


def found(address: str, reason: str, **more: object) -> dict[str, Any]:
    return {
        **contact(email_raw=address, **more),
        "findings": [{"address": address, "reason": reason, "verdict": "unknown"}],
    }


def shared(*people: dict[str, Any]) -> dict[str, Any]:
    return {
        "contacts": [
            {"email_raw": "casa.da.rua@gmail.com", "debtor_id": f"d{n}", **person}
            for n, person in enumerate(people, start=1)
        ],
    }


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


def dated(office: Office, case: dict[str, Any]) -> dict[str, Any]:
    """Write moments for the zeros of a case: yesterday."""
    yesterday = office.as_of - timedelta(days=1)

    def with_moments(row: dict[str, Any]) -> dict[str, Any]:
        moments = {"confirmed_at", "last_hard_at"}
        return {name: yesterday if name in moments else cell for name, cell in row.items()}

    tables = {"contacts", "history"} & set(case)
    return {**case, **{name: [with_moments(row) for row in case[name]] for name in tables}}


FIRM = {"name": "Padaria Central Ltda", "kind": "pj"}

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
