"""STARTTLS where it is demanded and nowhere else: steps, bytes, and what a failure costs."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import IPv4Network
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

from checks.mailbox.conversation import Conversation, Loss
from checks.mailbox.judge import demands_tls
from checks.mailbox.pace import JumpClock
from checks.mailbox.probe import ADDRESSES, ProbeResult, probe_mailboxes
from checks.mailbox.reply import Reply
from checks.mailbox.rules import Stage
from checks.mailbox.session import (
    Deadlines,
    Encryption,
    Ending,
    Errand,
    Identity,
    SessionPlan,
    SessionResult,
)
from checks.mailbox.settings import ProbeSettings
from checks.model import Reason
from data.reference.providers import load_providers
from data.reference.smtp_replies import load_reply_rules
from sandbox.hostile_cases import Case, Move
from sandbox.hostile_farm import HostileFarm
from sandbox.journals import JournalWriter, read_journals
from sandbox.smtp_farm import Tempo

if TYPE_CHECKING:
    from tests.mailbox.conftest import ListJournal

RULES = load_reply_rules()
DEMAND = "530 5.7.0 Must issue a STARTTLS command first"
DEADLINES = Deadlines(connect=1, banner=1, reply=1, quit=0.2, session=4, handshake=2)
PLAN = SessionPlan(
    "one",
    "other",
    "192.0.2.1",
    (Errand("firma.example", ("ok-1@firma.example",), ("x1@firma.example", "x2@firma.example")),),
    recipients=5,
    refusals=2,
    asks_sentinels=True,
    closes_with_sentinel=True,
)


def reply_of(text: str) -> Reply:
    return Reply(int(text[:3]), (text[4:],))


def hold(
    script: dict[str, list[str]],
    *,
    plan: SessionPlan = PLAN,
    starttls: bool = True,
    handshake: Loss | None = None,
) -> tuple[list[str], SessionResult]:
    """Hold a session without sockets; return the lines that were sent and what came of it.

    `script` has replies by verb, in turn, the last one for ever; TLS comes about, or is lost.
    """
    usual = {"": ["220 mx"], "QUIT": ["221 bye"], "RCPT": ["250 ok", "550 5.1.1 no such user"]}
    replies = {verb: list(told) for verb, told in {**usual, **script}.items()}
    talk = Conversation(
        plan, Identity("p.example", "p@p.example"), DEADLINES, RULES, starttls=starttls
    )
    lines = []
    while (step := talk.step()) is not None:
        line = step.line.decode().strip()
        lines.append(line if step.stage is not Stage.HANDSHAKE else "(TLS)")
        if step.stage is Stage.HANDSHAKE:
            talk.encrypted() if handshake is None else talk.lose(handshake)
            continue
        told = replies.get(line[:4].strip() if line != "STARTTLS" else line, ["250 ok"])
        talk.take(reply_of(told.pop(0) if len(told) > 1 else told[0]), 0.0)
    return lines, talk.result()


def verbs(lines: list[str]) -> list[str]:
    return [line.partition(" ")[0] for line in lines]


GO = {"STARTTLS": ["220 go"]}


def test_a_demand_at_mail_is_met_and_the_session_begins_anew() -> None:
    lines, result = hold({"MAIL": [DEMAND, "250 ok"], **GO})
    assert verbs(lines) == [
        "",
        "EHLO",
        "MAIL",
        "STARTTLS",
        "(TLS)",
        "EHLO",
        "MAIL",
        "RCPT",
        "RCPT",
        "QUIT",
    ]
    assert result.encryption is Encryption.UNVERIFIED
    assert {answer.encryption for answer in result.answers} == {Encryption.UNVERIFIED}


def test_nothing_is_encrypted_that_need_not_be() -> None:
    lines, result = hold({"EHLO": ["250 STARTTLS"]})
    assert "STARTTLS" not in lines
    assert result.encryption is Encryption.NONE


def test_a_demand_at_rcpt_counts_and_the_recipient_is_asked_again() -> None:
    replies = [f"550 {DEMAND[4:]}", "250 ok", "550 5.1.1 no such user"]
    lines, result = hold({"RCPT": replies, **GO})
    asked = [line[9:-1] for line in lines if line.startswith("RCPT")]
    assert asked == ["ok-1@firma.example"] * 2 + ["x1@firma.example"]
    assert [answer.refused for answer in result.answers] == [True, False, True]
    assert [answer.is_about_tls for answer in result.answers] == [True, False, False]


def test_where_it_was_demanded_before_it_comes_before_mail() -> None:
    lines, _ = hold(GO, plan=replace(PLAN, encrypts=True))
    assert verbs(lines)[:6] == ["", "EHLO", "STARTTLS", "(TLS)", "EHLO", "MAIL"]


def test_a_setting_forbids_it() -> None:
    lines, result = hold({"MAIL": [DEMAND]}, starttls=False)
    assert "STARTTLS" not in lines
    assert result.ending is Ending.REFUSED
    assert result.ruling is not None
    assert result.ruling.reason is Reason.POLICY_REFUSAL


def test_a_second_demand_is_a_refusal_and_no_loop() -> None:
    lines, result = hold({"MAIL": [DEMAND], **GO})
    assert lines.count("STARTTLS") == 1
    assert result.ending is Ending.REFUSED


@pytest.mark.parametrize("told", ["454 4.7.0 not now", "502 5.5.1 what", "501 no"])
def test_who_demands_it_and_does_not_give_it_is_asked_later(told: str) -> None:
    lines, result = hold({"MAIL": [DEMAND], "STARTTLS": [told]})
    assert lines[-1] == "QUIT"
    assert (result.ending, result.encryption) == (Ending.DEFERRED, Encryption.FAILED)


def test_a_failed_handshake_ends_the_session_without_a_word() -> None:
    lines, result = hold({"MAIL": [DEMAND], **GO}, handshake=Loss.UNENCRYPTED)
    assert lines[-1] == "(TLS)"
    assert (result.ending, result.encryption) == (Ending.DEFERRED, Encryption.FAILED)
    assert result.ruling is not None
    assert result.ruling.reason is Reason.TEMPORARY_FAILURE


def test_bytes_before_the_handshake_void_the_session() -> None:
    _, result = hold({"MAIL": [DEMAND], **GO}, handshake=Loss.GARBLED)
    assert result.ending is Ending.VOID


@pytest.mark.parametrize(
    ("text", "demands"),
    [
        (DEMAND, True),  # RFC 3207, section 4
        ("530 Must issue a STARTTLS command first", True),
        ("523 5.7.10 encryption needed", True),  # RFC 5248
        ("451 5.7.3 STARTTLS is required to send mail", True),  # Exchange
        ("550 5.7.1 TLS required for this domain", True),
        ("554 5.7.1 This server requires encrypted connections", True),
        ("530 5.7.0 Authentication required", False),  # RFC 4954: the same code
        ("538 5.7.11 Encryption required for requested authentication mechanism", False),
        ("550 5.1.1 no such user", False),
        ("454 4.7.0 TLS not available due to local problem", False),
        ("250 ok, TLS is required", False),
        ("550 5.1.1 <starttls@firma.example> must be required", False),  # an address says nothing
    ],
)
def test_which_replies_demand_it(text: str, *, demands: bool) -> None:
    assert demands_tls(reply_of(text), RULES) is demands


# --- over real connections --------------------------------------------------------------------


def server(starttls: list[Move], **stages: list[Move]) -> Case:
    """Return a server that takes mail only after STARTTLS."""
    demand = [{"send": f"{DEMAND}\r\n"}]
    return Case("S65", "demands TLS", "ok", {"MAIL": demand, "STARTTLS": starttls, **stages})


def tls(chain_bytes: int = 0) -> list[Move]:
    return [{"send": "220 go\r\n"}, {"tls": chain_bytes}]


IP = "127.110.65.9"


async def probe(
    case: Case, folder: Path, journal: ListJournal, written: list[object], people: str
) -> ProbeResult:
    clock = JumpClock(1_800_000_000.0)
    writer = JournalWriter(folder, clock.now)
    farm = HostileFarm(writer, Tempo(io_scale=0.01), clock.now, {IP: case})
    port = await farm.start()
    rows = [
        (f"{who}@d.example", "d.example", "other", ["mx.d.example"], [IP]) for who in people.split()
    ]
    try:
        return await probe_mailboxes(
            pl.DataFrame(rows, schema=ADDRESSES, orient="row"),
            ProbeSettings(
                Identity("p.example", "p@p.example"),
                port=port,
                deadlines=DEADLINES,
                lab_networks=(IPv4Network("127.110.0.0/16"),),
            ),
            load_providers(),
            RULES,
            clock=clock,
            journal=journal,
            as_of=datetime(2026, 11, 1, tzinfo=UTC),
            written=written,  # type: ignore[arg-type]  # payloads of this very journal
        )
    finally:
        await farm.stop()
        writer.close()


PEOPLE = "ok-1 ok-2 bad-3 full-4 ok-5 off-6 bad-7"
TRUTH = {
    "ok-1": "mailbox_accepted",
    "ok-2": "mailbox_accepted",
    "bad-3": "mailbox_not_found",
    "full-4": "mailbox_full",
    "ok-5": "mailbox_accepted",
    "off-6": "mailbox_disabled",
    "bad-7": "mailbox_not_found",
}


def told(result: ProbeResult) -> dict[str, str]:
    pairs = result.findings.select("address", "reason").iter_rows()
    return {address.partition("@")[0]: reason for address, reason in pairs}


def test_verdicts_over_tls_and_later_sessions_begin_with_it(
    tmp_path: Path, list_journal: type[ListJournal]
) -> None:
    result = asyncio.run(probe(server(tls()), tmp_path, list_journal(), [], PEOPLE))
    assert told(result) == TRUTH
    assert all('"tls": "unverified"' in evidence for evidence in result.findings["evidence"])
    figures = result.report.providers["other"]
    assert figures.encrypted == figures.sessions
    demands = read_journals(tmp_path).filter(pl.col("reply").str.starts_with("530"))
    assert demands.height == 1  # in the first session only


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        # OpenSSL reads at most 100 KB of certificates; what sends more keeps its plain "later".
        (server(tls(1_000_000)), "temporary_failure"),
        (server([{"send": "454 4.7.0 not now\r\n"}]), "temporary_failure"),
        (server([{"send": "220 go\r\n"}, {"cut": True}]), "temporary_failure"),
        (server(tls(), TLS_MAIL=[{"send": f"{DEMAND}\r\n"}]), "policy_refusal"),
        (server(tls(), TLS_RCPT=[{"send": "250 ok\r\n250 ok\r\n"}]), "protocol_error"),
    ],
    ids=["a megabyte of chain", "454", "cut off", "demanded again", "two replies"],
)
def test_what_cannot_be_encrypted_stays_unknown(
    tmp_path: Path, list_journal: type[ListJournal], case: Case, reason: str
) -> None:
    result = asyncio.run(probe(case, tmp_path, list_journal(), [], "ok-1 bad-2"))
    assert set(told(result).values()) == {reason}
    assert read_journals(tmp_path).filter(event="connect").height <= 4


@pytest.mark.parametrize("demand_at", ["MAIL", "RCPT"])
def test_killed_again_and_again_it_ends_with_the_same_verdicts(
    tmp_path: Path, list_journal: type[ListJournal], demand_at: str
) -> None:
    demand = [{"send": f"550 {DEMAND[4:]}\r\n"}]
    stages: dict[str, list[Move]] = {demand_at: demand, "STARTTLS": tls()}
    case = Case("S65", "demands TLS", "ok", stages)
    written: list[object] = []
    for kill in range(8):
        journal = list_journal(fails_at=5 + 3 * kill)
        with contextlib.suppress(InterruptedError):
            asyncio.run(probe(case, tmp_path, journal, written, PEOPLE))
        written += journal.payloads
    result = asyncio.run(probe(case, tmp_path, list_journal(), written, PEOPLE))
    assert told(result) == TRUTH
