"""One creditor's portfolio in numbers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import polars as pl

from checks.model import Decision, Verdict
from reports.advice import advise
from reports.facts import CreditorFacts, GateFacts, ReportRules
from reports.quality import (
    count_bases,
    count_providers,
    count_repairs,
    count_verdicts,
    distinct_addresses,
)
from reports.summary import (
    AgeingRow,
    ClassTally,
    CreditorSummary,
    FunnelStep,
    ReasonTally,
    Tally,
)
from reports.tallies import amounts_of, tally
from reports.view import CLASSES, FUNNEL, buckets_of

MOST_REPAIRS: Final = 10
MOST_BASES: Final = 8

CHANNELS: Final = ("whatsapp", "sms", "voice", "letter")
TAX_ID_FLAGS: Final = ("valid", "invalid", "missing")


def summarise_creditor(
    creditor: CreditorFacts,
    *,
    view: pl.DataFrame,
    contacts: pl.DataFrame,
    records: int,
    duplicates: int,
    gate: GateFacts | None,
    rules: ReportRules,
) -> CreditorSummary:
    """Count one creditor's `view` (see `view_debtors`) and `contacts`.

    `records` are its accepted rows, `duplicates` its debtors that share a cluster.
    """
    addresses = distinct_addresses(contacts)
    return CreditorSummary(
        creditor_id=creditor.creditor_id,
        name=creditor.name,
        debtors=view.height,
        invoices=int(view["invoices"].sum()),
        contacts=contacts.height,
        addresses=addresses.height,
        confirmed_addresses=addresses.filter(pl.col("verdict") == Verdict.DELIVERABLE).height,
        asked_addresses=addresses.filter(pl.col("smtp_code").is_not_null()).height,
        duplicate_debtors=duplicates,
        amounts=amounts_of(view),
        gate=gate,
        decisions=_in_order(view, "decision", Decision),
        reasons=_count_reasons(view),
        funnel=_count_funnel(view, records),
        classes=_count_classes(view),
        ageing=_count_ageing(view, rules),
        providers=count_providers(addresses, view),
        verdicts=count_verdicts(addresses),
        channels=_count_channels(view),
        advice=advise(view),
        repairs=count_repairs(contacts, most=MOST_REPAIRS, least=rules.small_cell),
        bases=count_bases(contacts, most=MOST_BASES, least=rules.small_cell),
        tax_id_flags=_in_order(view, "tax_id_flag", TAX_ID_FLAGS),
    )


def _in_order(view: pl.DataFrame, column: str, order: Iterable[str]) -> tuple[Tally, ...]:
    found = {g.words[0]: Tally(g.words[0], g.debtors, g.amounts) for g in tally(view, [column])}
    known = [found.pop(str(word), Tally(str(word), 0, ())) for word in order]
    return (*known, *found.values())


def _count_reasons(view: pl.DataFrame) -> tuple[ReasonTally, ...]:
    groups = tally(view, ["decision", "decision_reason"])
    order = [str(word) for word in Decision]
    groups.sort(key=lambda g: (order.index(g.words[0]), -g.debtors, g.words[1]))
    return tuple(ReasonTally(g.words[0], g.words[1], g.debtors, g.amounts) for g in groups)


def _count_funnel(view: pl.DataFrame, records: int) -> tuple[FunnelStep, ...]:
    passed = view.select(pl.col(FUNNEL).sum()).row(0)
    return (
        FunnelStep("records", records),
        FunnelStep("debtors", view.height),
        *(FunnelStep(word, count) for word, count in zip(FUNNEL, passed, strict=True)),
    )


def _count_classes(view: pl.DataFrame) -> tuple[ClassTally, ...]:
    bounce = dict(
        view.drop_nulls("bounce")
        .group_by("class")
        .agg(pl.col("bounce").mean().round(6))
        .iter_rows()
    )
    groups = {g.words[0]: g for g in tally(view, ["class"])}
    return tuple(
        ClassTally(word, g.debtors, g.invoices, g.amounts, bounce.get(word))
        for word in CLASSES
        if (g := groups.get(word)) is not None
    )


def _count_ageing(view: pl.DataFrame, rules: ReportRules) -> tuple[AgeingRow, ...]:
    parts = view.partition_by("bucket", as_dict=True)
    spans = (*enumerate(buckets_of(rules)), (None, (None, None)))
    rows = []
    for bucket, (since, until) in spans:
        part = parts.get((bucket,), view.clear())
        classes = _in_order(part, "class", CLASSES)
        rows.append(AgeingRow(since, until, part.height, amounts_of(part), classes))
    return tuple(rows)


def _count_channels(view: pl.DataFrame) -> tuple[Tally, ...]:
    needed = (pl.col("decision") == Decision.OTHER_CHANNEL) | pl.col("other_channel").is_not_null()
    return _in_order(view.filter(needed), "other_channel", CHANNELS)
