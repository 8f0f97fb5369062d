"""`entrega duplicates`: any table in, clusters out, in the order of the input."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
import pytest

from checks.contacts.linkage.roles import Role
from data.linkage.roles import guess_roles, role_of_header
from sandbox.portfolio import make_portfolio
from tests.flows.calls import Entrega

LISTS: Final = {
    "Código": ["k1", "k2", "k3", "k4", "k5"],
    "Nome": ["Ana Lima Reis", "ANA L REIS", "Rui Melo", "Rui Mello", "Eva Nunes"],
    "CPF": ["529.982.247-25", "52998224725", None, None, "n/d"],
    "emails": [["ana@x.example", "a2@y.example"], ["a2@y.example"], [], None, ["eva@x.example"]],
    "fones": [[11987654321], [], [1133334444], [1133334444], []],
}


def _clusters(folder: Path) -> pl.DataFrame:
    return pl.read_csv(folder / "clusters.csv", infer_schema=False)


def _partition(clusters: pl.DataFrame) -> set[frozenset[str]]:
    grouped = clusters.group_by("cluster_id").agg("record_id")["record_id"].to_list()
    return {frozenset(members) for members in grouped}


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    """Return a Parquet file with list columns."""
    path = tmp_path / "lists.parquet"
    pl.DataFrame(LISTS).write_parquet(path)
    return path


def test_parquet_with_list_columns(entrega: Entrega, lists: Path, tmp_path: Path) -> None:
    ended = entrega("duplicates", lists, "--out", "out", "--id", "Código")
    assert ended.code == 0, ended.err
    assert "CPF: tax_id (its name)" in ended.err
    found = _clusters(tmp_path / "out")
    assert found.columns == ["record_id", "cluster_id", "probability"]
    assert found["record_id"].to_list() == LISTS["Código"]
    assert found["cluster_id"].to_list() == ["k1", "k1", "k3", "k3", "k5"]
    for name in ("clusters.csv", "pairs.parquet", "review.csv", "model.json"):
        assert stat.S_IMODE((tmp_path / "out" / name).stat().st_mode) == 0o600
    steps = pl.read_parquet(tmp_path / "out" / "pairs.parquet")
    one = steps.filter((pl.col("left_id") == "k1") | (pl.col("right_id") == "k1"))
    assert {"prior", "Nome", "CPF", "emails"} <= set(one["field"])


def test_rows_are_known_by_their_number_and_none_is_lost(entrega: Entrega, tmp_path: Path) -> None:
    text = "nome;cidade;uf\nJosé Sá;São Paulo;SP\na;b;c;d\nJosé Sá;São Paulo;SP\nEva;Recife;PE\n"
    (tmp_path / "odd.csv").write_bytes(text.encode("latin-1"))
    ended = entrega("duplicates", "odd.csv", "--out", "out")
    assert ended.code == 0, ended.err
    found = _clusters(tmp_path / "out")
    assert found["record_id"].to_list() == ["0", "1", "2", "3"]
    assert found["cluster_id"].to_list() == ["0", "1", "0", "3"]
    assert found["probability"][1] is None
    quarantine = pl.read_csv(tmp_path / "out" / "quarantine.csv")
    assert quarantine.rows() == [(2, "wrong_column_count", "4 columns instead of 3")]


def test_the_order_of_rows_plays_no_part(entrega: Entrega, tmp_path: Path) -> None:
    rows = make_portfolio("b2c_br", 150, 3).rows.with_row_index("id")
    order = np.random.default_rng(1).permutation(len(rows)).tolist()
    rows.write_csv(tmp_path / "one.csv")
    rows[order].write_csv(tmp_path / "other.csv")
    for name in ("one", "other"):
        assert entrega("duplicates", f"{name}.csv", "--out", name, "--id", "id").code == 0
    one, other = _clusters(tmp_path / "one"), _clusters(tmp_path / "other")
    assert other["record_id"].to_list() == one["record_id"].gather(order).to_list()
    assert other.sort("record_id").rows() == one.sort("record_id").rows()
    assert 1 < len(_partition(one)) < len(rows)


def test_a_second_run_takes_decisions_model_and_names(entrega: Entrega, tmp_path: Path) -> None:
    people = "id,name,city\n1,Ana Lima,Recife\n2,Ana Lima,Recife\n3,=Rui Melo,Olinda\n4,Eva,Natal\n"
    (tmp_path / "people.csv").write_text(people, "utf-8")
    assert entrega("duplicates", "people.csv", "--out", "a", "--id", "id").code == 0
    review = (tmp_path / "a" / "review.csv").read_text("utf-8-sig")
    assert review.splitlines()[1].startswith("1,2,")
    decided = "left_id,right_id,decision\n2,1,different\n3,4,Sim\n9,1,same\n1,4,\n"
    (tmp_path / "decided.csv").write_text(decided, "utf-8")
    words = (
        "--decisions",
        "decided.csv",
        "--previous",
        "a/clusters.csv",
        "--model",
        "a/model.json",
    )
    ended = entrega("duplicates", "people.csv", "--out", "b", "--id", "id", *words, "--json")
    assert ended.code == 0, ended.err
    assert _clusters(tmp_path / "b")["cluster_id"].to_list() == ["1", "2", "3", "3"]
    changes = pl.read_csv(tmp_path / "b" / "changes.csv", infer_schema=False)
    assert changes.rows() == [("merge", "4", "3"), ("split", "2", "1")]
    assert ended.answer["records"] == 4
    assert ended.answer["changes"] == 2


def test_values_that_a_spreadsheet_would_run_are_harmless_for_people(
    entrega: Entrega, tmp_path: Path
) -> None:
    rows = "id,name,city\n=1+1,Ana Lima,Recife\n=2,Ana Lima,Recife\n+3,Rui,Natal\n"
    (tmp_path / "formulas.csv").write_text(rows, "utf-8")
    assert entrega("duplicates", "formulas.csv", "--out", "out", "--id", "id").code == 0
    found = (tmp_path / "out" / "clusters.csv").read_bytes()
    assert found.startswith(b"record_id,cluster_id,probability\r\n=1+1,=2,")
    review = (tmp_path / "out" / "review.csv").read_text("utf-8-sig")
    assert "'=1+1" in review
    assert ",=" not in review


REFUSED: Final = {
    "no such column": (
        ("--role", "x=email"),
        2,
        "there is no column 'x'; the columns are: id, name",
    ),
    "no such role": (("--role", "name=nome"), 2, "the roles are name, given_name"),
    "no role": (("--role", "name"), 2, "is not COLUMN=ROLE"),
    "an id that repeats": (("--id", "id"), 3, "column 'id' is no id: 1 of its values"),
    "nothing to compare": (("--role", "name=ignore"), 3, "no column says anything"),
    "a model that is none": (("--model", "table.csv"), 2, "is no model"),
    "decisions without columns": (("--decisions", "table.csv"), 3, "no column 'left_id'"),
}


@pytest.mark.parametrize(("words", "code", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_refusals(
    entrega: Entrega, tmp_path: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    (tmp_path / "table.csv").write_text("id,name\n1,Ana\n1,Rui\n", "utf-8")
    ended = entrega("duplicates", "table.csv", "--out", "out", *words)
    assert ended.code == code
    assert said in ended.err


def test_json_says_what_was_guessed(entrega: Entrega, tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("quem;zz\nAna;a@x.example\nRui;b@x.example\n", "utf-8")
    ended = entrega("duplicates", "table.csv", "--out", "out", "--role", "quem=name", "--json")
    assert [each["role"] for each in json.loads(ended.out)["guesses"]] == ["name", "email"]


@pytest.mark.parametrize(
    ("header", "role"),
    [
        ("first_name", Role.GIVEN_NAME),
        ("Apellido Paterno", Role.SURNAME),
        ("Razão Social", Role.ORGANISATION),
        ("nome / razão social", Role.NAME),
        ("dob", Role.BIRTH_DATE),
        ("Dt. Nascimento", Role.BIRTH_DATE),
        ("CPF/CNPJ", Role.TAX_ID),
        ("RFC", Role.TAX_ID),
        ("Correo electrónico 2", Role.EMAIL),
        ("teléfono_casa", Role.PHONE),
        ("address_1", Role.STREET),
        ("postcode_fake", Role.POSTCODE),
        ("birth_place", Role.CITY),
        ("UF", Role.STATE),
        ("street_number", Role.OTHER),
        ("unique_id", Role.IGNORE),
        ("Valor", Role.IGNORE),
        ("blorb", None),
    ],
)
def test_headers(header: str, role: Role | None) -> None:
    assert role_of_header(header) is role


def test_roles_by_contents() -> None:
    count = 30
    table = pl.DataFrame(
        {
            "a": [f"p{number}@x.example" for number in range(count)],
            "b": ["529.982.247-25", "111.444.777-35", None] * 10,
            "c": [f"{1 + number % 28:02d}/03/1980" for number in range(count)],
            "d": [f"(11) 9{number:04d}-1234" for number in range(count)],
            "e": [str(number) for number in range(count)],
            "f": ["Recife", "Natal"] * 15,
            "g": ["same"] * count,
        }
    )
    roles = [each.role for each in guess_roles(table, {}, None)]
    assert roles == [
        Role.EMAIL,
        Role.TAX_ID,
        Role.BIRTH_DATE,
        Role.PHONE,
        Role.IGNORE,
        Role.OTHER,
        Role.IGNORE,
    ]
