"""The command line, and a small portfolio with a configuration."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from sandbox.portfolio import SandboxPortfolio, make_portfolio
from tests.flows.calls import CREDITOR, Entrega, call_entrega

CONFIG = f"{CREDITOR}[dns]\nenabled = false\n"


@pytest.fixture
def entrega(tmp_path: Path) -> Entrega:
    """Call `entrega` in the test's folder."""
    return partial(call_entrega, tmp_path)


@pytest.fixture(scope="session")
def portfolio() -> SandboxPortfolio:
    """400 consumers in Brazil, with all the mistakes of real files."""
    return make_portfolio("b2c_br", debtors=400, seed=7)


@pytest.fixture
def debtors_csv(tmp_path: Path, portfolio: SandboxPortfolio) -> Path:
    """Write the portfolio as a file, with `entrega.toml` beside it."""
    (tmp_path / "entrega.toml").write_text(CONFIG, "utf-8")
    path = tmp_path / "debtors.csv"
    portfolio.rows.write_csv(path, separator=";")
    return path
