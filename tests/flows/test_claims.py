"""A verifier's table, taken in once and counted by the runs that follow."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import polars as pl

from flows.run import utc_now
from tests.flows.calls import Entrega


def test_claims_move_scores_once_however_often_they_are_given(
    entrega: Entrega, debtors_csv: Path, tmp_path: Path
) -> None:
    words = ("run", debtors_csv, "--local", "--sample", 60)
    assert entrega(*words, "--out", tmp_path / "before").code == 0
    before = pl.read_parquet(tmp_path / "before" / "contacts.parquet").drop_nulls("email")
    bad = before.filter(pl.col("score") > 0.7)["email"].unique().sort().head(3).to_list()
    rows = "".join(f"{address},invalid\n" for address in bad)
    (tmp_path / "export.csv").write_text(f"email,zb status\n{rows}", "utf-8")
    yesterday = utc_now().date() - dt.timedelta(days=1)
    taken = ("answers", tmp_path / "export.csv", "--date", yesterday, "--json")
    assert entrega(*taken).answer == {
        "source": "zerobounce",
        "addresses": 3,
        "refused": {},
        "is_known": False,
    }
    assert entrega(*taken).answer["is_known"] is True
    assert entrega(*words, "--out", tmp_path / "after").code == 0
    after = pl.read_parquet(tmp_path / "after" / "contacts.parquet").drop_nulls("email")
    both = before.select("debtor_id", "email", "score", "verdict").join(
        after.select("debtor_id", "email", "score", "verdict"),
        on=["debtor_id", "email"],
        suffix="_after",
    )
    changed = both.filter(pl.col("score") != pl.col("score_after"))
    assert set(changed["email"]) == set(bad)
    assert (changed["score_after"] < changed["score"]).all()
    assert changed["verdict_after"].to_list() == changed["verdict"].to_list()


def test_a_plan_believes_claims_as_much_as_a_run_does(
    entrega: Entrega, debtors_csv: Path, tmp_path: Path
) -> None:
    assert entrega("run", debtors_csv, "--local").code == 0
    contacts = pl.read_parquet(tmp_path / "var" / "out" / "contacts.parquet").drop_nulls("email")
    likely = contacts.filter((pl.col("score") > 0.7) & (pl.col("provider") == "gmail"))
    doubted = likely["email"].unique().sort().head(20).to_list()
    rows = "".join(f"{address},invalid\n" for address in doubted)
    (tmp_path / "export.csv").write_text(f"email,zb status\n{rows}", "utf-8")
    before = gmail_of(entrega("plan", debtors_csv, "--json").answer)
    yesterday = utc_now().date() - dt.timedelta(days=1)
    assert entrega("answers", tmp_path / "export.csv", "--date", yesterday).code == 0
    after = gmail_of(entrega("plan", debtors_csv, "--json").answer)
    assert after["addresses"] == before["addresses"]  # a claim makes no question needless
    assert after["expected_refusals"] > before["expected_refusals"] + 0.2 * len(doubted)


def gmail_of(plan: dict[str, Any]) -> dict[str, Any]:
    return next(dict(each) for each in plan["providers"] if each["provider"] == "gmail")
