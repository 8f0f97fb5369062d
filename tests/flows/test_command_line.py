"""The command line teaches, refuses with a remedy, and never shows a traceback."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.flows.calls import ROOT, Entrega, environment

HEAVY = ("polars", "duckdb", "prefect", "pyarrow", "numpy", "xlsxwriter", "jinja2")


def test_help_imports_nothing_heavy(tmp_path: Path) -> None:
    """Help must answer in half a second; what costs seconds is imported by commands."""
    code = (
        "import sys\nimport flows.cli as c\n"
        "c.app(['--help'], result_action='return_value')\n"
        f"print('heavy:', [m for m in {HEAVY!r} if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "heavy: []" in done.stdout
    assert "entrega demo" in done.stdout


REFUSED = [
    pytest.param(["run"], 2, "no input is named", id="a run needs an input"),
    pytest.param(["run", "--fo"], 2, "", id="an unknown option is a usage error"),
    pytest.param(["run", "nowhere.csv"], 3, "'nowhere.csv'", id="a missing file is named"),
    pytest.param(["run", "--resume", "x"], 2, "entrega runs", id="an unknown run has a remedy"),
    pytest.param(["runs"], 2, "entrega run INPUT", id="no warehouse yet"),
    pytest.param(["purge"], 2, "entrega run INPUT", id="nothing to purge yet"),
    pytest.param(["ledger", "--creditor", "x"], 2, "no warehouse", id="no ledger yet"),
    pytest.param(["demo", "--debtors", "0"], 2, "--debtors 0", id="a demo needs debtors"),
    pytest.param(["serve", "x.csv"], 2, "prefect server start", id="a schedule needs a server"),
    pytest.param(["gate", "nowhere"], 2, "not a folder", id="a list must be a folder"),
    pytest.param(["report", "x"], 2, "is not known", id="a report of an unknown run"),
]


@pytest.mark.parametrize(("words", "code", "told"), REFUSED)
def test_what_cannot_be_done_is_refused_with_a_remedy(
    entrega: Entrega, words: list[str], code: int, told: str
) -> None:
    ended = entrega(*words)
    assert ended.code == code
    assert told in ended.err
    assert "Traceback" not in ended.err


def test_single_addresses_are_checked_without_a_portfolio(entrega: Entrega) -> None:
    ended = entrega("check", "ana@gmial.com", "nobody", "financeiro@empresa.com.br", "--json")
    assert ended.code == 0
    found = json.loads(ended.out)["addresses"]
    assert [row["reason"] for row in found] == ["suspected_typo", "no_at", None]
    assert found[0]["suggestion"] == "ana@gmail.com"
    assert found[2]["is_role"]


def test_the_defaults_are_shown_even_beside_a_configuration_that_is_wrong(
    entrega: Entrega, tmp_path: Path
) -> None:
    (tmp_path / "entrega.toml").write_text("[gate]\ncanari = 7\n", "utf-8")
    refused, shown = entrega("config"), entrega("config", "--defaults")
    assert (refused.code, shown.code) == (2, 0)
    assert "entrega config --defaults" in refused.err
    assert "[gate]" in shown.out
    assert "canary = 500\n" in shown.out


def test_every_setting_is_shown_with_its_origin(entrega: Entrega, debtors_csv: Path) -> None:
    assert debtors_csv.exists()
    ended = entrega("config", "--json", env={"ENTREGA_GATE__CANARY": "7"})
    shown = json.loads(ended.out)
    assert shown["creditor.name"]["origin"] == "file"
    assert (shown["gate.canary"]["value"], shown["gate.canary"]["origin"]) == ("7", "environment")
    assert shown["smtp.port"]["origin"] == "default"
