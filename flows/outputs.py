"""Where runs wrote: their plans beside the warehouse tell, also long after the run."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from checks.errors import SettingError
from data.care.lists import lists_with, withdraw_list
from data.care.parts import scrub_journal, scrub_parquet
from data.care.person import Person, without_person
from data.files import make_private_folder, write_private
from data.publish.duplicates import DUPLICATES_FILE
from data.publish.people import write_people_csv
from data.warehouse import Warehouse
from flows.away import JOURNAL
from flows.executor import make_executor
from flows.pipeline import STAGES
from flows.plan import PLAN_FILE, RunPlan, load_plan
from flows.progress import Progress
from flows.run import Run
from flows.stages.report import report_frames, write_pages

READ_FILE = "read.json"
TABLES = ("contacts", "debtors")
PAGES = ("report.*.html", "report.*.xlsx", "resumo.txt", "summary.json", DUPLICATES_FILE)
LANGUAGE_PLACE = 1  # report.<lang>.html


@dataclass(frozen=True, slots=True)
class Output:
    """A folder that runs wrote to, and the plan of the run whose report lies there."""

    folder: Path
    plan: RunPlan | None


def plans_beside(warehouse: Path) -> list[RunPlan]:
    """Return the plans of every run that still has one, oldest first."""
    work = warehouse.parent / "work"
    names = sorted(path.parent.name for path in work.glob(f"*/{PLAN_FILE}"))
    plans = []
    for name in names:
        try:
            plans.append(load_plan(warehouse, name))
        except (SettingError, ValueError, KeyError):  # of another release: its folder still counts
            continue
    return plans


def outputs_of(plans: Iterable[RunPlan]) -> list[Output]:
    """Return every folder that the runs wrote to and that is still there."""
    known = list(plans)
    by_id = {plan.run_id: plan for plan in known}
    folders = sorted({plan.out for plan in known if plan.out.is_dir()})
    return [Output(folder, by_id.get(run_shown_in(folder))) for folder in folders]


def run_shown_in(folder: Path) -> str:
    """Return the run whose report lies in a folder; empty where none can be told."""
    try:
        return str(json.loads((folder / "summary.json").read_text("utf-8"))["run"]["run_id"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def erase_from_work(warehouse: Path, person: Person, hash_key: bytes) -> int:
    """Take the person out of parts and journals of every run; return how many files changed."""
    work = warehouse.parent / "work"
    changed = [scrub_parquet(path, person) for path in sorted(work.rglob("*.parquet"))]
    journals = sorted(work.glob(f"*/mailboxes/{JOURNAL}"))
    changed += [scrub_journal(path, person, hash_key) for path in journals]
    return sum(count > 0 for count in changed)


def lower_sums(plans: Iterable[RunPlan], records: pl.DataFrame) -> None:
    """Take erased input rows out of what each run remembers of its files.

    A report counts what is held, and refuses to be rendered where rows do not balance.
    `records` is `run_id`, `source`, `rows`.
    """
    for plan in plans:
        file = plan.work / READ_FILE
        gone = dict(
            records.filter(pl.col("run_id") == plan.run_id).select("source", "rows").iter_rows()
        )
        if not gone or not file.is_file():
            continue
        facts = json.loads(file.read_text("utf-8"))
        for source in facts["sources"]:
            for sum_ in ("rows", "accepted"):
                source[sum_] -= gone.get(source["source"], 0)
        write_private(file, json.dumps(facts, indent=1, sort_keys=True).encode())


def erase_from_tables(output: Output, person: Person) -> int:
    """Take the person out of contacts and debtors; return how many files changed."""
    language = output.plan.language if output.plan else "pt-BR"
    changed = 0
    for name in TABLES:
        path = output.folder / f"{name}.parquet"
        if not path.is_file():
            continue
        rows = pl.read_parquet(path)
        kept = without_person(rows, person)
        if kept.equals(rows):
            continue
        write_people_csv(kept, path.with_suffix(".csv"), language)
        scrub_parquet(path, person)  # last: an erasure that was killed finds its work by it
        changed += 2
    return changed


def withdraw_lists(output: Output, person: Person, why: str) -> list[Path]:
    """Remove the recipients of every list in which the person stands; return the folders."""
    folders = lists_with(output.folder, person)
    for folder in folders:
        withdraw_list(folder, why)
    return folders


def take_pages_down(output: Output) -> frozenset[str]:
    """Remove a folder's pages; return the languages in which they were."""
    pages = [path for pattern in PAGES for path in sorted(output.folder.glob(pattern))]
    languages = {path.name.split(".")[LANGUAGE_PLACE] for path in pages if path.suffix == ".html"}
    for path in pages:
        path.unlink()
    return frozenset(languages)


def renew_pages(output: Output, warehouse: Warehouse, languages: frozenset[str]) -> int:
    """Render a folder's pages again from what the warehouse holds now; return how many.

    None where their run is gone or had not come to its decisions.
    """
    plan = output.plan
    if plan is None or "gate" not in warehouse.done(plan.run_id):
        return 0
    run = _open(plan, warehouse)
    frames = report_frames(run)
    folder = make_private_folder(output.folder)
    return sum(
        len(write_pages(run, frames, folder, language))
        for language in sorted(languages, key=lambda name: name == plan.language)  # its own last
    )


def _open(plan: RunPlan, warehouse: Warehouse) -> Run:
    engine = plan.settings.engine
    return Run(
        plan=plan,
        warehouse=warehouse,
        progress=Progress(len(STAGES)),
        executor=make_executor(engine.executor, engine.workers),
        done=set(warehouse.done(plan.run_id)),
    )
