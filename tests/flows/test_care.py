"""Erasure and retention as a data protection officer sees them: nothing is left anywhere."""

from __future__ import annotations

import json
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from data.care.leftovers import files_with
from data.warehouse import open_warehouse
from flows.run import utc_now
from sandbox.portfolio import SandboxPortfolio
from tests.flows.calls import Entrega, call_entrega
from tests.flows.conftest import CONFIG

CREDITOR = "loja-exemplo"


@pytest.fixture(scope="module")
def finished(
    tmp_path_factory: pytest.TempPathFactory, portfolio: SandboxPortfolio
) -> tuple[Path, str]:
    """Finish a run with its report in two languages; return its folder, and how it is written."""
    folder = tmp_path_factory.mktemp("finished")
    (folder / "entrega.toml").write_text(CONFIG, "utf-8")
    portfolio.rows.write_csv(folder / "debtors.csv", separator=";")
    ended = call_entrega(folder, "run", "debtors.csv", "--local", "--out", "out")
    assert ended.code == 0, ended.err
    assert call_entrega(folder, "report", run_id(folder), "--lang", "es").code == 0
    return folder, str(folder)


@pytest.fixture
def done(tmp_path: Path, finished: tuple[Path, str]) -> Path:
    """Copy the finished run to the test's folder, where its plan leads then."""
    template, written = finished
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    plan = next((tmp_path / "var" / "work").glob("*/plan.json"))
    plan.write_text(plan.read_text("utf-8").replace(written, str(tmp_path)), "utf-8")
    return tmp_path


def run_id(folder: Path) -> str:
    summary = json.loads((folder / "out" / "summary.json").read_text("utf-8"))
    return str(summary["run"]["run_id"])


def someone_on_the_list(folder: Path) -> tuple[str, str, str]:
    """Return id, address and name of a debtor on the list, whose name nobody shares."""
    debtors = pl.read_parquet(folder / "out" / "debtors.parquet")
    alone = debtors.filter(
        (pl.col("decision") == "send")
        & (pl.len().over("name") == 1)
        & (pl.len().over("email") == 1)
        & (pl.len().over("cluster_id") == 1)
    )
    row = alone.sort("debtor_id").row(0, named=True)
    return row["debtor_id"], row["email"], row["name"]


def test_l20_an_erased_debtor_is_nowhere_and_stays_suppressed(entrega: Entrega, done: Path) -> None:
    debtor, email, name = someone_on_the_list(done)
    texts = frozenset({email, name})
    folders = (done / "var", done / "out")
    assert any(files_with(folder, texts) for folder in folders)
    ended = entrega("forget", "--creditor", CREDITOR, "--id", debtor, "--json")
    assert ended.code == 0, ended.err
    assert ended.answer["rows"]["debtors"] == ended.answer["rows"]["decided_debtors"] == 1
    assert len(ended.answer["lists"]) == 1
    assert [files_with(folder, texts) for folder in folders] == [[], []]
    assert email not in ended.out + ended.err
    with open_warehouse(done / "var" / "entrega.duckdb", now=utc_now) as opened:
        kept = opened.suppressions().filter(pl.col("reason") == "suppress_erased")
        assert opened.debtor(CREDITOR, [debtor]).searched == frozenset()
    assert kept["key"].str.contains("^[0-9a-f]{32}$").all()
    assert entrega("run", "debtors.csv", "--local", "--out", done / "again").code == 0
    again = pl.read_parquet(done / "again" / "debtors.parquet")
    decided = again.filter(pl.col("debtor_id") == debtor).row(0, named=True)
    assert (decided["decision"], decided["decision_reason"]) == ("suppress", "suppress_erased")


