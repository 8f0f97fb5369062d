"""Stored replies read again: the same rules change nothing, others what hangs on them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import polars as pl
import pytest

from checks.mailbox.probe import ProbeResult
from checks.mailbox.records import ProbeTrace, read_trace
from checks.mailbox.rejudge import Reading, rejudge_findings
from checks.mailbox.rules import EnhancedRule, ReplyRules, Ruling, Scope
from checks.model import Reason
from data.reference.providers import load_providers
from data.reference.smtp_replies import load_reply_rules
from tests.mailbox.conftest import Lab, ListJournal, MailServer

RULES = load_reply_rules()
RETRIES = (360.0, 1_800.0, 7_200.0)
ODD = {
    "odd": b"550-\r\n550 5.1.1 no such user\r\n",
    "torn": b"550-5.1.1 rejected\r\n550 5.7.1 by a filter\r\n",
    "long": b"550-" + b"x" * 700 + b"\r\n550 5.1.1 " + b"y" * 300 + b"\r\n",
    "echo": b"550 5.1.1 <%s>: Recipient address rejected: User unknown\r\n",
}


def odd_replies(address: str) -> bytes:
    """Answer as servers that make a reply hard to keep."""
    word = address.partition("@")[0].partition("-")[0]
    if word in ODD:
        return ODD[word].replace(b"%s", address.encode())
    return b"250 2.1.5 ok\r\n" if word == "ok" else b"550 5.1.1 no such user\r\n"


@pytest.fixture
def probed(lab: Callable[..., Lab]) -> tuple[ProbeResult, ProbeTrace]:
    """Probe hosts of several kinds; return the result and the journal."""
    accepting = MailServer(rcpt=lambda _: b"250 ok\r\n")
    made = lab(
        _1_1=MailServer(),
        _2_1=accepting,
        _3_1=MailServer(rcpt=odd_replies),
        _4_1=MailServer(banner=b"554 5.7.1 blocked by a list\r\n"),
        _5_1=MailServer(rcpt=lambda _: b"451 4.7.1 greylisted\r\n"),
        _7_1=MailServer(rcpt=lambda _: b"550 5.1.1 <probe@example.com>: no such user\r\n"),
    )
    made.domain("honest.example", "ok-1 ok-2 gone-1 gone-2 full-1 off-1 grey-1", "127.9.1.1")
    made.domain("all.example", "ok-1 ok-2 ok-3 ok-4 ok-5 ok-6 ok-7", "127.9.2.1")
    made.domain("odd.example", "odd-1 torn-1 long-1 echo-1 ok-1 user no such", "127.9.3.1")
    made.domain("block.example", "ok-1", "127.9.4.1")
    made.domain("grey.example", "ok-1 ok-2", "127.9.5.1")
    made.domain("callback.example", "ok-1 ok-2", "127.9.7.1")
    made.domain("dead.example", "ok-1", "127.9.6.1")
    journal = ListJournal()
    result = made.probe(journal=journal)
    return result, read_trace(journal.payloads)


def changes(
    findings: pl.DataFrame, trace: ProbeTrace, rules: ReplyRules
) -> dict[str, tuple[str, str]]:
    """Return old and new reason of each address that changed."""
    reading = Reading(load_providers(), rules, RETRIES)
    found = rejudge_findings(findings, trace, {}, reading)
    return {
        row[0]: (row[1], row[2]) for row in found.select("address", "old_reason", "reason").rows()
    }


def with_rule(code: str, reason: Reason, scope: Scope) -> ReplyRules:
    """Return the rules with another meaning of one enhanced code, and no words."""
    other = EnhancedRule(Ruling(reason, scope, f"enhanced {code}"), firm=True)
    return replace(RULES, enhanced={**RULES.enhanced, code: other}, texts=(), providers=())


def test_the_same_rules_change_nothing(probed: tuple[ProbeResult, ProbeTrace]) -> None:
    result, trace = probed
    assert len(set(result.findings["reason"])) >= 6
    assert changes(result.findings, trace, RULES) == {}
    assert changes(result.findings, ProbeTrace(), RULES) == {}


def test_a_refusal_that_means_something_else_changes_its_address_alone(
    probed: tuple[ProbeResult, ProbeTrace],
) -> None:
    result, trace = probed
    rules = with_rule("5.2.1", Reason.POLICY_REFUSAL, Scope.RECIPIENT)
    expected = {"off-1@honest.example": ("mailbox_disabled", "policy_refusal")}
    assert changes(result.findings, trace, rules).items() >= expected.items()
    assert changes(result.findings, ProbeTrace(), rules).items() >= expected.items()


def test_acceptances_fall_with_the_refusals_that_proved_them(
    probed: tuple[ProbeResult, ProbeTrace],
) -> None:
    result, trace = probed
    rules = with_rule("5.1.1", Reason.OUR_SIDE_BLOCKED, Scope.HOST)
    found = changes(result.findings, trace, rules)
    assert found["gone-1@honest.example"] == ("mailbox_not_found", "our_side_blocked")
    assert found["ok-1@honest.example"] == ("mailbox_accepted", "acceptance_unproven")
    alone = changes(result.findings, ProbeTrace(), rules)
    assert "ok-1@honest.example" not in alone  # its own finding does not tell


def test_a_text_that_was_cut_is_left_as_it_was_read(
    probed: tuple[ProbeResult, ProbeTrace],
) -> None:
    result, trace = probed
    found = changes(result.findings, trace, with_rule("5.1.1", Reason.GREYLISTED, Scope.RECIPIENT))
    assert "long-1@odd.example" not in found
    assert found["echo-1@odd.example"][1] == "greylisted"


def test_who_was_never_answered_keeps_his_reason(probed: tuple[ProbeResult, ProbeTrace]) -> None:
    result, trace = probed
    found = changes(result.findings, trace, with_rule("5.1.1", Reason.GREYLISTED, Scope.RECIPIENT))
    assert not {"ok-1@dead.example", "ok-1@block.example"} & set(found)


def test_answers_of_an_earlier_run_are_judged_by_themselves(
    probed: tuple[ProbeResult, ProbeTrace],
) -> None:
    result, trace = probed
    early = result.findings.with_columns(
        evidence=pl.col("evidence").str.replace(
            r'"asked_at": "[^"]*"', '"asked_at": "2020-01-01T00:00:00+00:00"'
        ),
        address=pl.lit("x") + pl.col("address"),
    )
    both = pl.concat([result.findings, early])
    assert changes(both, trace, RULES) == {}
