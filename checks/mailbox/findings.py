"""From outcomes to findings and to the figures of a probe."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

import polars as pl

from checks.frames import FINDINGS
from checks.mailbox.domain_run import Outcome
from checks.mailbox.egress import Closed
from checks.mailbox.session import Encryption, Ending, SessionPlan, SessionResult
from checks.model import VERDICT_OF, Reason

CHECK = "mailbox"


class Hindrance(StrEnum):
    """What kept a probe from its work."""

    REFUSED = "refused"  # several providers refuse our address or identity
    PORT = "port"  # nobody could be reached
    PROXY = "proxy"  # our own proxy is at fault


@dataclass(slots=True)
class ProviderFigures:
    """What was done at one provider."""

    sessions: int = 0
    unreachable: int = 0
    recipients: int = 0
    sentinels: int = 0
    refusals: int = 0
    encrypted: int = 0
    tls_failed: int = 0


@dataclass(slots=True)
class ProbeReport:
    """What a probe did: per provider, per reason, and whether something stood in its way.

    `degraded` is None where every source answered; otherwise a sentence for people.
    """

    providers: dict[str, ProviderFigures] = field(default_factory=dict)
    reasons: Counter[Reason] = field(default_factory=Counter)
    blocked_by: list[str] = field(default_factory=list)
    stopped: bool = False
    closed: Closed | None = None

    def count(self, plan: SessionPlan, result: SessionResult) -> None:
        """Count one session."""
        figures = self.providers.setdefault(plan.provider, ProviderFigures())
        figures.sessions += 1
        figures.unreachable += result.ending in {Ending.UNREACHABLE, Ending.OUR_FAULT}
        figures.encrypted += result.encryption is Encryption.UNVERIFIED
        figures.tls_failed += result.encryption is Encryption.FAILED
        for answer in result.answers:
            figures.sentinels += answer.ask.sentinel
            figures.recipients += not answer.ask.sentinel
            figures.refusals += answer.refused

    @property
    def hindrance(self) -> Hindrance | None:
        """What kept the probe from its work, if anything did."""
        if self.stopped:
            return Hindrance.REFUSED
        if self.closed is not None:
            return Hindrance(self.closed.value)
        sessions = sum(f.sessions for f in self.providers.values())
        if sessions and all(f.unreachable == f.sessions for f in self.providers.values()):
            return Hindrance.PORT
        return None

    @property
    def degraded(self) -> str | None:
        """Why the probe could not do its work, if so."""
        match self.hindrance:
            case Hindrance.REFUSED:
                names = ", ".join(sorted(set(self.blocked_by)))
                return (
                    f"probing was stopped: several providers refuse this host ({names}); when they "
                    'take it again, say so with: entrega run --all-clear "NAME: reason"'
                )
            case Hindrance.PROXY:
                return "the proxy under [smtp] proxy does not let us through to mail servers"
            case Hindrance.PORT:
                return "no mail server could be reached: port 25 seems closed on this network"
        return None


def findings_of(
    outcomes: Iterable[Outcome],
    mx_hosts: Mapping[str, str],
    as_of: datetime,
) -> pl.DataFrame:
    """Return FINDINGS for outcomes, in order of address; `mx_hosts` names hosts by domain."""
    rows = [
        {
            "address": outcome.address,
            "check": CHECK,
            "verdict": VERDICT_OF[outcome.reason].value,
            "reason": outcome.reason.value,
            "evidence": json.dumps(_evidence(outcome, mx_hosts), ensure_ascii=False),
            "checked_at": as_of,
        }
        for outcome in outcomes
    ]
    return pl.DataFrame(rows, schema=FINDINGS).sort("address")


def _evidence(outcome: Outcome, mx_hosts: Mapping[str, str]) -> dict[str, object]:
    answer = outcome.answer
    if answer is None:
        return {"mx_address": outcome.mx_address} if outcome.mx_address else {}
    evidence: dict[str, object] = {
        "mx_host": mx_hosts.get(answer.ask.domain) or outcome.mx_address,
        "mx_address": outcome.mx_address,
        "smtp_code": answer.code or None,
        "smtp_enhanced": answer.enhanced,
        "smtp_text": answer.text,
        "rule": answer.ruling.rule,
        "asked_at": datetime.fromtimestamp(answer.asked_at, UTC).isoformat(timespec="seconds"),
    }
    if answer.encryption is not Encryption.NONE:
        evidence["tls"] = answer.encryption.value
    if outcome.inferred:
        evidence["inferred_from"] = "sentinel"
    return evidence
