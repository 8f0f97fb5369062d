"""Runs that ask the sandbox's mail internet: limits kept, liars not believed, kills survived."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from sandbox.audit import audit
from sandbox.internet import Endpoints, start
from sandbox.journals import read_journals
from sandbox.personality import load_personalities
from sandbox.portfolio import make_portfolio
from tests.flows.calls import AFTER_A_KILL, CREDITOR, call_entrega, lists_digest, start_entrega

DEBTORS = 300


@pytest.fixture(scope="module")
def portfolio_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a B2B portfolio, whose own domains bring many kinds of servers, with its truth."""
    folder = tmp_path_factory.mktemp("portfolio")
    make_portfolio("b2b_br", debtors=DEBTORS, seed=5).write(folder)
    return folder


def config_for(internet: Endpoints) -> str:
    """Return a configuration that reaches the sandbox."""
    return f"""{CREDITOR}
[dns]
nameservers = ["{internet.nameserver}"]
[smtp]
helo = "{internet.helo}"
mail_from = "{internet.mail_from}"
port = {internet.smtp_port}
lab_networks = ["{internet.lab_networks[0]}"]
lab_clock = "{internet.clock}"
"""


@pytest.fixture
def world(tmp_path: Path, portfolio_folder: Path) -> Iterator[Path]:
    """Start a sandbox, reached by `entrega.toml` in the test's folder; its journal beside."""
    with start(portfolio_folder, tmp_path / "journal") as internet:
        (tmp_path / "entrega.toml").write_text(config_for(internet), "utf-8")
        yield tmp_path


def true_mailboxes(portfolio_folder: Path) -> pl.DataFrame:
    """Return address, mailbox and host of the truth."""
    return pl.read_parquet(portfolio_folder / "truth" / "addresses.parquet").select(
        pl.col("address").alias("email"), "mailbox", "host", "accepts_all"
    )


def test_asking_finds_the_truth_within_every_limit(world: Path, portfolio_folder: Path) -> None:
    ended = call_entrega(
        world, "run", portfolio_folder / "b2b_br.csv", "--local", "--out", world / "out"
    )
    assert ended.code == 0, ended.err
    contacts = pl.read_parquet(world / "out" / "contacts.parquet").drop_nulls("email")
    judged = contacts.unique("email").join(true_mailboxes(portfolio_folder), on="email")
    alive = judged.filter(pl.col("mailbox") == "exists")
    assert alive.filter(pl.col("verdict") == "undeliverable").is_empty()
    accepted = judged.filter(pl.col("reason") == "mailbox_accepted")
    refused = judged.filter(pl.col("reason") == "mailbox_not_found")
    assert accepted.height > 20
    assert refused.height > 10
    assert (accepted["mailbox"] == "exists").mean() >= 0.98  # type: ignore[operator]
    assert set(refused["mailbox"]) <= {"absent", "disabled"}
    violations = audit(read_journals(world / "journal"), load_personalities())
    assert violations.is_empty(), violations


@pytest.mark.parametrize("mood", ["nxdomain", "address", "dead"])
def test_a_resolver_that_lies_or_is_dead_condemns_nobody(
    tmp_path: Path, portfolio_folder: Path, mood: str
) -> None:
    with start(portfolio_folder, tmp_path / "journal", mood=mood) as internet:  # type: ignore[arg-type]
        (tmp_path / "entrega.toml").write_text(config_for(internet), "utf-8")
        ended = call_entrega(
            tmp_path, "run", portfolio_folder / "b2b_br.csv", "--local", "--out", tmp_path / "out"
        )
    assert ended.code == 5, ended.err
    contacts = pl.read_parquet(tmp_path / "out" / "contacts.parquet")
    by_dns = {"no_such_domain", "null_mx", "no_mail_route", "mailbox_not_found"}
    assert by_dns & set(contacts["reason"]) == set()
    assert "resolver_untrusted" in set(contacts["reason"])
    assert read_journals(tmp_path / "journal").is_empty()


def killed_and_resumed(world: Path, portfolio: Path, name: str, moments: list[float]) -> Path:
    """Run with a SIGKILL after each of the moments (seconds into probing); return the output."""
    out, warehouse = world / f"out-{name}", world / name / "w.duckdb"
    words = ["run", str(portfolio), "--local", "--out", str(out), "--warehouse", str(warehouse)]
    run_id = ""
    for moment in moments:
        with start_entrega(world, *words, err=subprocess.PIPE) as run:
            assert run.stderr is not None
            run_id = run_id or run.stderr.readline().split()[1]
            for line in run.stderr:
                if "check_domains" in line:
                    break
            time.sleep(moment)
            run.send_signal(signal.SIGKILL)
        words = ["run", "--resume", run_id, "--local", "--warehouse", str(warehouse)]
    ended = call_entrega(world, *words)
    assert ended.code == 0, ended.err
    return out


@pytest.mark.parametrize(
    "kills",
    [
        pytest.param(2, id="two kills while probing"),
        pytest.param(20, id="twenty kills while probing", marks=pytest.mark.long),
    ],
)
def test_kills_while_probing_change_no_byte_and_break_no_limit(
    tmp_path: Path, portfolio_folder: Path, kills: int
) -> None:
    portfolio = portfolio_folder / "b2b_br.csv"
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    for folder in (whole, cut):
        folder.mkdir()
    with start(portfolio_folder, whole / "journal") as internet:
        (whole / "entrega.toml").write_text(config_for(internet), "utf-8")
        assert call_entrega(whole, "run", portfolio, "--local", "--out", whole / "out").code == 0
    chance = random.Random(kills)  # noqa: S311  no secret
    moments = [chance.uniform(0.0, 0.6) for _ in range(kills)]
    with start(portfolio_folder, cut / "journal") as internet:
        (cut / "entrega.toml").write_text(config_for(internet), "utf-8")
        out = killed_and_resumed(cut, portfolio, "cut", moments)
    assert lists_digest(out) == lists_digest(whole / "out") != {}
    journal = read_journals(cut / "journal")
    violations = audit(journal, load_personalities())
    assert set(violations["rule"]) <= AFTER_A_KILL
    repeats = violations.filter(pl.col("rule") == "recipient_asked_again")
    assert repeats.height <= violations.filter(pl.col("rule") == "left_without_quit").height
