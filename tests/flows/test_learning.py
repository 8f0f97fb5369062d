"""From events to a model that the next run goes by, as a data engineer does it."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from sandbox.answers import play_out
from sandbox.portfolio import SandboxPortfolio
from tests.flows.calls import Entrega


def manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of the newest list."""
    creditor = folder / "out" / "clean" / "loja-exemplo"
    current = json.loads((creditor / "current.json").read_text("utf-8"))
    return dict(json.loads((creditor / current["list_id"] / "manifest.json").read_text("utf-8")))


def sent(folder: Path) -> pl.DataFrame:
    """Return the debtors and addresses on the newest list."""
    rows = sorted((folder / "out" / "clean").glob("*/*/recipients*.parquet"))
    return pl.concat([pl.read_parquet(path).select("debtor_id", "email") for path in rows])


def test_events_teach_a_model_that_the_next_run_goes_by(
    entrega: Entrega, debtors_csv: Path, portfolio: SandboxPortfolio
) -> None:
    folder = debtors_csv.parent
    run = ("run", debtors_csv, "--local", "--out", "out")
    assert entrega(*run, "--force-gate", "Ana Prova: a first mailing").code == 0
    early = entrega("learn")
    assert early.code == 3
    assert "entrega feedback" in early.err
    priors = manifest(folder)["digests"]["model"]
    events = play_out(sent(folder), portfolio.truth, at=datetime.now(UTC))
    events.write_csv(folder / "events.csv")
    assert entrega("feedback", "events.csv").code == 0
    learnt = entrega("learn", "--json").answer
    assert learnt["written"]
    assert learnt["messages"] == sent(folder)["email"].n_unique()
    assert 0 < learnt["held_out"]["messages"] < learnt["messages"]
    assert 0.0 < learnt["held_out"]["after"] < 0.25
    model = (folder / "var" / "score_model.json").read_bytes()
    assert learnt["sha256"] == hashlib.sha256(model).hexdigest() != priors
    assert entrega("learn").out.splitlines()[0].endswith("messages whose end is known")
    assert (folder / "var" / "score_model.json").read_bytes() == model
    assert entrega(*run).code == 0
    assert manifest(folder)["digests"]["model"] == learnt["sha256"]
