"""Reading stored replies again under the rules of today, without asking anyone.

1. A journal is folded again, wave by wave, as the probe folded it: where a refusal no longer proves
   that a host tells mailboxes apart, the acceptances that hung on it are unproven too.
2. Where no journal tells of an address, its finding's own code and text are judged by themselves.

A reply whose text was cut when it was kept is left as it was read: its words may be in the rest.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import polars as pl

from checks.mailbox.domain_run import Outcome
from checks.mailbox.findings import findings_of
from checks.mailbox.judge import judge_recipient
from checks.mailbox.plan import Shard, Target
from checks.mailbox.providers import Providers
from checks.mailbox.recall import replay
from checks.mailbox.records import ProbeTrace, SessionTrace
from checks.mailbox.reply import Reply
from checks.mailbox.rules import ReplyRules, Ruling, Scope
from checks.mailbox.session import (
    IN_DOUBT,
    OUR_ADDRESS,
    SCRUBBED,
    TEXT_KEPT,
    Answer,
    Ask,
    Ending,
    Identity,
    SessionResult,
)
from checks.mailbox.settings import Memory, ProbeSettings
from checks.mailbox.shard_run import ShardRun, Wave
from checks.model import Reason

CHANGES: Final = pl.Schema(
    {
        "address": pl.String(),
        "old_reason": pl.String(),
        "old_evidence": pl.String(),
        "verdict": pl.String(),
        "reason": pl.String(),
        "evidence": pl.String(),
    },
)
"""One row per finding that is read otherwise today; `old_evidence` tells the answer apart."""

_FIRST_REFUSAL: Final = 400  # below, a code means the same under all rules
_UNREADABLE: Final = {IN_DOUBT.rule, OUR_ADDRESS.rule}  # not from words that were kept
_NOBODY: Final = Identity("nobody.invalid", "nobody@nobody.invalid")  # nobody is greeted here


@dataclass(frozen=True, slots=True)
class Reading:
    """By which rules replies are read, and with which retries they were asked for."""

    providers: Providers
    rules: ReplyRules
    retry_after: tuple[float, ...]

    def rule(self, answer: Answer, provider: str) -> Answer:
        """Return a stored answer with the ruling of today; one that cannot tell stays as it is."""
        is_cut = len(answer.text) >= TEXT_KEPT
        if answer.code < _FIRST_REFUSAL or is_cut or answer.ruling.rule in _UNREADABLE:
            return answer
        rulings = [self._ruling(answer, text, provider) for text in _unscrubbed(answer)]
        return answer if answer.ruling in rulings else replace(answer, ruling=rulings[0])

    def _ruling(self, answer: Answer, text: str, provider: str) -> Ruling:
        reply = Reply(answer.code, (text,))
        if reply.enhanced != answer.enhanced:  # the first line was empty: the code stood further on
            reply = Reply(answer.code, ("", text))
        return judge_recipient(reply, provider, self.rules)


def _unscrubbed(answer: Answer) -> tuple[str, ...]:
    """Return what a kept text may have been before its recipient was taken out of it.

    "user" and "mailbox" are words of replies and names of mailboxes.
    """
    names = dict.fromkeys((answer.ask.address.partition("@")[0], "@", SCRUBBED))
    return tuple(answer.text.replace(SCRUBBED, name) for name in names)


def rejudge_findings(
    findings: pl.DataFrame,
    trace: ProbeTrace,
    provider_of: Mapping[str, str],
    reading: Reading,
) -> pl.DataFrame:
    """Return CHANGES to mailbox findings, sorted by address; the rules that made them change none.

    `trace` is the journal of the run that asked, empty where it is gone; `provider_of` names the
    provider of each domain.
    """
    told = {row["address"]: _Told(row) for row in findings.iter_rows(named=True)}
    outcomes = {outcome.address: outcome for outcome in _refolded(told, trace, reading)}
    changed = []
    for address, old in told.items():
        outcome = outcomes.get(address)
        if outcome is None:
            provider = provider_of.get(address.rpartition("@")[2], "")
            outcome = _by_itself(address, old, provider, reading)
        if outcome is not None and not old.says(outcome):
            changed.append(_change(old, outcome))
    return pl.DataFrame(changed, schema=CHANGES).sort("address")


class _Told:
    """One stored finding."""

    def __init__(self, row: Mapping[str, Any]) -> None:
        self.row = row
        self.evidence: dict[str, Any] = json.loads(row["evidence"])

    @property
    def asked_at(self) -> float:
        """When its server was asked, to the second; before all time where none was."""
        text = self.evidence.get("asked_at")
        return datetime.fromisoformat(text).timestamp() if text else float("-inf")

    def says(self, outcome: Outcome) -> bool:
        """Whether this is what the outcome would be written as."""
        rule = outcome.answer.ruling.rule if outcome.answer else None
        return (self.row["reason"], self.evidence.get("rule")) == (outcome.reason.value, rule)


def _refolded(told: Mapping[str, _Told], trace: ProbeTrace, reading: Reading) -> Iterable[Outcome]:
    """Yield the outcome of everybody who was answered in a journal."""
    began_at = trace.began_at or 0.0
    by_domain: dict[str, list[str]] = defaultdict(list)
    for address, old in told.items():
        if old.asked_at >= int(began_at):  # an answer of an earlier run is not in this journal
            by_domain[address.rpartition("@")[2]].append(address)
    settings = ProbeSettings(_NOBODY, retry_after=reading.retry_after)
    today = ProbeTrace(began_at, trace.waves, _sessions(trace, reading))
    for name, waves in trace.waves.items():
        targets, proven = _targets(waves, by_domain)
        past = Memory(proven=dict.fromkeys(proven, began_at))
        run = ShardRun(Shard(name, targets), reading.providers, settings, past, began_at)
        for one in replay(run, today):  # cut off by a crash: what they had learnt counts
            run.end(SessionResult(one.plan.session_id, Ending.STOPPED, one.answers))
        run.fold()
        run.next_move(began_at, stopped=Reason.NOT_ASKED_BUDGET)  # nobody is asked any more
        yield from (outcome for outcome in run.outcomes() if outcome.answer is not None)


def _sessions(trace: ProbeTrace, reading: Reading) -> dict[str, SessionTrace]:
    """Return the sessions of a trace, their answers ruled as of today."""
    provider_of = {
        plan.session_id: plan.provider
        for waves in trace.waves.values()
        for wave in waves
        for plan in wave.sessions
    }
    sessions = {}
    for name, session in trace.sessions.items():
        answers = [reading.rule(each, provider_of.get(name, "")) for each in session.answers]
        result = session.result and replace(session.result, answers=tuple(answers))
        sessions[name] = replace(session, answers=answers, result=result)
    return sessions


def _targets(
    waves: Iterable[Wave], by_domain: Mapping[str, list[str]]
) -> tuple[tuple[Target, ...], list[tuple[str, str]]]:
    """Return the targets that waves tell of, and where a sentinel had been refused before."""
    hosts: dict[str, dict[str, bool]] = defaultdict(dict)
    people: dict[str, dict[str, None]] = defaultdict(dict)
    providers: dict[str, str] = {}
    for wave in waves:
        for plan in wave.sessions:
            for errand in plan.errands:
                providers.setdefault(errand.domain, plan.provider)
                hosts[errand.domain].setdefault(plan.mx_address, errand.proven)
                people[errand.domain] |= dict.fromkeys(errand.recipients)
    targets = [
        Target(
            domain,
            provider,
            tuple(hosts[domain]),
            tuple({**people[domain], **dict.fromkeys(by_domain.get(domain, ()))}),
        )
        for domain, provider in providers.items()
    ]
    proven = [
        (ip, domain)
        for domain, seen in hosts.items()
        for ip, is_proven in seen.items()
        if is_proven
    ]
    return tuple(targets), proven


def _by_itself(address: str, old: _Told, provider: str, reading: Reading) -> Outcome | None:
    """Return the outcome of a refusal by its finding alone; None where that tells nothing."""
    told = old.evidence
    if (told.get("smtp_code") or 0) < _FIRST_REFUSAL:
        return None
    before = Ruling(Reason(old.row["reason"]), Scope.RECIPIENT, told["rule"])
    ask = Ask(address, address.rpartition("@")[2])
    kept = (told["smtp_code"], told["smtp_enhanced"], told["smtp_text"])
    answer = reading.rule(Answer(ask, *kept, before, old.asked_at), provider)
    return Outcome(address, answer.ruling.reason, told.get("mx_address", ""), answer)


def _change(old: _Told, outcome: Outcome) -> dict[str, Any]:
    hosts = {outcome.address.rpartition("@")[2]: old.evidence.get("mx_host") or ""}
    new = findings_of([outcome], hosts, old.row["checked_at"]).row(0, named=True)
    return {
        "address": outcome.address,
        "old_reason": old.row["reason"],
        "old_evidence": old.row["evidence"],
        "verdict": new["verdict"],
        "reason": new["reason"],
        "evidence": new["evidence"],
    }
