"""`entrega plan`, `preflight` and `sandbox`: before anyone is asked."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.flows.calls import Entrega, start_entrega

FEW = ("--debtors", "60")


@contextmanager
def running_sandbox(folder: Path, *words: str) -> Iterator[dict[str, Any]]:
    """Start `entrega sandbox`, yield what it says, end it with Ctrl-C."""
    child = start_entrega(folder, "sandbox", "--json", *(words or FEW), out=subprocess.PIPE)
    assert child.stdout is not None
    try:
        yield dict(json.loads(child.stdout.readline()))
    finally:
        child.send_signal(signal.SIGINT)
        code = child.wait(20)
        child.stdout.close()
    assert code == 0


def test_the_plan_counts_every_address_once_and_reaches_its_end(
    entrega: Entrega, debtors_csv: Path
) -> None:
    ended = entrega("plan", debtors_csv, "--json")
    assert ended.code == 0, ended.err
    plan = ended.answer
    assert sum(each["addresses"] for each in plan["providers"]) == plan["asked"] > 0
    assert max(each["nights"] for each in plan["providers"]) == plan["nights"]
    shares = [row["share"] for row in plan["coverage"]]
    assert shares == sorted(shares)
    assert plan["coverage"][-1]["night"] == plan["nights"]
    assert 0 < shares[-1] < 1
    refused = {row["provider"] for row in plan["not_asked"] if row["provider"]}
    assert refused == {"microsoft_consumer", "yahoo"}


def test_the_plan_is_a_table_for_people(entrega: Entrega, debtors_csv: Path) -> None:
    ended = entrega("plan", debtors_csv)
    assert ended.code == 0, ended.err
    for told in ("Gmail", "refusals an hour", "after night", "never asked", "probing is off"):
        assert told in ended.out


def test_a_night_asks_about_as_many_as_was_planned(entrega: Entrega, tmp_path: Path) -> None:
    with running_sandbox(tmp_path, "--debtors", "2500", "--seed", "3") as lab:
        plan = entrega("plan", lab["input"], "-c", lab["config"], "--json").answer
        assert entrega("run", lab["input"], "-c", lab["config"], "--local").code in {0, 7}
    gmail = next(each for each in plan["providers"] if each["provider"] == "gmail")
    facts = next((tmp_path / "var" / "work").glob("*/mailboxes.json")).read_text("utf-8")
    asked = json.loads(facts)["providers"]["gmail"]["recipients"]
    assert gmail["bound"] == "unknown_share"
    # a plan rests on priors, a night on what servers say
    assert gmail["first_night"] == pytest.approx(asked, rel=0.4)


def test_what_was_answered_is_not_planned_again(entrega: Entrega, tmp_path: Path) -> None:
    with running_sandbox(tmp_path) as lab:
        first = entrega("plan", lab["input"], "-c", lab["config"], "--json").answer
        assert entrega("run", lab["input"], "-c", lab["config"], "--local").code in {0, 7}
        second = entrega("plan", lab["input"], "-c", lab["config"], "--json").answer
    assert second["asked"] < first["asked"]
    assert "answered_lately" in {row["reason"] for row in second["not_asked"]}


def test_a_host_whose_names_agree_is_fit(entrega: Entrega, tmp_path: Path) -> None:
    with running_sandbox(tmp_path) as lab:
        ended = entrega("preflight", "-c", lab["config"], "--json")
        wrong = entrega("preflight", "-c", lab["config"], "--json", env={"ENTREGA_SMTP__PORT": "9"})
    assert (ended.code, ended.answer["fit"]) == (0, True), ended.out
    levels = {check["name"]: check["level"] for check in ended.answer["checks"]}
    assert levels == dict.fromkeys(("resolver", "port", "helo", "ptr", "spf"), "ok")
    assert (wrong.code, wrong.answer["fit"]) == (5, False)
    assert {c["name"] for c in wrong.answer["checks"] if c["level"] == "fail"} == {"port"}


def test_a_closed_port_and_a_dead_proxy_are_told_with_what_is_left_to_do(
    entrega: Entrega, tmp_path: Path
) -> None:
    with running_sandbox(tmp_path) as lab:
        dead = {"ENTREGA_SMTP__PROXY": "socks5://127.0.0.1:9"}
        proxied = entrega("preflight", "-c", lab["config"], "--json", env=dead)
        closed = {"ENTREGA_SMTP__PORT": "9"}
        shut = entrega("preflight", "-c", lab["config"], env=closed)
        both = entrega(
            "preflight",
            "-c",
            lab["config"],
            env=dead | {"ENTREGA_SMTP__SOURCE_ADDRESSES": '["127.0.0.1"]'},
        )
    assert proxied.code == 5
    assert {c["name"] for c in proxied.answer["checks"] if c["level"] == "fail"} == {"proxy"}
    assert shut.code == 5
    assert "DNS and history alone" in shut.out
    assert "--away" in shut.out
    assert both.code == 2
    assert "exclude each other" in both.err


@pytest.mark.parametrize("mood", ["nxdomain", "address", "dead"])
def test_a_resolver_that_cannot_be_believed_makes_a_host_unfit(
    entrega: Entrega, tmp_path: Path, mood: str
) -> None:
    with running_sandbox(tmp_path, *FEW, "--mood", mood) as lab:
        ended = entrega("preflight", "-c", lab["config"], "--json")
    assert ended.code == 5
    assert [(c["name"], c["level"]) for c in ended.answer["checks"]] == [("resolver", "fail")]
    assert ended.answer["checks"][0]["remedy"]


def test_without_an_identity_there_is_nothing_to_examine(entrega: Entrega) -> None:
    ended = entrega("preflight")
    assert ended.code == 2
    assert "[smtp] helo and mail_from" in ended.err
