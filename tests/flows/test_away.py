"""Without port 25: another host asks, and the lists are those of a run that asked itself."""

from __future__ import annotations

import re
import signal
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from data.warehouse import open_warehouse
from flows.run import utc_now
from sandbox.audit import audit
from sandbox.internet import Endpoints, start
from sandbox.journals import read_journals
from sandbox.personality import load_personalities
from sandbox.portfolio import make_portfolio
from tests.flows.calls import (
    AFTER_A_KILL,
    CREDITOR,
    Ended,
    call_entrega,
    lists_digest,
    start_entrega,
)

DNS = """
[dns]
nameservers = ["{0.nameserver}"]
"""
LAB = """
[smtp]
port = {0.smtp_port}
lab_networks = ["{0.lab_networks[0]}"]
lab_clock = "{0.clock}"
"""
IDENTITY = """
helo = "{0.helo}"
mail_from = "{0.mail_from}"
"""


def tells_nobody_more_than_whom_to_ask(shard: Path, portfolio: Path) -> None:
    """Assert that no cell of the portfolio but addresses is in the shard file."""
    text = shard.read_text("utf-8")
    rows = (portfolio / "b2b_br.csv").read_text("utf-8").splitlines()
    cells = {cell.strip('"') for row in rows[1:] for cell in re.split("[;,]", row)}
    told = {cell for cell in cells if len(cell) > 5 and "@" not in cell and f'"{cell}"' in text}
    assert not {cell for cell in told if "." not in cell}  # a domain is a part of an address
    assert "helo" not in text
    assert "microsoft_consumer" not in text  # nobody is asked there
    assert stat.S_IMODE(shard.stat().st_mode) == 0o600


