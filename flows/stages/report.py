"""Pages and tables for people."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from checks.model import GateState
from checks.score import Force
from data.publish import write_duplicates, write_tables
from data.reference.version import rules_version
from flows.creditors import identity_of
from flows.run import Run
from flows.stages.gate import gated_debtors
from flows.stages.match import doubtful_pairs
from flows.stages.score import score_model
from reports import (
    CreditorFacts,
    GateFacts,
    ReportFacts,
    ReportRules,
    RunFacts,
    RunFrames,
    SourceFacts,
    summarise,
    work_lists,
    write_reports,
)

_HINDRANCES = {"refused": "servers_refuse", "port": "port_closed", "proxy": "proxy_failed"}


def report(run: Run) -> None:
    """Write report, tables and summary under the run's output folder."""
    frames = report_frames(run)
    write_tables(
        run.plan.out,
        contacts=frames.contacts,
        debtors=frames.decided,
        quarantine=frames.quarantine,
        language=run.plan.language,
    )
    write_pages(run, frames, run.plan.out, run.plan.language)
    run.commit("report", {})


def write_pages(run: Run, frames: RunFrames, out: Path, language: str) -> list[Path]:
    """Render page, workbook, note and summary in one language, and what a person is to decide."""
    write_duplicates(out, doubtful_pairs(run), frames.decided, language=language)
    summary = summarise(frames, report_facts(run))
    return write_reports(summary, work_lists(frames), out, language)


def report_frames(run: Run) -> RunFrames:
    """Return the tables that a report is made from."""
    return RunFrames(
        records=run.read("records"),
        quarantine=run.read("quarantine"),
        debtors=run.read("debtors"),
        contacts=run.read("contacts"),
        decided=gated_debtors(run),
        clusters=run.read("clusters"),
    )


def report_facts(run: Run) -> ReportFacts:
    """Return what a report says besides tables; nothing that differs between equal runs."""
    settings, read = run.plan.settings, run.recall("read")
    stored = run.warehouse.run(run.plan.run_id)
    return ReportFacts(
        run=RunFacts(
            run_id=run.plan.run_id,
            as_of=run.plan.as_of,
            rules_version=rules_version(),
            digests=dict(stored.digests) if stored else {},
            warnings=tuple(_warnings(run)),
            lab_networks=settings.smtp.lab_networks,
        ),
        sources=tuple(
            SourceFacts(source=each["source"], rows=each["rows"]) for each in read["sources"]
        ),
        creditors=tuple(
            CreditorFacts(creditor_id=name, name=identity_of(settings, name).name or name)
            for name in read["creditors"]
        ),
        gates=tuple(_gate(name, facts) for name, facts in sorted(run.recall("gate").items())),
        rules=ReportRules(
            deliver=settings.score.deliverable,
            owner_person=settings.score.owner_person,
            owner_company=settings.score.owner_company,
            ageing=settings.report.ageing,
        ),
        loss=score_model(run).loss,
    )


def _warnings(run: Run) -> Iterator[str]:
    """Yield what a reader should know first: words that reports have sentences for, or texts."""
    told = run.recall("domains")
    if not told.get("asked") and told.get("controls"):
        yield "resolver_untrusted"
    if not run.plan.settings.smtp.asks:
        yield "smtp_off"
    asked = run.recall("mailboxes")
    hindrance, own = _HINDRANCES.get(asked.get("hindrance") or ""), run.told_by("mailboxes")
    if hindrance is not None:
        yield hindrance
    yield from (text for text in run.warnings if hindrance is None or text not in own)


def _gate(creditor: str, facts: dict[str, Any]) -> GateFacts:
    rate, low, high = facts["predicted"] or (None, None, None)
    return GateFacts(
        creditor_id=creditor,
        state=GateState(facts["state"]),
        reasons=tuple(facts["reasons"]),
        sent=facts["sent"],
        held=facts["held"],
        limit=facts["limit"],
        predicted_bounce=rate,
        low=low,
        high=high,
        forced=Force(**facts["forced"]) if facts["forced"] else None,
        notices=facts["exposure"]["noticed"],
        exposure=facts["exposure"]["limit"],
    )
