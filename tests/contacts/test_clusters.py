"""Duplicates: what joins, what never does, and that the order of rows plays no part."""

from __future__ import annotations

import itertools
from typing import Final

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from checks.contacts import MatchBounds, find_clusters
from checks.frames import CLUSTERS, DEBTORS
from data.reference.matching import load_match_reference

REFERENCE: Final = load_match_reference()
CPF: Final = ("52998224725", "11144477735")
CNPJ_BRANCHES: Final = ("11222333000181", "11222333000262")

Row = dict[str, str | None]


def _debtors(rows: list[Row]) -> pl.DataFrame:
    defaults: Row = {"creditor_id": "a", "kind": "pf"}
    filled = [
        {column: {**defaults, **row}.get(column) for column in DEBTORS.names()} for row in rows
    ]
    return pl.DataFrame(filled, schema=dict(DEBTORS))


def _contacts(rows: list[Row]) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "creditor_id": row.get("creditor_id", "a"),
                "debtor_id": row["debtor_id"],
                "address": row.get("address"),
            }
            for row in rows
        ],
        schema={"creditor_id": pl.String, "debtor_id": pl.String, "address": pl.String},
    )


def _clusters(*rows: Row, bounds: MatchBounds | None = None) -> pl.DataFrame:
    numbered = [{"debtor_id": str(position), **row} for position, row in enumerate(rows, 1)]
    return find_clusters(_debtors(numbered), _contacts(numbered), REFERENCE, bounds)


def _links(frame: pl.DataFrame) -> list[str]:
    return frame["link"].to_list()


ANA: Final[Row] = {"name": "Ana Paula de Souza", "address": "ana.souza@gmail.com"}

JOINED: Final = {
    "one tax id, whatever the names": (
        {"name": "Ana Souza", "tax_id": CPF[0]},
        {"name": "A. P. Souza", "tax_id": CPF[0]},
        "tax_id",
    ),
    "dots and tags of Gmail": (
        ANA,
        {**ANA, "address": "anasouza+boleto@googlemail.com"},
        "address_name",
    ),
    "particles, accents and case of a name": (
        ANA,
        {**ANA, "name": "ANA PAULA SOUZÁ"},
        "address_name",
    ),
    "a misspelt surname": (
        {**ANA, "name": "Ana Paula Gonçalves Siqueira"},
        {**ANA, "name": "Ana Paula Goncalvez Siqueira"},
        "address_name",
    ),
    "first names that sound the same": (
        {**ANA, "name": "Thiago Baptista Nunes"},
        {**ANA, "name": "Tiago Batista Nunes"},
        "address_name",
    ),
    "legal forms of companies": (
        {"kind": "pj", "name": "Padaria Pão Doce Ltda - ME", "address": "x@pao.example"},
        {"kind": "pj", "name": "PADARIA PAO DOCE EIRELI", "address": "X@PAO.example"},
        "address_name",
    ),
    "Mexican legal forms": (
        {"kind": "pj", "name": "Aceros del Norte, S.A. de C.V.", "address": "x@an.example"},
        {"kind": "pj", "name": "ACEROS DEL NORTE SA DE CV", "address": "x@an.example"},
        "address_name",
    ),
    "legal forms letter by letter": (
        {"kind": "pj", "name": "Aceros del Norte S. de R. L. de C. V.", "address": "x@an.example"},
        {"kind": "pj", "name": "Aceros del Norte, S/A", "address": "x@an.example"},
        "address_name",
    ),
    "a phone and an equal name": (
        {"name": "Rui Barros Lima", "phone": "+5511987654321"},
        {"name": "Rui Barros Lima", "phone": "+5511987654321"},
        "phone_name",
    ),
    "a tax id on one side only": (ANA | {"tax_id": CPF[0]}, ANA, "address_name"),
    "the same generation": (
        {**ANA, "name": "José da Silva Jr."},
        {**ANA, "name": "Jose Silva Júnior"},
        "address_name",
    ),
}

APART: Final = {
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
    "another creditor": (
        ANA | {"creditor_id": "a", "tax_id": CPF[0]},
        ANA | {"creditor_id": "b", "tax_id": CPF[0]},
    ),
    "nothing in common but the name": ({"name": "Ana Lima Reis"}, {"name": "Ana Lima Reis"}),
}


@pytest.mark.parametrize(("left", "right", "link"), JOINED.values(), ids=JOINED.keys())
def test_joins(left: Row, right: Row, link: str) -> None:
    found = _clusters(left, right)
    assert found["cluster_id"].to_list() == ["c:1", "c:1"]
    assert _links(found) == [link, link]


@pytest.mark.parametrize(("left", "right"), APART.values(), ids=APART.keys())
def test_keeps_apart(left: Row, right: Row) -> None:
    found = _clusters(left, right)
    assert found["cluster_id"].to_list() == ["c:1", "c:2"]
    assert _links(found) == ["single", "single"]


def test_a_cluster_carries_its_tax_id_against_later_edges() -> None:
    phone = "+5511987654321"
    found = _clusters(
        ANA | {"tax_id": CPF[0]},
        ANA | {"phone": phone},
        {"name": "Ana Paula de Souza", "phone": phone, "tax_id": CPF[1]},
    )
    assert found["cluster_id"].to_list() == ["c:1", "c:1", "c:3"]


def test_a_record_between_two_tax_ids_stays_alone() -> None:
    found = _clusters(ANA | {"tax_id": CPF[0]}, ANA | {"tax_id": CPF[1]}, ANA)
    assert found["cluster_id"].to_list() == ["c:1", "c:2", "c:3"]


def test_a_tax_id_under_many_names_is_a_dummy() -> None:
    names = ["Ana Lima", "Rui Reis", "Eva Melo", "Ivo Nunes"]
    rows: list[Row] = [{"name": name, "tax_id": CPF[0]} for name in names]
    assert set(_links(_clusters(*rows))) == {"single"}
    assert set(_links(_clusters(*rows[:3]))) == {"tax_id"}


def test_a_mailbox_of_hundreds_joins_equal_names_only() -> None:
    firms: list[Row] = [
        {"kind": "pj", "name": f"Loja {first}{second} Modas", "address": "nf@contab.example"}
        for first, second in itertools.product("FGHJKLMN", repeat=2)
    ]
    similar = _clusters(*firms, {**firms[0]}, bounds=MatchBounds(block_names=10))
    assert similar.filter(pl.col("link") != "single")["debtor_id"].to_list() == ["1", "65"]


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
    expected = find_clusters(_debtors(rows), _contacts(rows), REFERENCE)
    assert expected.schema == CLUSTERS
    assert expected.select("creditor_id", "debtor_id").is_unique().all()
    assert len(expected) == len(rows)
    assert len(set(_links(expected))) == 4
    for _ in range(5):
        shuffled = [rows[number] for number in chance.permutation(count)]
        found = find_clusters(_debtors(shuffled), _contacts(shuffled), REFERENCE)
        assert_frame_equal(found, expected)


def test_no_debtors_give_no_clusters() -> None:
    assert find_clusters(_debtors([]), _contacts([]), REFERENCE).schema == CLUSTERS
