"""`entrega purge`: what is past its time leaves warehouse, work folders and outputs."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from data.care.lists import RECIPIENT_FILES, lists_before, withdraw_list
from data.care.retention import EVENTS, MANIFESTS, PROBES, VERDICTS, Cutoffs, cutoffs_of
from data.publish.folders import CURRENT_FILE
from data.warehouse import open_warehouse, rewrite_warehouse
from flows.away import forget_handout
from flows.configuration import load_settings
from flows.outputs import PAGES, Output, outputs_of, plans_beside
from flows.plan import PLAN_FILE, existing_warehouse, moment_of
from flows.run import WAIT_SECONDS, utc_now
from flows.settings import RetentionSettings

KINDS = (PROBES, VERDICTS, EVENTS, MANIFESTS)
ROWS = ("contacts.*", "debtors.*", "quarantine.csv")
WHY = "The recipients of this list were removed on {day}: [retention] verdicts is over."


def run_purge(
    config: Path | None, warehouse: Path | None, *, dry: bool, wait: bool, as_json: bool
) -> int:
    """Remove, or with `dry` only count; print rows and files per kind."""
    retention = load_settings(config).retention
    path = existing_warehouse(warehouse)
    cutoffs = _cutoffs(retention)
    with open_warehouse(path, now=utc_now, wait=WAIT_SECONDS if wait else None) as opened:
        rows = opened.let_go(cutoffs, dry=dry)
    if any(rows.values()) and not dry:
        rewrite_warehouse(path)
    files = _purge_files(path, cutoffs, dry=dry)
    told = {kind: {"rows": rows.get(kind, 0), "files": files[kind]} for kind in KINDS}
    if as_json:
        print(json.dumps({"dry_run": dry, "removed": told}, sort_keys=True))
        return 0
    verb = "would go" if dry else "removed"
    for kind, counts in told.items():
        days = getattr(retention, kind)
        print(
            f"{kind:<10} older than {days:>5} days: {counts['rows']:,} rows, "
            f"{counts['files']:,} files {verb}"
        )
    return 0


def _cutoffs(retention: RetentionSettings) -> Cutoffs:
    return cutoffs_of(
        utc_now(),
        probes=retention.probes,
        verdicts=retention.verdicts,
        events=retention.events,
        manifests=retention.manifests,
    )


def _purge_files(path: Path, cutoffs: Cutoffs, *, dry: bool) -> Counter[str]:
    """Remove files of work folders and outputs; a plan stays longest, for it tells where to look.

    1. Parts and journals of a run go with the probes. 2. Its tables and pages go with the
    verdicts, and the recipients of its lists. 3. Its plan and its lists' manifests go last.
    """
    gone: Counter[str] = Counter()
    plans = plans_beside(path)
    began = {plan.run_id: plan.as_of for plan in plans}
    for folder in sorted((path.parent / "work").glob("*/")):
        moment = began.get(folder.name) or moment_of(folder.name)
        if moment is not None:
            gone += _purge_work(folder, moment, cutoffs, dry=dry)
    for plan in plans:
        if plan.as_of < cutoffs.probes and not dry:
            forget_handout(plan)  # of a run whose answers never came
    for output in outputs_of(plans):
        gone += _purge_output(output, cutoffs, dry=dry)
    return gone


def _purge_work(folder: Path, moment: dt.datetime, cutoffs: Cutoffs, *, dry: bool) -> Counter[str]:
    gone: Counter[str] = Counter()
    parts = [file for file in sorted(folder.glob("*/**/*")) if file.is_file()]
    notes = [file for file in sorted(folder.glob("*.json")) if file.name != PLAN_FILE]
    if moment < cutoffs.probes:
        gone[PROBES] += _remove(parts, dry=dry)
    if moment < cutoffs.verdicts:
        gone[VERDICTS] += _remove(notes, dry=dry)
    if moment < cutoffs.manifests:
        gone[MANIFESTS] += 1
        if not dry:
            shutil.rmtree(folder)
    return gone


def _purge_output(output: Output, cutoffs: Cutoffs, *, dry: bool) -> Counter[str]:
    gone: Counter[str] = Counter()
    if output.plan is not None and output.plan.as_of < cutoffs.verdicts:
        patterns = (*ROWS, *PAGES)
        gone[VERDICTS] += _remove(
            [file for pattern in patterns for file in output.folder.glob(pattern)], dry=dry
        )
    for folder in lists_before(output.folder, cutoffs.verdicts):
        gone[VERDICTS] += len(list(folder.glob(RECIPIENT_FILES)))
        if not dry:
            withdraw_list(folder, WHY.format(day=f"{utc_now():%Y-%m-%d}"))
    for folder in lists_before(output.folder, cutoffs.manifests):
        if _is_current(folder):  # the number of the next list counts from it
            continue
        gone[MANIFESTS] += len(list(folder.iterdir()))
        if not dry:
            shutil.rmtree(folder)
    return gone


def _is_current(folder: Path) -> bool:
    try:
        pointed = json.loads((folder.parent / CURRENT_FILE).read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return bool(pointed.get("list_id") == folder.name)


def _remove(files: Iterable[Path], *, dry: bool) -> int:
    count = 0
    for file in files:
        count += 1
        if not dry:
            file.unlink()
    return count
