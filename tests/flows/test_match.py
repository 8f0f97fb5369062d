"""Which debtors are one, from night to night, and what a person says of it."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from tests.flows.calls import Entrega
from tests.flows.conftest import CONFIG

HEADER = "id;nome;cpf;email;telefone;valor;vencimento\n"
FATHER = "1;José da Silva;;jose.silva@gmail.com;11987654321;100,00;01/02/2026\n"
SON = "2;José da Silva Filho;;jose.silva@gmail.com;11987654321;50,00;01/02/2026\n"
ANA = "3;Ana Lima Reis;529.982.247-25;ana.reis@uol.com.br;;70,00;01/02/2026\n"
ANA_AGAIN = "4;ANA L. REIS;529.982.247-25;ana.reis@terra.com.br;;80,00;01/02/2026\n"
ANA_BEFORE = "0;Ana Lima Reis;529.982.247-25;ana.reis@uol.com.br;;70,00;01/02/2026\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "entrega.toml").write_text(CONFIG, "utf-8")
    (tmp_path / "debtors.csv").write_text(HEADER + FATHER + SON + ANA + ANA_AGAIN, "utf-8")
    return tmp_path


def run(entrega: Entrega, folder: Path, out: str = "out") -> dict[str, str]:
    """Run the folder's debtors and return the cluster of each."""
    ended = entrega("run", folder / "debtors.csv", "--local", "--out", folder / out)
    assert ended.code == 0, ended.err
    debtors = pl.read_parquet(folder / out / "debtors.parquet")
    return dict(debtors.select("debtor_id", "cluster_id").iter_rows())


def open_pairs(path: Path) -> list[tuple[str, str]]:
    rows = pl.read_csv(path, separator=";", infer_schema=False)
    return list(rows.filter(pl.col("decision").is_null()).select("left_id", "right_id").iter_rows())


def test_whom_a_person_is_asked_about_is_one_when_the_person_says_so(
    entrega: Entrega, folder: Path
) -> None:
    clusters = run(entrega, folder)
    assert clusters["3"] == clusters["4"] == "c:3"
    assert (clusters["1"], clusters["2"]) == ("c:1", "c:2")
    asked = folder / "out" / "duplicates.csv"
    assert open_pairs(asked) == [("1", "2")]
    decided = pl.read_csv(asked, separator=";", infer_schema=False)
    decided.with_columns(decision=pl.lit("sim")).write_csv(asked)
    told = '[score]\nduplicates = "out/duplicates.csv"\n'
    (folder / "entrega.toml").write_text(CONFIG + told, "utf-8")
    for _ in range(2):  # the file is written anew by each run, with what was decided in it
        again = run(entrega, folder)
        assert (again["1"], again["2"]) == ("c:1", "c:1")
        shown = pl.read_csv(asked, separator=";", infer_schema=False)
        assert shown["decision"].to_list() == ["same"]


def test_a_file_of_decisions_that_is_none_stops_the_run(entrega: Entrega, folder: Path) -> None:
    told = '[score]\nduplicates = "decided.csv"\n'
    (folder / "entrega.toml").write_text(CONFIG + told, "utf-8")
    for content, said in ((None, "'decided.csv'"), ("left_id,right_id\n", "creditor_id")):
        if content is not None:
            (folder / "decided.csv").write_text(content, "utf-8")
        ended = entrega("run", folder / "debtors.csv", "--local", "--out", folder / "out")
        assert ended.code == 3
        assert said in ended.err


def test_names_of_clusters_outlive_their_first_record_and_changes_are_noted(
    entrega: Entrega, folder: Path
) -> None:
    assert run(entrega, folder)["4"] == "c:3"
    (folder / "debtors.csv").write_text(HEADER + FATHER + SON + ANA_AGAIN + ANA_BEFORE, "utf-8")
    assert run(entrega, folder) == {"0": "c:3", "1": "c:1", "2": "c:2", "4": "c:3"}
    alone = ANA_AGAIN.replace("529.982.247-25", "111.444.777-35")
    (folder / "debtors.csv").write_text(HEADER + FATHER + SON + ANA_BEFORE + alone, "utf-8")
    assert run(entrega, folder)["4"] == "c:4"
    facts = [json.loads(path.read_text("utf-8")) for path in folder.glob("var/work/*/match.json")]
    assert sorted(each["changes"].get("split", 0) for each in facts) == [0, 0, 1]
    assert {each["doubtful_pairs"] for each in facts} == {1}
    parts = [pl.read_parquet(path) for path in folder.glob("var/work/*/match/changes.parquet")]
    told = pl.concat(parts).select("event", "part", "debtor_id").rows()
    assert told == [("split", "of", "3"), ("split", "went_or_came", "4")]


def test_an_erased_debtor_is_in_no_pair(entrega: Entrega, folder: Path) -> None:
    run(entrega, folder)
    assert open_pairs(folder / "out" / "duplicates.csv") == [("1", "2")]
    ended = entrega("forget", "--creditor", "loja-exemplo", "--id", "2")
    assert ended.code == 0, ended.err
    assert open_pairs(folder / "out" / "duplicates.csv") == []
