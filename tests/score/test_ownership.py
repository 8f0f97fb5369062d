"""The second score: whose mailbox it is, told from names, domains, sources and neighbours."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from checks.score.names import add_name_levels

if TYPE_CHECKING:
    from tests.score.conftest import Office

NAMES = [
    # local part, name, how they compare
    ("maria.souza", "Maria Aparecida Souza", "name_full"),
    ("souzamaria84", "Maria Aparecida Souza", "name_full"),
    ("MARIA_SOUZA+boleto", "Maria Aparecida Souza", "name_full"),
    ("joao.goncalves", "João Gonçalves", "name_full"),
    ("josegonsalves", "José Gonçalves", "name_full"),  # two spellings of one name
    ("jsilva", "José da Silva", "name_part"),
    ("silvaj", "José da Silva", "name_part"),
    ("jps", "João Pedro Santos", "name_part"),
    ("paulo89", "Paulo Alves Oliveira", "name_part"),
    ("mariapereira", "Maria Aparecida Souza", "name_mixed"),  # a maiden name, or somebody else
    ("carlos.souza", "Maria Aparecida Souza", "name_relative"),
    ("jsouza", "Maria Aparecida Souza", "name_relative"),
    ("carlos.pereira", "Maria Aparecida Souza", "name_other"),
    ("bezerrapriscila", "Sandra Francisca Alves", "name_other"),
    ("mraia.souza", "Maria Aparecida Souza", "name_misspelt"),
    ("aan.souza", "Ana Aparecida Souza", "name_misspelt"),
    ("ana.sozua91", "Ana Aparecida Souza", "name_misspelt"),
    ("eva.souza", "Ave Souza", "name_part"),
    ("mosuza", "Maria Aparecida Souza", "name_misspelt"),
    ("thiagosousa", "Tiago Souza", "name_full"),
    ("phelipe77", "Felipe Prado", "name_full"),
    ("marcioreis", "Márcia Reis", "name_relative"),  # one letter, but another person
    ("gatinha.22", "Maria Aparecida Souza", "name_unlike"),
    ("josecarlos", "José C Silva", "name_part"),  # an initial that the mailbox spells out
    ("josemarcos", "José C Silva", "name_relative"),
    ("carlos.silva", "José C Silva", "name_relative"),  # the initial may be his: José is missing
    ("12345678", "Maria Aparecida Souza", ""),
    ("ml", "Maria Aparecida Souza", ""),
    ("maria.souza", None, ""),
]


@pytest.mark.parametrize(("local", "name", "level"), NAMES)
def test_mailbox_names_against_persons(
    office: Office,
    local: str,
    name: str | None,
    level: str,
) -> None:
    pairs = pl.DataFrame(
        {"local": [local], "domain": ["gmail.com"], "name": [name], "kind": ["pf"]},
        schema=dict.fromkeys(("local", "domain", "name", "kind"), pl.String()),
    )
    assert add_name_levels(pairs, office.reference)["name_level"].to_list() == [level]


COMPANY_NAMES = [
    ("padariacentral", "Padaria Central Ltda", "name_full"),
    ("central.compras", "Padaria Central Ltda", "name_part"),
    ("construtora.prado", "Padaria Central Ltda", "name_trade"),
    ("transportes.central", "Padaria Central Ltda", "name_trade"),
    ("padraiacentral", "Padaria Central Ltda", "name_misspelt"),
    ("joao.prado", "Padaria Central Ltda", "name_other"),  # often the owner
    ("padaria.reis", "Padaria Lobo Prado Ltda", "name_trade"),  # another bakery
    ("comercioreis", "Padaria Lobo Prado Ltda", "name_trade"),
    ("padaria.centro", "Padaria Lobo Prado Ltda", "name_part"),
    ("padariareis", "PADARIA R PRADO LTDA", "name_part"),
    ("preis", "PADARIA R PRADO LTDA", "name_part"),
    ("autopecas", "AUTO P PRADO S.A.", "name_part"),
]


@pytest.mark.parametrize(("local", "name", "level"), COMPANY_NAMES)
def test_mailbox_names_against_companies(
    office: Office,
    local: str,
    name: str,
    level: str,
) -> None:
    pairs = pl.DataFrame(
        {"local": [local], "domain": ["gmail.com"], "name": [name], "kind": ["pj"]},
    )
    assert add_name_levels(pairs, office.reference)["name_level"].to_list() == [level]


DOMAINS = [
    ("padariacentral.com.br", "Padaria Central Ltda", "pj", True),
    ("central.com.br", "Padaria Central Ltda", "pj", True),
    ("mail.padaria-central.example", "Padaria Central Ltda", "pj", True),
    ("silvacontabil.com.br", "Padaria Central Ltda", "pj", False),
    ("comercio.com.br", "Comércio de Roupas Ltda", "pj", False),  # a trade is nobody's name
    ("anasilva.com.br", "Ana Silva", "pf", True),
    ("supermercadosilva.com.br", "Ana Silva", "pf", False),  # a surname alone is an employer's
    (None, "Ana Silva", "pf", False),
    ("padaria-silva.com.br", "Padaria Silva Reis Ltda", "pj", True),
    ("comercio-silva.com.br", "Comércio Silva Reis S.A.", "pj", True),
    ("silva.com.br", "Padaria Silva Reis Ltda", "pj", True),
    ("silva-contabil.com.br", "Padaria Silva Reis Ltda", "pj", False),  # a surname by chance
    ("contabil-silva.com.br", "Gráfica Silva Silva Ltda", "pj", False),
    ("construtora-silva.com.br", "Padaria Silva Reis Ltda", "pj", False),
    ("transportes-central.com.br", "Padaria Central Ltda", "pj", False),
    ("central-sul.com.br", "Padaria Central Ltda", "pj", True),
    ("padaria-reis.com.br", "PADARIA R PRADO LTDA", "pj", True),
    ("padaria-silva.com.br", "Padaria Silva Reis Ltda", "", True),  # its legal form says what it is
    ("padaria-silva.com.br", "Padaria Silva Reis", "", False),
]


@pytest.mark.parametrize(("domain", "name", "kind", "own"), DOMAINS)
def test_domains_that_carry_the_debtors_name(
    office: Office,
    domain: str | None,
    name: str,
    kind: str,
    *,
    own: bool,
) -> None:
    pairs = pl.DataFrame(
        {"local": ["contato"], "domain": [domain], "name": [name], "kind": [kind]},
        schema=dict.fromkeys(("local", "domain", "name", "kind"), pl.String()),
    )
    assert add_name_levels(pairs, office.reference)["is_own_domain"].to_list() == [own]


def owned(office: Office, contact: dict[str, Any]) -> float:
    scored = office.score(contacts=[{"email_raw": "m1234567@gmail.com", **contact}])
    return float(scored.contacts["ownership"][0])


SOURCES = [
    ("debtor", 0.97),
    ("creditor", 0.90),
    ("unknown", 0.85),
    ("agency", 0.70),
    ("bureau", 0.70),
    ("register", 0.70),
    ("somebody's spreadsheet", 0.85),
]


@pytest.mark.parametrize(("source", "prior"), SOURCES)
def test_ownership_begins_with_who_gave_the_address(
    office: Office,
    source: str,
    prior: float,
) -> None:
    assert math.isclose(owned(office, {"source": source}), prior, abs_tol=1e-6)


def test_a_confirmation_outweighs_source_and_name(office: Office) -> None:
    confirmed = {
        "source": "bureau",
        "email_raw": "carlos.pereira@gmail.com",
        "confirmed_at": office.as_of - timedelta(days=30),
    }
    assert math.isclose(owned(office, confirmed), 0.97, abs_tol=1e-6)


AGREEING: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    # what is surer, than what
    (
        "a name that agrees adds to a confirmation",
        {"email_raw": "maria.souza@gmail.com", "confirmed_at": datetime(2026, 11, 1, tzinfo=UTC)},
        {"email_raw": "m1234567@gmail.com", "confirmed_at": datetime(2026, 11, 1, tzinfo=UTC)},
    ),
    (
        "two names prove more than one",
        {"email_raw": "maria.souza@gmail.com"},
        {"email_raw": "maria84@gmail.com"},
    ),
    (
        "a fantasy name speaks less against a company than a person's",
        {"email_raw": "casadarua@gmail.com", "name": "Padaria Central Ltda", "kind": "pj"},
        {"email_raw": "carlos.reis@gmail.com", "name": "Padaria Central Ltda", "kind": "pj"},
    ),
    (
        "a person's name speaks less against a company than another firm's",
        {"email_raw": "carlos.reis@gmail.com", "name": "Padaria Central Ltda", "kind": "pj"},
        {"email_raw": "construtorareis@gmail.com", "name": "Padaria Central Ltda", "kind": "pj"},
    ),
]


@pytest.mark.parametrize(("sentence", "surer", "other"), AGREEING, ids=[row[0] for row in AGREEING])
def test_what_makes_an_owner_surer(
    office: Office, sentence: str, surer: dict[str, Any], other: dict[str, Any]
) -> None:
    del sentence
    assert owned(office, surer) > owned(office, other) + 0.001


AT_WORK: list[tuple[str, str, str]] = [
    # a company's mailbox, surer than that one
    ("maria.reis@padaria-central.example", "mraia.reis@padaria-central.example", "a slip"),
    ("marie.reis@padaria-central.example", "mraia.reis@padaria-central.example", "no slip"),
    ("financeiro@padaria-central.example", "fnianceiro@padaria-central.example", "a department"),
    ("contato@padaria-central.example", "contato@sul.example", "another domain"),
    ("contato@sul.example", "contato@sul-contabil.example", "the accountant it named"),
]


@pytest.mark.parametrize(("surer", "other", "why"), AT_WORK, ids=[row[2] for row in AT_WORK])
def test_whose_mailbox_it_is_at_companies_domains(
    office: Office, surer: str, other: str, why: str
) -> None:
    del why
    company = {"name": "Padaria Central Ltda", "kind": "pj", "source": "debtor"}
    scored = office.score(
        contacts=[
            {**company, "email_raw": address, "debtor_id": address} for address in (surer, other)
        ],
        syntax=[{"email_raw": address, "is_free": False} for address in (surer, other)],
    )
    owned_by = dict(scored.contacts.select("debtor_id", "ownership").iter_rows())
    assert owned_by[surer] > owned_by[other] + 0.001
    assert owned_by[other] > 0.5  # a notice may go there


def test_a_name_before_a_misspelt_domain_proves_nothing(office: Office) -> None:
    scored = office.score(
        contacts=[{"email_raw": "maria.souza@gmial.com", "source": "debtor"}],
        syntax=[{"email_raw": "maria.souza@gmial.com", "reason": "suspected_typo"}],
    )
    assert scored.contacts["ownership"][0] < 0.05


def test_a_mailbox_that_agrees_leaves_one_stranger_in_a_thousand(office: Office) -> None:
    assert owned(office, {"email_raw": "maria.souza@gmail.com", "source": "debtor"}) > 0.999


def test_a_click_counts_for_the_debtor_only_where_nobody_shares_the_address(
    office: Office,
) -> None:
    clicked = [{"address": "casa@gmail.com", "confirmed_at": office.as_of}]
    alone = office.score(contacts=[{"email_raw": "casa@gmail.com"}], history=clicked)
    shared = office.score(
        contacts=[
            {"email_raw": "casa@gmail.com"},
            {"email_raw": "casa@gmail.com", "debtor_id": "d2", "name": "Carlos Prado"},
        ],
        history=clicked,
    )
    assert alone.contacts["confirmed_at"].null_count() == 0
    assert shared.contacts["confirmed_at"].null_count() == 2


def test_agreeing_names_raise_and_strangers_names_lower(office: Office) -> None:
    by_name = [
        owned(office, {"email_raw": f"{local}@gmail.com"})
        for local in (
            "maria.souza",
            "maria84",
            "12345678",
            "mariapereira",
            "carlos.souza",
            "ivo.reis",
        )
    ]
    assert by_name == sorted(by_name, reverse=True)
    assert by_name[0] > 0.95
    assert by_name[-1] < 0.5


def test_a_nickname_is_hardly_evidence(office: Office) -> None:
    assert owned(office, {"email_raw": "gatinha22@gmail.com"}) > 0.85


RECYCLED = [
    # provider's domain, collected, loss of ownership by rule L10
    ("hotmail.com", date(2026, 6, 1), 0.0),
    ("hotmail.com", date(2024, 11, 21), 0.0),
    ("hotmail.com", date(2022, 11, 20), 0.004),  # at first it takes three things to happen
    ("hotmail.com", date(2020, 11, 20), 0.031),
    ("hotmail.com", date(2018, 11, 20), 0.105),
    ("yahoo.com.br", date(2016, 11, 20), 0.25),
    ("hotmail.com", date(2001, 1, 1), 0.25),  # never more than that
    ("gmail.com", date(2001, 1, 1), 0.0),  # Gmail gives no name out twice
    ("uol.com.br", date(2001, 1, 1), 0.0),
]


@pytest.mark.parametrize(("domain", "collected", "loss"), RECYCLED)
def test_l10_old_addresses_at_recycling_providers_lose_ownership(
    office: Office,
    domain: str,
    collected: date,
    loss: float,
) -> None:
    found = owned(office, {"email_raw": f"m1234567@{domain}", "source_date": collected})
    assert math.isclose(found, 0.90 - loss, abs_tol=0.002)


def test_l10_a_confirmation_within_24_months_ends_the_risk(office: Office) -> None:
    old = {"email_raw": "m1234567@hotmail.com", "source_date": date(2012, 1, 1)}
    recent, long_ago = (
        owned(office, {**old, "confirmed_at": office.as_of - timedelta(days=days)})
        for days in (700, 760)
    )
    assert math.isclose(recent, 0.97, abs_tol=1e-6)
    assert math.isclose(long_ago, 0.72, abs_tol=0.002)


def test_every_other_person_with_the_address_lowers_it(office: Office) -> None:
    def of_first(count: int) -> float:
        people = ["Maria Souza", "Carlos Prado", "Rita Lobo", "Ivo Reis"]
        contacts = [
            {"email_raw": "1234567@gmail.com", "debtor_id": f"d{n}", "name": people[n]}
            for n in range(count)
        ]
        return float(office.score(contacts=contacts).contacts["ownership"][0])

    falling = [of_first(count) for count in (1, 2, 3, 4)]
    assert falling == sorted(set(falling), reverse=True)


def test_records_of_one_cluster_share_nothing(office: Office) -> None:
    twice = office.score(
        contacts=[
            {"email_raw": "1234567@gmail.com"},
            {"email_raw": "1234567@gmail.com", "debtor_id": "d2"},
        ],
        clusters=[
            {"debtor_id": "d1", "cluster_id": "c"},
            {"debtor_id": "d2", "cluster_id": "c"},
        ],
    ).contacts
    assert twice["people"].to_list() == [1, 1]
    assert twice["ownership"].to_list() == [0.9, 0.9]


def test_the_steps_of_every_contact_add_up_to_its_ownership(office: Office) -> None:
    scored = office.score(
        contacts=[
            {"email_raw": "carlos.souza@hotmail.com", "source_date": date(2015, 1, 1)},
            {"email_raw": "contab@escritorio.example", "debtor_id": "d2", "kind": "pj"},
            {"email_raw": "financeiro@padaria.example", "debtor_id": "d3", "kind": "pj",
             "name": "Padaria Ltda"},
        ],
        syntax=[
            {"email_raw": f"{local}.example", "is_free": False}
            for local in ("contab@escritorio", "financeiro@padaria")
        ],
    )  # fmt: skip
    key = ["creditor_id", "debtor_id", "address"]
    summed = (
        scored.steps.filter(pl.col("score") == "ownership")
        .group_by(key)
        .agg(pl.col("log_odds").sum())
    )
    both = scored.contacts.join(summed, on=key)
    assert both.height == 3
    for row in both.iter_rows(named=True):
        assert math.isclose(row["ownership"], 1 / (1 + math.exp(-row["log_odds"])), abs_tol=1e-6)


def test_an_address_written_twice_on_one_debtor_has_its_steps_once(office: Office) -> None:
    scored = office.score(
        contacts=[
            {"email_raw": "Ana@gmail.com", "source": "bureau"},
            {"email_raw": "ana@gmail.com", "source": "debtor"},
        ],
    )
    assert scored.contacts.height == 2
    owner = scored.steps.filter(pl.col("score") == "ownership")
    assert owner["position"].to_list().count(0) == 1
    assert owner["step"][0] == "source:debtor"  # the better of the two
