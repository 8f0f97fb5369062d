"""`entrega report` and `entrega runs`: what earlier runs left."""

from __future__ import annotations

import json
from pathlib import Path

from checks.errors import SettingError
from data.runbook import RUNNING, Run
from data.warehouse import open_warehouse
from flows.pipeline import STAGES
from flows.plan import DEFAULT_WAREHOUSE, existing_warehouse, load_plan
from flows.prepare import language_of
from flows.progress import Progress
from flows.run import open_run, utc_now
from flows.stages.report import report_frames, write_pages

UNFINISHED = "unfinished"  # refused, stopped, or waiting for another host


def run_report(run_id: str, out: Path | None, warehouse: Path | None, lang: str | None) -> int:
    """Render the report of a finished run again; print the paths written."""
    plan = load_plan((warehouse or DEFAULT_WAREHOUSE).absolute(), run_id)
    language = language_of(lang) or plan.language
    with open_run(plan, Progress(len(STAGES)), digests=None) as run:
        if "gate" not in run.done:
            problem = f"run '{run_id}' has not come to its decisions yet"
            raise SettingError(problem, f"finish it with: entrega run --resume {run_id}")
        written = write_pages(run, report_frames(run), (out or plan.out).absolute(), language)
    print("\n".join(str(path) for path in written))
    return 0


def list_runs(warehouse: Path | None, *, as_json: bool) -> int:
    """Print the runs of a warehouse, the newest first."""
    path = existing_warehouse(warehouse)
    with open_warehouse(path, now=utc_now) as opened:
        runs = opened.runs()
        done = {each.run_id: len(opened.done(each.run_id)) for each in runs}
    rows = [
        {
            "run_id": each.run_id,
            "state": state_of(each),
            "stages_done": done[each.run_id],
            "as_of": each.as_of.isoformat(),
            "started_at": each.started_at.isoformat(),
            "finished_at": each.finished_at.isoformat() if each.finished_at else None,
        }
        for each in runs
    ]
    if as_json:
        print(json.dumps({"runs": rows}))
        return 0
    for row in rows:
        line = f"{row['run_id']}  {row['state']:<10}  started {str(row['started_at'])[:19]}"
        come_to = f"  {row['stages_done']} of {len(STAGES)} stages done"
        print(line + (come_to if row["state"] == UNFINISHED else ""))
    return 0


def state_of(run: Run) -> str:
    """Return how a run ended; one that did not is unfinished, for nobody else has the warehouse."""
    return UNFINISHED if run.state == RUNNING else run.state
