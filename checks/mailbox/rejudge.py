"""Reading stored replies again under the rules of today, without asking anyone.

1. A journal is folded again, answer by answer, as the probe folded it: where a refusal no longer
   proves that a host tells mailboxes apart, the acceptances that hung on it are unproven too.
2. Where no journal is left, a refusal's own finding tells code and text, and is judged by itself.

A reply whose text was cut when it was kept is left as it was read: the words may be in the rest.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from checks.mailbox.domain_run import DomainRun, Outcome
from checks.mailbox.findings import CHECK
from checks.mailbox.judge import judge_recipient
from checks.mailbox.reply import Reply
from checks.mailbox.session import IN_DOUBT, TEXT_KEPT, Answer, Ending, SessionPlan
from checks.mailbox.plan import Target
from checks.model import VERDICT_OF, Reason

if TYPE_CHECKING:
    from checks.mailbox.providers import Providers
    from checks.mailbox.records import ProbeTrace
    from checks.mailbox.rules import ReplyRules, Ruling

_FIRST_REFUSAL: Final = 400  # below, a code means the same under any rules
_NOTHING: Final[tuple[str, ...]] = ()


def rejudge_findings(
    findings: pl.DataFrame,
    trace: ProbeTrace,
    provider_of: Mapping[str, str],
    providers: Providers,
    rules: ReplyRules,
    retry_after: tuple[float, ...],
) -> pl.DataFrame:
    """Return FINDINGS as the rules of today read them, in the same order.

    `trace` is the journal of the run that asked, empty where it is gone; `provider_of` names the
    provider of each domain. The same rules give the same rows.
    """
    outcomes = {
        outcome.address: outcome for outcome in rejudge_trace(trace, providers, rules, retry_after)
    }
    rows = [
        _rejudged(row, outcomes.get(row["address"]), provider_of, rules)
        for row in findings.iter_rows(named=True)
    ]
    return pl.DataFrame(rows, schema=findings.schema)


def rejudge_trace(
    trace: ProbeTrace,
    providers: Providers,
    rules: ReplyRules,
    retry_after: tuple[float, ...],
) -> list[Outcome]:
    """Return the outcomes of everybody who was answered, by the rules of today."""
    runs: dict[str, DomainRun] = {}
    for plan in _plans(trace):
        for errand in plan.errands:
            if errand.domain not in runs:
                runs[errand.domain] = _domain_run(trace, plan, errand.domain, providers, retry_after)
    for plan in _plans(trace):
        _fold(plan, trace, runs, rules)
    for run in runs.values():
        run.finish(Reason.NOT_ASKED_BUDGET)
    return [outcome for run in runs.values() for outcome in run.outcomes.values() if outcome.answer]


def rejudge_answer(answer: Answer, provider: str, rules: ReplyRules) -> Answer:
    """Return an answer with the ruling of today."""
    if answer.ruling == IN_DOUBT or not _is_whole(answer.code, answer.text):
        return answer
    ruling = _ruling(answer.code, answer.enhanced, answer.text, provider, rules)
    return replace(answer, ruling=ruling)


def _plans(trace: ProbeTrace) -> Iterable[SessionPlan]:
    return (plan for waves in trace.waves.values() for wave in waves for plan in wave.sessions)


def _domain_run(
    trace: ProbeTrace,
    first: SessionPlan,
    domain: str,
    providers: Providers,
    retry_after: tuple[float, ...],
) -> DomainRun:
    """Return a domain as it was before anybody was asked; earlier proofs are in its errands."""
    hosts: dict[str, bool] = {}
    recipients: dict[str, None] = {}
    for plan in _plans(trace):
        for errand in plan.errands:
            if errand.domain == domain:
                hosts.setdefault(plan.mx_address, errand.proven)
                recipients.update(dict.fromkeys(errand.recipients))
    target = Target(domain, first.provider, tuple(hosts), tuple(recipients))
    proven = [ip for ip, is_proven in hosts.items() if is_proven]
    return DomainRun(target, providers.named(first.provider), retry_after, 0, proven)