@pytest.fixture(scope="module")
def portfolio(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a B2B portfolio, whose own domains bring many kinds of servers."""
    folder = tmp_path_factory.mktemp("portfolio")
    make_portfolio("b2b_br", debtors=80, seed=5).write(folder)
    return folder


@pytest.fixture
def hosts(tmp_path: Path, portfolio: Path) -> Iterator[Path]:
    """Start a sandbox; `main` has the warehouse and no identity, `small` an identity alone."""
    with start(portfolio, tmp_path / "journal") as internet:
        configure(tmp_path, internet)
        yield tmp_path


def configure(folder: Path, internet: Endpoints) -> None:
    """Write a configuration for each of the two hosts, and one for a host that has all."""
    whole = CREDITOR + DNS + LAB
    for name, text in (("main", whole), ("small", LAB + IDENTITY), ("all", whole + IDENTITY)):
        (folder / name).mkdir()
        (folder / name / "entrega.toml").write_text(text.format(internet), "utf-8")


def handed_out(hosts: Path, portfolio: Path) -> tuple[str, Path]:
    """Run on the main host until it waits; return the run and its shard file."""
    ended = call_entrega(
        hosts / "main", "run", portfolio / "b2b_br.csv", "--local", "--away", "--json"
    )
    assert (ended.code, ended.answer["exit_code"]) == (4, 4), ended.err
    assert "entrega probe" in ended.err
    return ended.answer["run_id"], Path(ended.answer["shard"])


def asked(hosts: Path, shard: Path) -> Path:
    """Have the small host ask; return its answers."""
    done = call_entrega(hosts / "small", "probe", shard, "--out", "told.answers", "--json")
    assert done.code == 0, done.err
    return hosts / "small" / "told.answers"


def resumed(hosts: Path, run_id: str) -> Ended:
    """Go on with the run of the main host."""
    return call_entrega(hosts / "main", "run", "--resume", run_id, "--local")


def replies_are_read_again(hosts: Path, run_id: str) -> None:
    """Assert that `rejudge` changes nothing of its own, and mends what older rules have said."""
    read_again = call_entrega(hosts / "main", "rejudge", run_id, "--json").answer
    assert read_again["changed"] == []
    assert read_again["replies"] > 20
    before = lists_digest(hosts / "main" / "var" / "out")
    mended = as_older_rules_had_it(hosts / "main" / "var" / "entrega.duckdb", run_id)
    assert mended > 0
    read_again = call_entrega(hosts / "main", "rejudge", run_id, "--json").answer
    assert read_again["changed"] == [
        {"from": "ambiguous_reply", "to": "mailbox_not_found", "addresses": mended}
    ]
    ended = resumed(hosts, run_id)
    assert ended.code == 0, ended.err
    assert lists_digest(hosts / "main" / "var" / "out") == before


def as_older_rules_had_it(warehouse: Path, run_id: str) -> int:
    """Store refusals as if older rules had not understood them; return how many."""
    with open_warehouse(warehouse, now=utc_now) as opened:
        found = opened.read("findings", run_id).filter(pl.col("reason") == "mailbox_not_found")
        older = found.select(
            "address",
            old_evidence="evidence",
            verdict=pl.lit("unknown"),
            reason=pl.lit("ambiguous_reply"),
            evidence=pl.col("evidence").str.replace(r'"rule": "[^"]*"', '"rule": "older"'),
        )
        opened.correct_findings("mailbox", older)
    return older.height


def test_lists_are_those_of_a_run_that_asked_itself(hosts: Path, portfolio: Path) -> None:
    words = ("run", portfolio / "b2b_br.csv", "--local", "--out", "out")
    assert call_entrega(hosts / "all", *words).code == 0
    run_id, shard = handed_out(hosts, portfolio)
    assert resumed(hosts, run_id).code == 4
    tells_nobody_more_than_whom_to_ask(shard, portfolio)
    nameless = call_entrega(hosts / "main", "probe", shard, "--out", "told.answers")
    assert nameless.code == 2
    assert "identity" in nameless.err
    told = asked(hosts, shard)
    taken = call_entrega(hosts / "main", "answers", told)
    assert taken.code == 0, taken.err
    ended = resumed(hosts, run_id)
    assert ended.code == 0, ended.err
    assert lists_digest(hosts / "main" / "var" / "out") == lists_digest(hosts / "all" / "out") != {}
    assert not shard.exists()
    replies_are_read_again(hosts, run_id)
    again = call_entrega(hosts / "main", "answers", told)
    assert again.code == 3
    assert "@" not in again.err


@pytest.mark.long
def test_a_probe_that_was_killed_goes_on_and_asks_nobody_twice(
    hosts: Path, portfolio: Path
) -> None:
    run_id, shard = handed_out(hosts, portfolio)
    small = hosts / "small"
    with start_entrega(small, "probe", shard, "--out", "told.answers") as killed:
        journal = small / "told.answers.journal"
        while not journal.exists() or journal.stat().st_size < 20_000:
            time.sleep(0.01)
            assert killed.poll() is None, "it ended before it could be killed"
        killed.send_signal(signal.SIGKILL)
    told = asked(hosts, shard)
    assert not journal.exists()
    assert call_entrega(hosts / "main", "answers", told).code == 0
    assert resumed(hosts, run_id).code == 0
    violations = audit(read_journals(hosts / "journal"), load_personalities())
    assert set(violations["rule"]) <= AFTER_A_KILL


def test_a_closed_port_leaves_dns_and_history_and_is_said_once(
    hosts: Path, portfolio: Path
) -> None:
    words = ("run", portfolio / "b2b_br.csv", "--local", "--out", "out", "--json")
    ended = call_entrega(hosts / "all", *words, env={"ENTREGA_SMTP__PORT": "9"})
    assert ended.code == 5, ended.err
    assert [text.count("port 25") for text in ended.answer["warnings"]] == [1]
    contacts = pl.read_parquet(hosts / "all" / "out" / "contacts.parquet")
    asked = {"mailbox_accepted", "mailbox_not_found", "mailbox_disabled"}
    assert not asked & set(contacts["reason"])
    assert "no_connection" in set(contacts["reason"])
    assert lists_digest(hosts / "all" / "out")
    page = (hosts / "all" / "out" / "report.pt-BR.html").read_text("utf-8")
    assert page.count("porta 25") == 1
