"""`entrega forget`: a debtor, or one address, leaves warehouse, work folders and outputs."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import polars as pl

from checks.errors import EntregaError, SettingError
from checks.syntax import check_syntax
from data.care.leftovers import files_with
from data.care.person import Person
from data.reference.syntax import load_syntax_reference
from data.runbook import RUNNING
from data.warehouse import Warehouse, open_warehouse, rewrite_warehouse
from flows.away import forget_handout
from flows.outputs import (
    erase_from_tables,
    erase_from_work,
    lower_sums,
    outputs_of,
    plans_beside,
    renew_pages,
    take_pages_down,
    withdraw_lists,
)
from flows.plan import PLAN_FILE, RunPlan, existing_warehouse, work_folder
from flows.run import WAIT_SECONDS, utc_now

NOTE = (
    "The recipients of this list were removed on {day}: a person in it asked to be erased\n"
    "(LGPD art. 18 VI; LFPDPPP, right of cancellation). Do not send it. Run again for a new list."
)


class NotErasedError(EntregaError):
    """Something of the person is still found."""


@dataclass(frozen=True, slots=True)
class ForgetRequest:
    """Whom to forget: a debtor of a creditor, or an address there."""

    creditor: str
    debtor: str | None
    email: str | None
    same_person: bool
    warehouse: Path | None
    wait: bool


@dataclass(slots=True)
class Removed:
    """What an erasure removed; counts and paths, nothing of the person."""

    rows: dict[str, int] = field(default_factory=dict)
    work_files: int = 0
    tables: int = 0
    pages: int = 0
    lists: list[str] = field(default_factory=list)
    ended_runs: list[str] = field(default_factory=list)
    hashes_kept: int = 0
    further_records: int = 0
    kept_elsewhere: int = 0


def run_forget(request: ForgetRequest, *, as_json: bool) -> int:
    """Erase, verify, and say what was removed."""
    path = existing_warehouse(request.warehouse)
    wait = WAIT_SECONDS if request.wait else None
    with open_warehouse(path, now=utc_now, wait=wait) as opened:
        person = _find(request, opened)
        removed = _erase(person, opened, path)
        left = opened.left(person)
    rewrite_warehouse(path)
    _refuse_leftovers(person, left, path)
    print(json.dumps(asdict(removed), sort_keys=True) if as_json else "\n".join(_lines(removed)))
    return 0


def _find(request: ForgetRequest, opened: Warehouse) -> Person:
    if (request.debtor is None) == (request.email is None):
        problem = "forget takes a debtor or an address"
        raise SettingError(problem, "say --id DEBTOR or --email ADDRESS")
    if request.email is not None:
        return opened.address(request.creditor, _normalised(request.email))
    person = opened.debtor(request.creditor, [str(request.debtor)])
    if not (person.traces or person.texts):
        problem = f"creditor '{request.creditor}' has no such debtor in this warehouse"
        raise SettingError(problem, "check the ids; past runs are listed by: entrega runs")
    if request.same_person:
        return opened.debtor(
            request.creditor, sorted(person.debtor_ids | opened.same_person(person))
        )
    return person


def _normalised(email: str) -> str:
    found = check_syntax(pl.Series("email_raw", [email]), load_syntax_reference(), trim=True)
    if found["domain"].item() is None:
        problem = "--email is not an address"
        raise SettingError(problem, "write it as it stands in the file, without a name")
    return str(found["address"].item())


def _erase(person: Person, opened: Warehouse, path: Path) -> Removed:
    """Erase files before tables: who is still in the tables can be looked for again."""
    plans = plans_beside(path)
    removed = Removed(
        further_records=len(opened.same_person(person)) if person.debtor_ids else 0,
        kept_elsewhere=len(person.shared),
        hashes_kept=len(person.addresses | person.debtor_ids | person.tax_ids),
    )
    removed.ended_runs = _end_open_runs(plans, opened, path)
    for plan in plans:
        forget_handout(plan)
    outputs = outputs_of(plans)
    why = NOTE.format(day=f"{utc_now():%Y-%m-%d}")
    languages = {output.folder: take_pages_down(output) for output in outputs}
    for output in outputs:
        removed.lists += [str(folder) for folder in withdraw_lists(output, person, why)]
        removed.tables += erase_from_tables(output, person)
    removed.work_files = erase_from_work(path, person, opened.hash_key)
    lower_sums(plans, opened.records_of(person))
    removed.rows = opened.erase(person, opened.hash_key)
    if decisions := opened.remove_overrides(person.creditor_id, sorted(person.debtor_ids)):
        removed.rows["overrides"] = decisions
    for output in outputs:
        removed.pages += renew_pages(output, opened, languages[output.folder])
    return removed


def _end_open_runs(plans: list[RunPlan], opened: Warehouse, path: Path) -> list[str]:
    """End runs that are not finished: they would ask for, or publish, whom they have read."""
    ended = []
    for plan in plans:
        stored = opened.run(plan.run_id)
        if stored is None or stored.state == RUNNING:
            (work_folder(path, plan.run_id) / PLAN_FILE).unlink()
            ended.append(plan.run_id)
    return ended


def _refuse_leftovers(person: Person, left: dict[str, int], path: Path) -> None:
    folders = {path.parent, *(output.folder for output in outputs_of(plans_beside(path)))}
    files = {str(file) for folder in folders for file in files_with(folder, person.searched)}
    if left or files:
        where = ", ".join(sorted({*left, *files}))
        problem = f"something of the person is still in {where}"
        raise NotErasedError(problem, "remove those files, or report it as a fault of ours")


def _lines(removed: Removed) -> list[str]:
    rows = ", ".join(f"{name} {count:,}" for name, count in sorted(removed.rows.items()))
    lines = [
        f"warehouse, written anew: {sum(removed.rows.values()):,} rows removed ({rows or 'none'})",
        f"work folders: {removed.work_files:,} files changed",
        f"outputs: {removed.tables:,} tables changed, {removed.pages:,} pages renewed",
        *(f"list withdrawn: {folder}" for folder in removed.lists),
        *(f"run {run_id} was unfinished and cannot be resumed" for run_id in removed.ended_runs),
        f"kept: {removed.hashes_kept:,} keyed hashes, so that nobody writes there again",
    ]
    if removed.further_records:
        lines.append(
            f"further records that may be the same person: {removed.further_records:,}; "
            "look at them, then use --same-person"
        )
    if removed.kept_elsewhere:
        lines.append(
            f"also in other records, and left there: {removed.kept_elsewhere:,} texts "
            "(of a namesake, or of another creditor's debtor)"
        )
    lines.append("verified: nothing of it is left in warehouse, work folders and outputs")
    lines.append("your own input files are not touched: take the debtor out of them too")
    return lines
