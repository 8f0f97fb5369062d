"""Whole tables linked: how many are found, who is never merged, and what plays no part."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

import numpy as np
import polars as pl
import pytest

from checks.contacts.linkage.chance import chance_of
from checks.contacts.linkage.cluster import DECIDED
from checks.contacts.linkage.compare import Field
from checks.contacts.linkage.explain import certainties, review_rows, steps_of
from checks.contacts.linkage.fields import Material, read_material
from checks.contacts.linkage.link import Decisions, Linked, link
from checks.contacts.linkage.roles import Role
from checks.contacts.linkage.scales import CODE
from checks.contacts.linkage.values import values_of
from checks.errors import InputRefusedError, SettingError
from checks.identity import check_tax_ids
from data.reference.matching import load_match_reference
from sandbox.portfolio import make_portfolio

ROLES: Final[Mapping[str, Role]] = {
    "nome": Role.NAME,
    "cpf_cnpj": Role.TAX_ID,
    "email": Role.EMAIL,
    "email2": Role.EMAIL,
    "telefone": Role.PHONE,
}
PEOPLE: Final = {
    "nome": ["Ana Lima Reis", "ANA L. REIS", "Rui Melo", "Eva Nunes", "Eva Nunes", "Ivo Sá"],
    "cpf_cnpj": ["529.982.247-25", "52998224725", None, "111.444.777-35", "52998224725", None],
    "email": ["ana@x.example", None, "rui@x.example", "eva@x.example", "eva@x.example", None],
}


def _linked(rows: pl.DataFrame, roles: Mapping[str, Role] = ROLES) -> tuple[Material, Linked]:
    used = {column: role for column, role in roles.items() if column in rows.columns}
    material = read_material(rows, used, load_match_reference())
    return material, link(material)


@cache
def _portfolio() -> tuple[pl.DataFrame, pl.Series]:
    portfolio = make_portfolio("b2c_br", 1_500, 4)
    person = portfolio.truth.records.sort("line")["person"]
    return portfolio.rows, person


@cache
def _portfolio_linked() -> tuple[Material, Linked]:
    return _linked(_portfolio()[0])


def _pairwise(clusters: pl.Series, truth: pl.Series) -> tuple[float, float]:
    frame = pl.DataFrame({"found": clusters, "true": truth})

    def pairs(*by: str) -> int:
        sizes = frame.group_by(by).len()["len"].cast(pl.Int64)
        return int((sizes * (sizes - 1) // 2).sum())

    both = pairs("found", "true")
    return both / max(pairs("found"), 1), both / max(pairs("true"), 1)


def test_a_portfolio_is_linked_without_labels() -> None:
    precision, recall = _pairwise(pl.Series(_portfolio_linked()[1].clusters), _portfolio()[1])
    assert precision >= 0.997
    assert recall >= 0.985


def test_two_valid_tax_ids_are_never_one() -> None:
    ids = check_tax_ids(_portfolio()[0]["cpf_cnpj"]).with_columns(
        cluster=_portfolio_linked()[1].clusters
    )
    per_cluster = ids.drop_nulls("tax_id").group_by("cluster").agg(pl.col("tax_id").n_unique())
    assert per_cluster["tax_id"].max() == 1


def test_a_portfolio_without_any_id_is_linked_too() -> None:
    rows, truth = _portfolio()
    _, linked = _linked(rows.drop("cpf_cnpj"))
    precision, recall = _pairwise(pl.Series(linked.clusters), truth)
    assert precision >= 0.98
    assert recall >= 0.6


def test_the_steps_of_a_pair_sum_up_to_its_log_odds() -> None:
    material, linked = _portfolio_linked()
    rows = np.arange(0, len(linked.weight), max(len(linked.weight) // 50, 1))
    sums = (
        steps_of(material, linked, rows)
        .group_by("pair")
        .agg((pl.col("weight") + pl.col("rarity")).sum())
        .sort("pair")
    )
    assert sums["pair"].to_list() == rows.tolist()
    assert sums["weight"].to_numpy() == pytest.approx(linked.weight[rows], abs=1e-4)


def test_a_decided_pair_that_was_never_compared_has_its_steps() -> None:
    material, linked = _portfolio_linked()
    known = set(zip(linked.pairs.left.tolist(), linked.pairs.right.tolist(), strict=True))
    other = next(record for record in range(1, material.records) if (0, record) not in known)
    decisions = Decisions(np.array([0]), np.array([other]), np.array([True]))
    decided = link(material, linked.model, decisions)
    row = np.flatnonzero((decided.pairs.left == 0) & (decided.pairs.right == other))
    steps = steps_of(material, decided, row)
    assert {"prior", "nome"} <= set(steps["field"])
    assert decided.weight[row].tolist() == [DECIDED]
    assert (steps["weight"] + steps["rarity"]).sum() < 0.0  # by evidence they are two


def test_of_few_records_every_pair_is_counted_and_none_drawn() -> None:
    values = values_of(pl.Series(["1234", "1235", "9999"] * 20))
    field = Field("code", Role.OTHER, CODE, values)
    shares = chance_of(field, seed=1)
    assert shares.tolist() == chance_of(field, seed=2).tolist()
    near, differs = shares[CODE.levels.index("one_slip")], shares[CODE.levels.index("differs")]
    assert differs == pytest.approx(2 * near, rel=1e-4)  # one pair of values in three is near


def test_uncertain_pairs_come_first_in_review() -> None:
    material, linked = _portfolio_linked()
    rows = review_rows(linked, material.vetoes, 20)
    assert 0 < len(rows) <= 20
    assert len(set(rows.tolist())) == len(rows)
    assert not material.vetoes.between(linked.pairs.left[rows], linked.pairs.right[rows]).any()


def test_everyone_is_sure_to_a_degree() -> None:
    material, linked = _portfolio_linked()
    sure = certainties(linked, material.vetoes)
    assert len(sure) == material.records
    assert ((sure >= 0.0) & (sure <= 1.0)).all()
    several = np.bincount(linked.clusters, minlength=len(sure))[linked.clusters] > 1
    assert (sure[several] > 0.5).all()


def test_a_few_rows_are_enough() -> None:
    _, linked = _linked(pl.DataFrame(PEOPLE))
    assert linked.clusters[0] == linked.clusters[1]
    assert len(set(linked.clusters.tolist())) >= 4


def test_a_model_is_used_again() -> None:
    material, linked = _portfolio_linked()
    again = link(material, model=linked.model)
    assert again.clusters.tolist() == linked.clusters.tolist()
    assert again.weight == pytest.approx(linked.weight, abs=1e-5)


def test_a_model_of_other_columns_is_refused() -> None:
    material, _ = _linked(pl.DataFrame(PEOPLE))
    with pytest.raises(SettingError, match=r"telefone|email"):
        link(material, model=_portfolio_linked()[1].model)


def test_a_person_decides() -> None:
    material, before = _linked(pl.DataFrame(PEOPLE))
    decisions = Decisions(np.array([1, 2]), np.array([0, 5]), np.array([False, True]))
    found = link(material, decisions=decisions).clusters
    assert before.clusters[0] == before.clusters[1]
    assert before.clusters[2] != before.clusters[5]
    assert found[0] != found[1]
    assert found[2] == found[5]


def test_a_table_that_says_nothing_is_refused() -> None:
    with pytest.raises(InputRefusedError, match="no column"):
        _linked(pl.DataFrame({"x": ["a", "b"]}))


def test_a_name_that_repeats_given_name_and_surname_is_not_counted_twice() -> None:
    rows = pl.DataFrame(
        {"full": ["Ana Reis", "Rui Lima"], "first": ["Ana", "Rui"], "last": ["Reis", "Lima"]}
    )
    roles = {"full": Role.NAME, "first": Role.GIVEN_NAME, "last": Role.SURNAME}
    material, _ = _linked(rows, roles)
    assert [field.name for field in material.fields] == ["first", "last"]


def test_persons_and_companies_are_compared_apart_and_never_one() -> None:
    rows = pl.DataFrame(
        {
            "nome": ["Joana Reis Modas", "Joana Reis Modas Ltda", "Joana Reis"],
            "cpf_cnpj": ["529.982.247-25", "11.222.333/0001-81", None],
            "email": ["j@x.example"] * 3,
        }
    )
    material, linked = _linked(rows)
    assert [field.name for field in material.fields][1:3] == ["nome", "nome (company)"]
    assert linked.clusters[0] != linked.clusters[1]


def test_a_mailbox_of_many_tax_ids_tells_nothing() -> None:
    made = make_portfolio("b2c_br", 60, 2).rows
    valid = check_tax_ids(made["cpf_cnpj"]).with_columns(made)
    rows = valid.filter(pl.col("tax_id").is_not_null()).unique("tax_id", maintain_order=True)
    shared = rows.head(30).with_columns(email=pl.lit("fiscal@contabil.example"))
    material, _ = _linked(shared.select("nome", "cpf_cnpj", "email"))
    mail = next(field for field in material.fields if field.role is Role.EMAIL)
    assert mail.values.known == 0


def test_an_id_alone_is_enough_and_equal_by_no_chance() -> None:
    numbers = [f"AX{number // 2:05d}Q" for number in range(400)]
    _, linked = _linked(pl.DataFrame({"key": numbers}), {"key": Role.TAX_ID})
    assert linked.clusters.tolist() == [number - number % 2 for number in range(400)]
