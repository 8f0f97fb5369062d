"""What a report is made from: the frames of a run and the facts that stand beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

from checks.model import GateState
from checks.score import Force, Loss


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFrames:
    """The frames of one run over all its creditors, each of the schema in `checks/frames.py`.

    `decided` is as it stands after the gate: what the gate holds back is already `hold`.
    """

    records: pl.DataFrame
    quarantine: pl.DataFrame
    debtors: pl.DataFrame
    contacts: pl.DataFrame
    decided: pl.DataFrame
    clusters: pl.DataFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """Which run this is; `digests` names the inputs of the decision (input, config, rules ...).

    `durations` are seconds per stage; leave them out where equal runs must give equal bytes.
    """

    run_id: str
    as_of: datetime
    rules_version: str
    digests: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    lab_networks: tuple[str, ...] = ()
    durations: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFacts:
    """One input file and how many data rows the reader saw in it."""

    source: str
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditorFacts:
    """On whose behalf debts are collected: the id in the frames and the name people know."""

    creditor_id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GateFacts:
    """What the gate did with one creditor's list.

    `predicted_bounce` and its 95 % interval `low`..`high` are shares of what is sent now (0..1;
    null: nothing is sent); `limit` is the share the upper bound must stay under; `sent` and
    `held` count debtors; `forced` is who overruled it, and why. `notices` counts debtors who get a
    notice so that at most `exposure` of the debts are expected to reach somebody else.
    """

    creditor_id: str
    state: GateState
    reasons: tuple[str, ...]
    sent: int
    held: int
    limit: float
    predicted_bounce: float | None = None
    low: float | None = None
    high: float | None = None
    forced: Force | None = None
    notices: int = 0
    exposure: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRules:
    """The numbers a report cuts by.

    `deliver`, `owner_person` and `owner_company` are the least probabilities for sending
    (field rule L01); `class_edges` separate classes A|B|C|D by score; `ageing` are the last
    days of the overdue buckets; `small_cell` is the least count of debtors that an aggregated
    table shows (L26); `provider_limit` is the share of unknown recipients above which UOL, BOL
    and Terra say they refuse a sender.
    """

    deliver: float = 0.80
    owner_person: float = 0.80
    owner_company: float = 0.60
    class_edges: tuple[float, float, float] = (0.95, 0.80, 0.40)
    ageing: tuple[int, ...] = (30, 60, 90, 180, 360)
    small_cell: int = 5
    provider_limit: float = 0.10


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFacts:
    """Everything a report needs that is in no frame."""

    run: RunFacts
    sources: tuple[SourceFacts, ...]
    creditors: tuple[CreditorFacts, ...]
    gates: tuple[GateFacts, ...]
    loss: Loss  # of the model that scored: what a score says of hard bounces
    rules: ReportRules = field(default_factory=ReportRules)