def test_lists_are_withdrawn_and_pages_rendered_again(entrega: Entrega, done: Path) -> None:
    out = done / "out"
    before = pl.read_parquet(out / "debtors.parquet").height
    creditor = done / "out" / "clean" / CREDITOR
    assert entrega("gate", creditor).code == 0
    debtor, *_ = someone_on_the_list(done)
    assert entrega("forget", "--creditor", CREDITOR, "--id", debtor).code == 0
    gate = entrega("gate", creditor)
    assert (gate.code, "the list was withdrawn" in gate.out) == (9, True)
    folder = next(path.parent for path in creditor.glob("*/manifest.json"))
    assert list(folder.glob("recipients*")) == []
    assert "asked to be erased" in (folder / "WITHDRAWN.txt").read_text("utf-8")
    assert pl.read_parquet(out / "debtors.parquet").height == before - 1
    for name in ("report.pt-BR.html", "report.es-MX.html", "report.pt-BR.xlsx", "summary.json"):
        assert (out / name).is_file(), name
    assert entrega("report", run_id(done)).code == 0


def test_an_unfinished_run_that_would_go_on_with_the_debtor_is_ended(
    entrega: Entrega, done: Path
) -> None:
    finished, unfinished = run_id(done), "20261121T000000-000000"
    work = done / "var" / "work"
    shutil.copytree(work / finished, work / unfinished)
    plan = work / unfinished / "plan.json"
    plan.write_text(plan.read_text("utf-8").replace(finished, unfinished), "utf-8")
    debtor, *_ = someone_on_the_list(done)
    ended = entrega("forget", "--creditor", CREDITOR, "--id", debtor, "--json")
    assert (ended.code, ended.answer["ended_runs"]) == (0, [unfinished])
    assert entrega("run", "--resume", unfinished).code == 2
    assert (work / finished / "plan.json").is_file()


def test_an_address_alone_leaves_its_debtors_in_place(entrega: Entrega, done: Path) -> None:
    debtor, email, name = someone_on_the_list(done)
    ended = entrega("forget", "--creditor", CREDITOR, "--email", email.upper(), "--json")
    assert ended.code == 0, ended.err
    debtors = pl.read_parquet(done / "out" / "debtors.parquet")
    kept = debtors.filter(pl.col("debtor_id") == debtor).row(0, named=True)
    assert (kept["name"], kept["email"]) == (name, None)
    assert files_with(done / "out", frozenset({email})) == []


WRONG: tuple[tuple[list[str], str], ...] = (
    (["--id", "nobody"], "no such debtor"),
    ([], "a debtor or an address"),
    (["--id", "1", "--email", "a@b.test"], "a debtor or an address"),
    (["--email", "nonsense"], "not an address"),
)
"""What is asked for, and what the refusal says."""


def test_a_wrong_wish_is_refused_and_changes_nothing(entrega: Entrega, done: Path) -> None:
    before = (done / "out" / "debtors.parquet").read_bytes()
    for words, told in WRONG:
        ended = entrega("forget", "--creditor", CREDITOR, *words)
        assert ended.code == 2
        assert told in ended.err
    assert (done / "out" / "debtors.parquet").read_bytes() == before


@pytest.fixture
def aged(done: Path) -> Path:
    """Make the run 200 days older."""
    plan = next((done / "var" / "work").glob("*/plan.json"))
    facts = json.loads(plan.read_text("utf-8"))
    then = datetime.fromisoformat(facts["as_of"]) - timedelta(days=200)
    plan.write_text(json.dumps({**facts, "as_of": then.isoformat()}), "utf-8")
    return done


def test_nothing_young_is_purged(entrega: Entrega, done: Path) -> None:
    ended = entrega("purge", "--json")
    assert ended.code == 0, ended.err
    removed = ended.answer["removed"]
    assert {(each["rows"], each["files"]) for each in removed.values()} == {(0, 0)}
    assert (done / "out" / "contacts.parquet").is_file()


def test_l19_old_files_go_after_a_dry_run_that_only_counts(entrega: Entrega, aged: Path) -> None:
    counted = entrega("purge", "--dry-run", "--json").answer
    assert (aged / "out" / "contacts.parquet").is_file()
    removed = entrega("purge", "--json").answer
    assert counted["removed"] == removed["removed"]
    assert removed["removed"]["probes"]["files"] > 0
    assert removed["removed"]["verdicts"]["files"] > 0
    assert not (aged / "out" / "contacts.parquet").exists()
    assert not (aged / "out" / "report.pt-BR.html").exists()
    work = next((aged / "var" / "work").iterdir())
    assert [path.name for path in work.rglob("*") if path.is_file()] == ["plan.json"]
