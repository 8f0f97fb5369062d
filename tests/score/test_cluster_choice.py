"""Which address of a cluster wins: the records of one debtor choose among all of its addresses."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl

from checks.contacts import find_clusters
from checks.enrich import propose_contacts
from data.reference.matching import load_match_reference

if TYPE_CHECKING:
    from tests.score.conftest import Office

Rows = list[dict[str, Any]]

FINANCE = "financeiro@padariapaodoce.example"
CONSUMER = "padariapaodoce@gmail.com"
SHAPES: Rows = [{"email_raw": FINANCE, "is_role": True, "is_free": False}]
NONE: Rows = []
FIRM: dict[str, Any] = {"kind": "pj", "name": "Padaria Pão Doce Ltda", "tax_id": "11222333000181"}
MARIA: dict[str, Any] = {"kind": "pf", "name": "Maria Souza", "tax_id": "52998224725"}


Chosen = dict[str, tuple[str, list[str]]]


def _chosen(
    office: Office, debtors: Rows, contacts: Rows, findings: Rows = NONE, suppressions: Rows = NONE
) -> Chosen:
    """Match, enrich, score and decide; return each debtor's address with its backups."""
    facts = office.facts(debtors=debtors, contacts=contacts, syntax=SHAPES)
    located = facts.contacts.join(facts.syntax, on="email_raw").select(
        "creditor_id", "debtor_id", "address"
    )
    clusters = find_clusters(facts.debtors, located, load_match_reference()).clusters
    lent = propose_contacts(facts.debtors, facts.contacts, facts.syntax, clusters)
    _, decided = office.settle(
        debtors=debtors,
        contacts=[*contacts, *lent.to_dicts()],
        clusters=clusters.to_dicts(),
        syntax=SHAPES,
        findings=findings,
        suppressions=suppressions,
    )
    rows = decided.debtors.filter(pl.col("decision") == "send")
    return {debtor: (email, backups) for debtor, email, backups in
            rows.select("debtor_id", "email", "backups").iter_rows()}  # fmt: skip


FIRMS: Rows = [{**FIRM, "debtor_id": "d1"}, {**FIRM, "debtor_id": "d2"}]
TWO: Rows = [
    {"debtor_id": "d1", "email_raw": CONSUMER},
    {"debtor_id": "d2", "email_raw": FINANCE, "source": "debtor"},
]
OTHERS: Rows = [
    {"debtor_id": f"o{number}", "kind": "pj", "name": name, "tax_id": tax_id}
    for number, (name, tax_id) in enumerate(
        [
            ("Oficina Reis Ltda", "11444777000161"),
            ("Livraria Lima Ltda", "00000000000191"),
            ("Farmacia Melo Ltda", "60746948000112"),
        ]
    )
]


def test_a_companys_paying_department_wins_for_all_its_records(office: Office) -> None:
    alive = [
        {"address": each, "reason": "mailbox_accepted", "verdict": "deliverable"}
        for each in (FINANCE, CONSUMER)
    ]
    chosen = _chosen(office, FIRMS, TWO, findings=alive)
    assert chosen == {"d1": (FINANCE, [CONSUMER]), "d2": (FINANCE, [CONSUMER])}


def test_a_dead_mailbox_leaves_the_place_to_the_next(office: Office) -> None:
    dead = [{"address": FINANCE, "reason": "mailbox_not_found", "verdict": "undeliverable"}]
    chosen = _chosen(office, FIRMS, TWO, findings=dead)
    assert {email for email, _ in chosen.values()} == {CONSUMER}


def test_an_address_that_other_companies_have_too_is_not_the_clusters(office: Office) -> None:
    shared = [*TWO, *({"debtor_id": each["debtor_id"], "email_raw": FINANCE} for each in OTHERS)]
    chosen = _chosen(office, [*FIRMS, *OTHERS], shared)
    assert chosen["d1"][0] == chosen["d2"][0] == CONSUMER


def test_a_wish_for_silence_reaches_every_record(office: Office) -> None:
    wish = [{"key": FINANCE, "reason": "suppress_opt_out"}]
    assert _chosen(office, FIRMS, TWO, suppressions=wish) == {}


def test_of_equal_addresses_the_newer_one_wins(office: Office) -> None:
    persons = [{**MARIA, "debtor_id": "d1"}, {**MARIA, "debtor_id": "d2"}]
    dated = [
        {"debtor_id": "d1", "email_raw": "maria.souza@gmail.com", "source_date": date(2019, 1, 1)},
        {"debtor_id": "d2", "email_raw": "mariasouza8@gmail.com", "source_date": date(2026, 9, 1)},
    ]
    chosen = _chosen(office, persons, dated)
    assert {email for email, _ in chosen.values()} == {"mariasouza8@gmail.com"}


def test_who_is_only_likely_to_be_one_is_lent_nothing(office: Office) -> None:
    father = {"kind": "pf", "name": "José da Silva", "phone": "+5511987654321"}
    family = [
        {**father, "debtor_id": "d1"},
        {**father, "debtor_id": "d2", "name": "José da Silva Filho"},
    ]
    own = [
        {"debtor_id": "d1", "email_raw": "jose.silva@gmail.com"},
        {"debtor_id": "d2", "email_raw": "jsilva.filho@gmail.com"},
    ]
    chosen = _chosen(office, family, own)
    assert chosen["d1"] == ("jose.silva@gmail.com", [])
    assert "jose.silva@gmail.com" not in str(chosen.get("d2"))
