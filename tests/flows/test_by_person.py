"""What a person decides by name and reason: about a debtor, and about a gate."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from sandbox.portfolio import SandboxPortfolio
from tests.flows.calls import Entrega, call_entrega
from tests.flows.conftest import CONFIG

SIGNED = ("--by", "Ana Prova", "--reason", "spoke to the debtor")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, portfolio: SandboxPortfolio) -> Path:
    """Finish a run; return its folder."""
    folder = tmp_path_factory.mktemp("finished")
    (folder / "entrega.toml").write_text(CONFIG, "utf-8")
    portfolio.rows.write_csv(folder / "debtors.csv", separator=";")
    ended = call_entrega(folder, "run", "debtors.csv", "--local", "--out", "out")
    assert ended.code == 0, ended.err
    return folder


@pytest.fixture
def done(tmp_path: Path, finished: Path) -> Path:
    """Copy the finished run to the test's folder, where its plan leads then."""
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    plan = next((tmp_path / "var" / "work").glob("*/plan.json"))
    plan.write_text(plan.read_text("utf-8").replace(str(finished), str(tmp_path)), "utf-8")
    return tmp_path


def debtors_of(folder: Path) -> pl.DataFrame:
    """Return the debtors as the last run published them."""
    return pl.read_parquet(folder / "out" / "debtors.parquet")


def run(entrega: Entrega, done: Path, *words: object) -> pl.DataFrame:
    """Run the portfolio again and return its debtors."""
    ended = entrega("run", "debtors.csv", "--local", "--out", "out", *words)
    assert ended.code == 0, ended.err
    return debtors_of(done)


def one_with(debtors: pl.DataFrame, reason: str) -> str:
    """Return the first debtor with a decision reason."""
    found = debtors.filter(pl.col("decision_reason") == reason)
    return str(found.sort("debtor_id")["debtor_id"][0])


def decision(debtors: pl.DataFrame, debtor: str) -> tuple[str, str]:
    row = debtors.filter(pl.col("debtor_id") == debtor).row(0, named=True)
    return row["decision"], row["decision_reason"]


def manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of the newest list under an output folder."""
    creditor = folder / "clean" / "loja-exemplo"
    current = json.loads((creditor / "current.json").read_text("utf-8"))
    return dict(json.loads((creditor / current["list_id"] / "manifest.json").read_text("utf-8")))


def test_an_override_holds_from_the_next_run_until_it_is_removed(
    entrega: Entrega, done: Path
) -> None:
    before = debtors_of(done)
    debtor = one_with(before, "confident")
    assert entrega("override", debtor, "--decision", "hold", *SIGNED).code == 0
    after = run(entrega, done)
    assert decision(after, debtor) == ("hold", "overridden")
    kept = entrega("override", "--list", "--json").answer["overrides"]
    assert [(row["debtor_id"], row["decided_by"]) for row in kept] == [(debtor, "Ana Prova")]
    assert "spoke to the debtor" in entrega("override", "--list").out
    assert entrega("override", debtor, "--remove").code == 0
    assert entrega("override", "--list").out.strip() == "no overrides"
    assert decision(run(entrega, done), debtor) == ("send", "confident")


def test_an_override_ends_with_its_day_and_leaves_with_its_debtor(
    entrega: Entrega, done: Path
) -> None:
    before = debtors_of(done)
    debtor = one_with(before, "confident")
    past = ("--until", "2020-01-31")
    assert entrega("override", debtor, "--decision", "hold", *SIGNED, *past).code == 0
    assert decision(run(entrega, done), debtor) == ("send", "confident")
    ended = entrega("forget", "--creditor", "loja-exemplo", "--id", debtor, "--json")
    assert ended.answer["rows"]["overrides"] == 1
    assert entrega("override", "--list").out.strip() == "no overrides"


def test_nobody_sends_against_an_opt_out(entrega: Entrega, done: Path) -> None:
    before = debtors_of(done)
    debtor = one_with(before, "confident")
    email = before.filter(pl.col("debtor_id") == debtor)["email"][0]
    (done / "out.csv").write_text(f"email\n{email}\n", "utf-8")
    with (done / "entrega.toml").open("a", encoding="utf-8") as file:
        file.write('[suppress]\nopt_out = ["out.csv"]\n')
    assert entrega("override", debtor, "--decision", "send", *SIGNED).code == 0
    ended = entrega("run", "debtors.csv", "--local", "--out", "out")
    after = debtors_of(done)
    assert decision(after, debtor) == ("suppress", "suppress_opt_out")
    assert "1 overrides have no effect" in ended.out


REFUSED: tuple[tuple[tuple[str, ...], str], ...] = (
    (("nobody", "--decision", "hold", *SIGNED), "no run"),
    (("DEBTOR",), "--decision or with --remove"),
    (("DEBTOR", "--decision", "hold"), "--by is empty"),
    (
        ("DEBTOR", "--decision", "hold", "--by", "Ana", "--reason", "a\x1b[2Jb"),
        "control characters",
    ),
)
"""What is asked for, and what the refusal says."""


def test_an_override_without_name_reason_or_debtor_is_refused(entrega: Entrega, done: Path) -> None:
    debtor = one_with(debtors_of(done), "confident")
    for words, told in REFUSED:
        ended = entrega("override", *(debtor if word == "DEBTOR" else word for word in words))
        assert ended.code == 2
        assert told in ended.err
    assert entrega("override", "--list").out.strip() == "no overrides"


def test_a_gate_is_forced_by_name_and_reason_and_both_are_published(
    entrega: Entrega, done: Path
) -> None:
    trimmed = debtors_of(done)
    held = {"hold_gate", "hold_canary"}
    assert set(trimmed["decision_reason"]) & held
    assert manifest(done / "out")["forced"] is None
    forced = run(entrega, done, "--force-gate", "Ana <Prova>: last day")
    assert set(forced["decision_reason"]) & held == set()
    told = manifest(done / "out")
    assert told["forced"] == {"by": "Ana <Prova>", "reason": "last day"}
    assert told["gate"] == {"state": "open", "reasons": ["forced"]}
    page = (done / "out" / "report.pt-BR.html").read_text("utf-8")
    assert "Ana &lt;Prova&gt;" in page
    folder = done / "out" / "clean" / "loja-exemplo"
    assert entrega("gate", folder).code == 0


@pytest.mark.parametrize("option", ["--force-gate", "--all-clear"])
def test_nobody_goes_over_a_rule_without_a_name(entrega: Entrega, option: str) -> None:
    ended = entrega("run", "debtors.csv", "--local", option, "because")
    assert ended.code == 2
    assert "who and why" in ended.err
