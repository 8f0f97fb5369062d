"""From the frames of a run to the numbers of its report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import polars as pl

from checks.errors import EntregaError
from reports.creditor import summarise_creditor
from reports.facts import CreditorFacts, ReportFacts, RunFrames
from reports.summary import (
    SCHEMA_VERSION,
    Balance,
    CreditorSummary,
    QuarantineTally,
    SourceSummary,
    Summary,
)
from reports.view import view_debtors


class UnbalancedError(EntregaError):
    """Two counts of the same rows differ: a row was lost or counted twice, our own fault."""


def summarise(frames: RunFrames, facts: ReportFacts) -> Summary:
    """Count everything a report shows; raise `UnbalancedError` rather than show a lost row."""
    view = view_debtors(frames, facts)
    sources = _count_sources(frames, facts)
    summary = Summary(
        schema_version=SCHEMA_VERSION,
        run=facts.run,
        rules=facts.rules,
        sources=sources,
        quarantine=_count_quarantine(frames.quarantine),
        creditors=_summarise_creditors(frames, facts, view),
        balances=_balances(frames, sources, view),
    )
    for balance in summary.balances:
        if balance.whole != balance.parts:
            problem = f"{balance.name} do not balance: {balance.whole} against {balance.parts}"
            remedy = "this is a fault of Entrega; keep the run's folder and report it"
            raise UnbalancedError(problem, remedy)
    return summary


def _count_sources(frames: RunFrames, facts: ReportFacts) -> tuple[SourceSummary, ...]:
    accepted = _counts(frames.records, "source")
    quarantined = _counts(frames.quarantine, "source")
    rows: Counter[str] = Counter()
    for source in facts.sources:  # files of one name in two folders count together
        rows[source.source] += source.rows
    return tuple(
        SourceSummary(name, rows[name], accepted.get(name, 0), quarantined.get(name, 0))
        for name in sorted(rows)
    )


def _counts(frame: pl.DataFrame, column: str) -> Mapping[str, int]:
    return dict(frame.group_by(column).len().iter_rows())


def _count_quarantine(quarantine: pl.DataFrame) -> tuple[QuarantineTally, ...]:
    counts = quarantine.group_by("reason").len()
    ranked = counts.sort(["len", "reason"], descending=[True, False])
    return tuple(QuarantineTally(*row) for row in ranked.iter_rows())


def _balances(
    frames: RunFrames, sources: Sequence[SourceSummary], view: pl.DataFrame
) -> tuple[Balance, ...]:
    key = ["creditor_id", "debtor_id"]
    rows = sum(source.rows for source in sources)
    folded = frames.records.select(key).unique().height
    return (
        Balance("input rows", rows, frames.records.height + frames.quarantine.height),
        Balance("rows of known sources", rows, sum(s.accepted + s.quarantined for s in sources)),
        Balance("debtors in accepted rows", folded, frames.debtors.height),
        Balance("decided debtors", frames.debtors.height, view.height),
        Balance("distinct decided debtors", view.height, view.select(key).unique().height),
    )


def _summarise_creditors(
    frames: RunFrames, facts: ReportFacts, view: pl.DataFrame
) -> tuple[CreditorSummary, ...]:
    views = _by_creditor(view)
    contacts = _by_creditor(frames.contacts)
    records = _counts(frames.records, "creditor_id")
    duplicates = _duplicates(frames.clusters)
    names = {creditor.creditor_id: creditor.name for creditor in facts.creditors}
    gates = {gate.creditor_id: gate for gate in facts.gates}
    return tuple(
        summarise_creditor(
            CreditorFacts(creditor_id=creditor_id, name=names.get(creditor_id, creditor_id)),
            view=views.get(creditor_id, view.clear()),
            contacts=contacts.get(creditor_id, frames.contacts.clear()),
            records=records.get(creditor_id, 0),
            duplicates=duplicates.get(creditor_id, 0),
            gate=gates.get(creditor_id),
            rules=facts.rules,
        )
        for creditor_id in sorted(names.keys() | views.keys())
    )


def _by_creditor(frame: pl.DataFrame) -> dict[str, pl.DataFrame]:
    parts = frame.partition_by("creditor_id", as_dict=True)
    return {str(key[0]): part for key, part in parts.items()}


def _duplicates(clusters: pl.DataFrame) -> Mapping[str, int]:
    key = ["creditor_id", "cluster_id"]
    more = clusters.filter(pl.len().over(key) > 1)
    return _counts(more, "creditor_id")
