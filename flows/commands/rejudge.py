"""`entrega rejudge`: stored replies read again by the rules of today."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl

from checks.mailbox.findings import CHECK
from checks.mailbox.probe import payloads
from checks.mailbox.records import read_trace
from checks.mailbox.rejudge import Reading, rejudge_findings
from data.journal import read_journal
from data.reference.providers import load_providers
from data.reference.smtp_replies import load_reply_rules
from data.warehouse import Warehouse, open_warehouse
from flows.away import JOURNAL
from flows.pipeline import STAGES
from flows.plan import RunPlan, existing_warehouse, load_plan
from flows.run import WAIT_SECONDS, utc_now
from flows.stages.mailboxes import check_mailboxes

AFTER_ASKING = tuple(stage.__name__ for stage in STAGES[STAGES.index(check_mailboxes) + 1 :])
"""The stages that go by what mail servers told."""


def run_rejudge(run_id: str, warehouse: Path | None, *, wait: bool, as_json: bool) -> int:
    """Correct the findings of a run's answers; print how many changed from what to what."""
    path = existing_warehouse(warehouse)
    plan = load_plan(path, run_id)
    with open_warehouse(path, now=utc_now, wait=WAIT_SECONDS if wait else None) as opened:
        findings = opened.read("findings", run_id).filter(pl.col("check") == CHECK)
        changes = _changes(plan, opened, findings)
        if changes.height:
            opened.correct_findings(CHECK, changes)
            opened.reopen(run_id, AFTER_ASKING)
    counts = changes.group_by("old_reason", "reason").len().sort("old_reason", "reason")
    if as_json:
        rows = [dict(zip(("from", "to", "addresses"), row, strict=True)) for row in counts.rows()]
        print(json.dumps({"run_id": run_id, "replies": findings.height, "changed": rows}))
        return 0
    print(f"{findings.height:,} findings, {changes.height:,} read otherwise today")
    for old, new, count in counts.iter_rows():
        print(f"  {count:,} {old} -> {new}")
    if changes.height:
        print(f"score and publish it again with: entrega run --resume {run_id}")
    return 0


def _changes(plan: RunPlan, opened: Warehouse, findings: pl.DataFrame) -> pl.DataFrame:
    journal = plan.work / "mailboxes" / JOURNAL
    trace = read_trace(payloads(read_journal(journal)) if journal.is_file() else ())
    domains = opened.read("domains", plan.run_id).select("domain", "provider")
    reading = Reading(load_providers(), load_reply_rules(), tuple(plan.settings.smtp.retry_after))
    return rejudge_findings(findings, trace, dict(domains.iter_rows()), reading)
