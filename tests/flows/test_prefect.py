"""The same run as a Prefect flow on a temporary server, which never sees personal data."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from sandbox.portfolio import SandboxPortfolio
from tests.flows.calls import Entrega

pytestmark = pytest.mark.prefect


@pytest.fixture(scope="module")
def prefect_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One home for the module: making its database costs half a minute."""
    return tmp_path_factory.mktemp("prefect")


def leaks(folder: Path, canaries: list[str]) -> list[str]:
    """Return the files under a folder that hold one of the canaries, in any case."""
    needles = [text.casefold().encode() for text in canaries]
    return [
        path.name
        for path in folder.rglob("*")
        if path.is_file() and any(needle in path.read_bytes().lower() for needle in needles)
    ]


def test_l18_a_flow_ends_like_a_local_run_and_prefect_holds_no_personal_data(
    entrega: Entrega,
    debtors_csv: Path,
    tmp_path: Path,
    portfolio: SandboxPortfolio,
    prefect_home: Path,
) -> None:
    env = {"PREFECT_HOME": str(prefect_home)}
    through = entrega("run", debtors_csv, "--json", "--out", tmp_path / "through", env=env)
    assert through.code == 0, through.err
    local = entrega("run", debtors_csv, "--json", "--local", "--out", tmp_path / "local")
    assert through.answer["decisions"] == local.answer["decisions"]
    rows = portfolio.rows
    canaries = [
        text
        for column in ("email", "nome", "cpf_cnpj")
        for text in rows[column].drop_nulls().filter(rows[column].drop_nulls().str.len_chars() > 9)
    ]
    assert len(canaries) > 500
    assert leaks(prefect_home, canaries) == []
    assert [text for text in canaries if text in through.out + through.err] == []


def test_a_refused_input_is_one_sentence_through_prefect_too(
    entrega: Entrega, tmp_path: Path, prefect_home: Path
) -> None:
    noise = tmp_path / "noise.csv"
    noise.write_bytes(b"")
    ended = entrega("run", noise, env={"PREFECT_HOME": str(prefect_home)})
    assert ended.code == 3
    assert "'noise.csv'" in ended.err
    assert "Traceback" not in ended.err
    assert ended.err.splitlines()[-1].startswith("entrega: ")  # and no word of a library after it


def test_canaries_would_be_found(tmp_path: Path) -> None:
    """The search above must not pass for want of looking."""
    pl.DataFrame({"x": ["Ana@Example.COM"]}).write_csv(tmp_path / "log.txt")
    assert leaks(tmp_path, ["ana@example.com"]) == ["log.txt"]
