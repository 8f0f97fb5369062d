"""The numbers of a run as frozen values: machine words, exact sums, nothing of a person.

`summary_json` is the file `summary.json`. Amounts are exact decimals and stand in JSON as text
with a dot; shares are 0..1; every list is sorted, so equal runs give equal bytes.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal

from reports.facts import GateFacts, ReportRules, RunFacts

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in one currency (ISO 4217); sums never cross currencies."""

    currency: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Tally:
    """How many debtors fall under a word, and what they owe, one amount a currency."""

    word: str
    debtors: int
    amounts: tuple[Money, ...]


@dataclass(frozen=True, slots=True)
class ReasonTally:
    """Debtors under one decision and its reason."""

    decision: str
    reason: str
    debtors: int
    amounts: tuple[Money, ...]


@dataclass(frozen=True, slots=True)
class ClassTally:
    """Debtors of one deliverability class: A..E, or `none` where there is no address.

    `expected_bounce` is the mean chance of a hard bounce; null where nobody has a score.
    """

    word: str
    debtors: int
    invoices: int
    amounts: tuple[Money, ...]
    expected_bounce: float | None


@dataclass(frozen=True, slots=True)
class AgeingRow:
    """Debtors whose oldest invoice is `since`..`until` days overdue, split by class.

    Not due yet: `until` 0; the last bucket has no `until`; no due date: neither.
    """

    since: int | None
    until: int | None
    debtors: int
    amounts: tuple[Money, ...]
    classes: tuple[Tally, ...]


@dataclass(frozen=True, slots=True)
class ProviderRow:
    """Distinct addresses at one provider, and the hard bounces expected of what goes there now."""

    provider: str
    addresses: int
    undeliverable: int
    unknown: int
    asked: int
    outgoing: int
    expected_bounce: float | None


@dataclass(frozen=True, slots=True)
class VerdictTally:
    """Distinct addresses under one verdict and its reason."""

    verdict: str
    reason: str
    addresses: int


@dataclass(frozen=True, slots=True)
class RepairTally:
    """A mistyped domain and the one proposed for it."""

    written: str
    proposed: str
    debtors: int


@dataclass(frozen=True, slots=True)
class BasisTally:
    """Contacts by where they came from and on which legal basis (empty: none given)."""

    source: str
    legal_basis: str
    contacts: int


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """Debtors that reach a step of the way to being written to."""

    word: str
    debtors: int


@dataclass(frozen=True, slots=True)
class CreditorSummary:
    """One creditor's portfolio."""

    creditor_id: str
    name: str
    debtors: int
    invoices: int
    contacts: int
    addresses: int
    confirmed_addresses: int
    asked_addresses: int
    duplicate_debtors: int
    amounts: tuple[Money, ...]
    gate: GateFacts | None
    decisions: tuple[Tally, ...]
    reasons: tuple[ReasonTally, ...]
    funnel: tuple[FunnelStep, ...]
    classes: tuple[ClassTally, ...]
    ageing: tuple[AgeingRow, ...]
    providers: tuple[ProviderRow, ...]
    verdicts: tuple[VerdictTally, ...]
    channels: tuple[Tally, ...]
    advice: tuple[Tally, ...]
    repairs: tuple[RepairTally, ...]
    bases: tuple[BasisTally, ...]
    tax_id_flags: tuple[Tally, ...]


@dataclass(frozen=True, slots=True)
class SourceSummary:
    """One input file: every row is accepted or quarantined."""

    source: str
    rows: int
    accepted: int
    quarantined: int


@dataclass(frozen=True, slots=True)
class QuarantineTally:
    """Rows put aside for one reason, a word of the intake room."""

    reason: str
    rows: int


@dataclass(frozen=True, slots=True)
class Balance:
    """Two ways to count the same thing; a report is only made when they agree."""

    name: str
    whole: int
    parts: int


@dataclass(frozen=True, slots=True)
class Summary:
    """One run in numbers."""

    schema_version: int
    run: RunFacts
    rules: ReportRules
    sources: tuple[SourceSummary, ...]
    quarantine: tuple[QuarantineTally, ...]
    creditors: tuple[CreditorSummary, ...]
    balances: tuple[Balance, ...]


def summary_json(summary: Summary) -> str:
    """Return the text of `summary.json`: keys in the order of the dataclasses, UTF-8, LF.

    >>> json.dumps(asdict(Money("BRL", Decimal("10.50"))), default=_plain)
    '{"currency": "BRL", "amount": "10.50"}'
    """
    return json.dumps(asdict(summary), ensure_ascii=False, indent=1, default=_plain) + "\n"


def _plain(value: object) -> str:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    msg = f"summary holds a {type(value).__name__}"
    raise TypeError(msg)
