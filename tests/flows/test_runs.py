"""What earlier runs left: their list, and their reports rendered again."""

from __future__ import annotations

from pathlib import Path

from tests.flows.calls import Entrega


def test_a_report_is_rendered_again_though_the_input_has_been_replaced(
    entrega: Entrega, debtors_csv: Path, tmp_path: Path
) -> None:
    """The nightly file has a new content each night; what a run found does not hang on it."""
    done = entrega("run", debtors_csv, "--local", "--json")
    assert done.code == 0, done.err
    debtors_csv.write_text("nome;email\nOutra;outra@example.com\n", "utf-8")
    again = entrega("report", done.answer["run_id"], "--lang", "es", "--out", tmp_path / "again")
    assert again.code == 0, again.err
    assert (tmp_path / "again" / "report.es-MX.html").is_file()


def test_a_demo_has_its_report_in_another_language_too(entrega: Entrega, tmp_path: Path) -> None:
    done = entrega("demo", "--debtors", "30", "--out", "demo", "--json")
    assert done.code == 0, done.err
    warehouse = tmp_path / "demo" / "warehouse" / "demo.duckdb"
    again = entrega("report", done.answer["run_id"], "--lang", "en", "--warehouse", warehouse)
    assert again.code == 0, again.err
    assert (tmp_path / "demo" / "report.en.html").is_file()


def test_a_run_that_was_refused_is_unfinished_and_not_running(
    entrega: Entrega, debtors_csv: Path, tmp_path: Path
) -> None:
    (tmp_path / "entrega.toml").write_text("[dns]\nenabled = false\n", "utf-8")
    assert entrega("run", debtors_csv, "--local").code == 2
    (run,) = entrega("runs", "--json").answer["runs"]
    assert (run["state"], run["stages_done"], run["finished_at"]) == ("unfinished", 0, None)
    assert "unfinished" in entrega("runs").out
    assert "0 of 11 stages done" in entrega("runs").out
