"""Debtors that are one: what joins, what never does, what a person is asked, what stays."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from checks.contacts import (
    CLUSTER_CHANGES,
    DECIDED_PAIRS,
    DOUBTS,
    Matched,
    find_clusters,
)
from checks.frames import CLUSTERS, DEBTORS
from checks.syntax import check_syntax
from data.intake import IntakeSettings, read_portfolio
from data.reference.matching import load_match_reference
from data.reference.syntax import load_syntax_reference
from sandbox.market import Kind
from sandbox.portfolio import make_portfolio

REFERENCE: Final = load_match_reference()
CPF: Final = ("52998224725", "11144477735")
CNPJ_BRANCHES: Final = ("11222333000181", "11222333000262")
CONTACTS: Final = {"creditor_id": pl.String, "debtor_id": pl.String, "address": pl.String}

Row = dict[str, str | None]
Portfolio = tuple[pl.DataFrame, pl.DataFrame]


def _portfolio(rows: Sequence[Row]) -> Portfolio:
    numbered = [
        {"creditor_id": "a", "kind": "pf", "debtor_id": str(number), **row}
        for number, row in enumerate(rows, 1)
    ]
    debtors = [{column: row.get(column) for column in DEBTORS.names()} for row in numbered]
    contacts = [{column: row.get(column) for column in CONTACTS} for row in numbered]
    return pl.DataFrame(debtors, schema=dict(DEBTORS)), pl.DataFrame(contacts, schema=CONTACTS)


def _match(*rows: Row, others: Portfolio | None = None) -> Matched:
    debtors, contacts = _portfolio(rows)
    if others is not None:
        debtors, contacts = pl.concat([debtors, others[0]]), pl.concat([contacts, others[1]])
    return find_clusters(debtors, contacts, REFERENCE)


def _told(found: Matched, rows: int) -> list[tuple[str, str]]:
    """Return cluster and link of the first rows, which are known by their number."""
    ids = [str(number) for number in range(1, rows + 1)]
    own = found.clusters.filter(pl.col("debtor_id").is_in(ids))
    return list(own.select("cluster_id", "link").iter_rows())


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> Portfolio:
    """200 debtors of a portfolio, people and companies, among whom a pair is looked at."""
    debtors, contacts = [], []
    reference = load_syntax_reference(allow_special_use=True)
    kinds: tuple[tuple[Kind, str], ...] = (("b2c_br", "b"), ("b2b_mx", "m"))
    for kind, before in kinds:
        folder: Path = tmp_path_factory.mktemp(kind)
        path = make_portfolio(kind, 100, seed=7).write(folder)
        read = read_portfolio([path], IntakeSettings(legal_basis="contract"), folder)
        shapes = check_syntax(read.contacts["email_raw"].unique(), reference)
        named = (pl.lit(before) + pl.col("debtor_id")).alias("debtor_id")
        everyone = [pl.lit("a").alias("creditor_id"), named]
        debtors.append(read.debtors.with_columns(everyone))
        located = read.contacts.join(shapes, on="email_raw").filter(pl.col("domain").is_not_null())
        contacts.append(located.with_columns(everyone).select(CONTACTS.keys()))
    return pl.concat(debtors), pl.concat(contacts)


ANA: Final[Row] = {"name": "Ana Paula de Souza", "address": "ana.souza@gmail.com"}

JOINED: Final[dict[str, tuple[Row, Row]]] = {
    "one tax id, though the name is cut short": (
        {"name": "Ana Souza", "tax_id": CPF[0]},
        {"name": "A. P. Souza", "tax_id": CPF[0]},
    ),
    "dots and tags of Gmail": (ANA, {**ANA, "address": "anasouza+boleto@googlemail.com"}),
    "particles, accents and case of a name": (ANA, {**ANA, "name": "ANA PAULA SOUZÁ"}),
    "a misspelt surname": (
        {**ANA, "name": "Ana Paula Gonçalves Siqueira"},
        {**ANA, "name": "Ana Paula Goncalvez Siqueira"},
    ),
    "first names that sound the same": (
        {**ANA, "name": "Thiago Baptista Nunes"},
        {**ANA, "name": "Tiago Batista Nunes"},
    ),
    "legal forms of companies": (
        {"kind": "pj", "name": "Padaria Pão Doce Ltda - ME", "address": "x@pao.example"},
        {"kind": "pj", "name": "PADARIA PAO DOCE EIRELI", "address": "X@PAO.example"},
    ),
    "Mexican legal forms": (
        {"kind": "pj", "name": "Aceros del Norte, S.A. de C.V.", "address": "x@an.example"},
        {"kind": "pj", "name": "ACEROS DEL NORTE SA DE CV", "address": "x@an.example"},
    ),
    "legal forms letter by letter": (
        {"kind": "pj", "name": "Aceros del Norte S. de R. L. de C. V.", "address": "x@an.example"},
        {"kind": "pj", "name": "Aceros del Norte, S/A", "address": "x@an.example"},
    ),
    "a phone and an equal name": (
        {"name": "Rui Barros Lima", "phone": "+5511987654321"},
        {"name": "Rui Barros Lima", "phone": "+5511987654321"},
    ),
    "a tax id on one side only": (ANA | {"tax_id": CPF[0]}, ANA),
    "the same generation": (
        {**ANA, "name": "José da Silva Jr."},
        {**ANA, "name": "Jose Silva Júnior"},
    ),
}

APART: Final[dict[str, tuple[Row, Row]]] = {
    "a mailbox without a name": ({"address": "x@y.example"}, {"address": "x@y.example"}),
    "a first name alone": ({**ANA, "name": "Ana"}, {**ANA, "name": "Ana"}),
    "relatives with one mailbox": (ANA, {**ANA, "name": "Carlos Paulo de Souza"}),
    "first names one letter apart": (
        {**ANA, "name": "Marcia Regina Oliveira Campos"},
        {**ANA, "name": "Maria Regina Oliveira Campos"},
    ),
    "sexes told by a vowel": (
        {**ANA, "name": "Mario Henrique Oliveira Campos"},
        {**ANA, "name": "Maria Henrique Oliveira Campos"},
    ),
    "two valid tax ids": (ANA | {"tax_id": CPF[0]}, ANA | {"tax_id": CPF[1]}),
    "branches of one company": (
        {"kind": "pj", "name": "Loja Boa", "tax_id": CNPJ_BRANCHES[0], "address": "x@boa.example"},
        {"kind": "pj", "name": "Loja Boa", "tax_id": CNPJ_BRANCHES[1], "address": "x@boa.example"},
    ),
    "father and son": (
        {**ANA, "name": "José da Silva"},
        {**ANA, "name": "José da Silva Filho"},
    ),
    "son and grandson": (
        {**ANA, "name": "José da Silva Júnior"},
        {**ANA, "name": "José da Silva Neto"},
    ),
    "a person and a company of one name": (
        {**ANA, "kind": "pf", "name": "Joana Reis Modas"},
        {**ANA, "kind": "pj", "name": "Joana Reis Modas"},
    ),
    "numbered companies": (
        {"kind": "pj", "name": "Condominio Solar das Palmeiras 12", "address": "x@adm.example"},
        {"kind": "pj", "name": "Condominio Solar das Palmeiras 13", "address": "x@adm.example"},
    ),
    "dots where the provider counts them": (
        {**ANA, "address": "ana.souza@outlook.com"},
        {**ANA, "address": "anasouza@outlook.com"},
    ),
    "one name at two providers": (
        {**ANA, "address": "anasouza@outlook.com"},
        {**ANA, "address": "anasouza@hotmail.com"},
    ),
    "nothing in common but the name": ({"name": "Ana Lima Reis"}, {"name": "Ana Lima Reis"}),
    "another creditor": (
        ANA | {"creditor_id": "a", "tax_id": CPF[0]},
        ANA | {"creditor_id": "b", "tax_id": CPF[0]},
    ),
}


@pytest.mark.parametrize("alone", [True, False], ids=["alone", "among others"])
@pytest.mark.parametrize(("left", "right"), JOINED.values(), ids=JOINED.keys())
def test_joins(left: Row, right: Row, alone: bool, others: Portfolio) -> None:  # noqa: FBT001
    told = _told(_match(left, right, others=None if alone else others), 2)
    assert [cluster for cluster, _ in told] == ["c:1", "c:1"]
    assert "single" not in {link for _, link in told}


@pytest.mark.parametrize("alone", [True, False], ids=["alone", "among others"])
@pytest.mark.parametrize(("left", "right"), APART.values(), ids=APART.keys())
def test_keeps_apart(left: Row, right: Row, alone: bool, others: Portfolio) -> None:  # noqa: FBT001
    told = _told(_match(left, right, others=None if alone else others), 2)
    assert told == [("c:1", "single"), ("c:2", "single")]


def test_a_cluster_carries_its_tax_id_against_weaker_bonds() -> None:
    phone = "+5511987654321"
    found = _match(
        ANA | {"tax_id": CPF[0]},
        ANA | {"phone": phone},
        {"name": "Ana Paula de Souza", "phone": phone, "tax_id": CPF[1]},
    )
    ids = found.clusters["cluster_id"].to_list()
    assert ids[0] != ids[2]


def test_a_tax_id_under_many_names_is_a_dummy(others: Portfolio) -> None:
    names = ["Ana Lima", "Rui Reis", "Eva Melo", "Ivo Nunes"]
    rows: list[Row] = [{"name": name, "tax_id": CPF[0]} for name in names]
    assert {link for _, link in _told(_match(*rows, others=others), 4)} == {"single"}
    alike: list[Row] = [{"name": name, "tax_id": CPF[0]} for name in ("Ana Lima", "Ana M Lima")]
    assert {link for _, link in _told(_match(*alike, others=others), 2)} == {"tax_id"}


def test_an_accountants_mailbox_joins_nobody_and_namesakes_are_asked_about(
    others: Portfolio,
) -> None:
    trades = ("Padaria", "Oficina", "Farmacia", "Papelaria", "Livraria", "Sapataria")
    firms: list[Row] = [
        {"kind": "pj", "name": f"{trade} {owner} Ltda", "address": "nf@contab.example"}
        for trade in trades
        for owner in ("Azevedo", "Barbosa", "Cardoso")
    ]
    found = _match(*firms, {**firms[0]}, others=others)
    told = _told(found, len(firms) + 1)
    assert len({cluster for cluster, _ in told}) == len(told)
    asked = found.doubts.group_by("pair").agg("debtor_id")["debtor_id"].to_list()
    assert ["1", "19"] in [sorted(pair) for pair in asked]


def test_what_is_likely_and_not_certain_is_asked_of_a_person() -> None:
    father, son = APART["father and son"]
    doubts = _match(father, son).doubts
    assert doubts.schema == DOUBTS
    assert doubts.select("pair", "debtor_id", "decision").rows() == [(0, "1", None), (0, "2", None)]
    assert doubts.filter(pl.col("probability") > 0.5).height == 2


@pytest.mark.parametrize(("certainty", "clusters"), [(0.5, 1), (0.9999, 2)])
def test_certainty_is_what_sending_asks_for(
    certainty: float, clusters: int, others: Portfolio
) -> None:
    rows = _portfolio(JOINED["a phone and an equal name"])
    debtors, contacts = (pl.concat(pair) for pair in zip(rows, others, strict=True))
    found = find_clusters(debtors, contacts, REFERENCE, certainty=certainty)
    assert len({cluster for cluster, _ in _told(found, 2)}) == clusters
    asked = found.doubts.filter(pl.col("debtor_id") == "1")
    assert len(asked) == clusters - 1


@pytest.mark.parametrize(
    ("rows", "same", "clusters"),
    [
        (APART["father and son"], True, ["c:1", "c:1"]),
        (APART["two valid tax ids"], True, ["c:1", "c:1"]),
        (JOINED["dots and tags of Gmail"], False, ["c:1", "c:2"]),
    ],
    ids=["one after all", "a mistyped tax id", "two after all"],
)
def test_a_persons_decision_outweighs_evidence_and_is_shown_again(
    rows: tuple[Row, Row],
    same: bool,  # noqa: FBT001
    clusters: list[str],
) -> None:
    debtors, contacts = _portfolio(rows)
    said = [("a", "2", "1", same), ("a", "1", "gone", True), ("b", "1", "2", not same)]
    decided = pl.DataFrame(said, schema=DECIDED_PAIRS, orient="row")
    found = find_clusters(debtors, contacts, REFERENCE, decided=decided)
    assert found.clusters["cluster_id"].to_list() == clusters
    word = "same" if same else "different"
    shown = found.doubts.filter(pl.col("debtor_id") == "2")
    assert shown.select("decision", "probability").rows() == [(word, None)]


def test_who_was_called_one_and_two_is_two_in_any_order() -> None:
    rows = _portfolio(JOINED["dots and tags of Gmail"])
    said = [("a", "1", "2", True), ("a", "2", "1", False)]
    for order in (said, said[::-1]):
        decided = pl.DataFrame(order, schema=DECIDED_PAIRS, orient="row")
        found = find_clusters(*rows, REFERENCE, decided=decided)
        assert found.clusters["cluster_id"].to_list() == ["c:1", "c:2"]


def test_names_of_clusters_stay_and_changes_are_told() -> None:
    first = _match(ANA, ANA, {"name": "Rui Melo Filho", "phone": "+551133334444"})
    assert first.clusters["cluster_id"].to_list() == ["c:1", "c:1", "c:3"]
    later = _portfolio([ANA | {"debtor_id": "2"}, ANA | {"debtor_id": "0"}])
    found = find_clusters(*later, REFERENCE, before=first.clusters)
    assert found.clusters.select("debtor_id", "cluster_id").rows() == [("0", "c:1"), ("2", "c:1")]
    assert found.changes.is_empty()
    parted = _portfolio([ANA, {**ANA, "name": "Carlos Paulo de Souza"}])
    split = find_clusters(*parted, REFERENCE, before=first.clusters)
    assert split.changes.schema == CLUSTER_CHANGES
    assert split.changes.rows() == [("a", "split", "c:2", "c:1")]
    again = find_clusters(*_portfolio([ANA, ANA]), REFERENCE, before=split.clusters)
    assert again.changes.rows() == [("a", "merge", "c:2", "c:1")]


def test_where_nothing_can_be_compared_a_tax_id_still_counts() -> None:
    debtors, contacts = _portfolio([{"tax_id": CPF[0]}, {"tax_id": CPF[0]}, {}])
    found = find_clusters(debtors, contacts, REFERENCE)
    assert found.clusters["cluster_id"].to_list() == ["c:1", "c:1", "c:3"]
    nameless = find_clusters(*_portfolio([{}, {}]), REFERENCE)
    assert nameless.clusters["link"].to_list() == ["single", "single"]


def test_every_debtor_is_in_exactly_one_cluster_and_the_order_of_rows_plays_no_part() -> None:
    count = 120
    chance = np.random.default_rng(5)

    def pick(*values: str | None) -> list[str | None]:
        return [values[number] for number in chance.integers(len(values), size=count)]

    names = pick("Ana Lima Reis", "Ana Lima Reys", "Rui Melo Filho", "Rui Melo", "Eva", None)
    columns = {
        "creditor_id": pick("a", "b"),
        "debtor_id": [f"d{number}" for number in range(count)],
        "name": names,
        "kind": pick("pf", ""),
        "tax_id": pick(None, None, None, *CPF),
        "phone": pick(None, "+551133334444", "+551133335555"),
        "address": pick(None, "ana@x.example", "rui@x.example", "a.b@gmail.com"),
    }
    rows: list[Row] = pl.DataFrame(columns).to_dicts()
    expected = find_clusters(*_portfolio(rows), REFERENCE)
    assert expected.clusters.schema == CLUSTERS
    assert expected.clusters.select("creditor_id", "debtor_id").is_unique().all()
    assert len(expected.clusters) == len(rows)
    for _ in range(3):
        shuffled = [rows[number] for number in chance.permutation(count)]
        found = find_clusters(*_portfolio(shuffled), REFERENCE)
        assert_frame_equal(found.clusters, expected.clusters)
        assert_frame_equal(found.doubts, expected.doubts)
        assert found.models == expected.models


def test_no_debtors_give_no_clusters() -> None:
    found = find_clusters(*_portfolio([]), REFERENCE)
    assert (found.clusters.schema, found.doubts.schema) == (CLUSTERS, DOUBTS)
