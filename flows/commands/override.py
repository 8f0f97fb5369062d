"""`entrega override`: a person decides about a debtor, by name and with a reason (rule L22)."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from checks.errors import SettingError
from checks.model import Decision
from data.overrides import Override
from data.warehouse import Warehouse, open_warehouse
from flows.plan import existing_warehouse
from flows.run import WAIT_SECONDS, utc_now
from flows.signed import signed_text


@dataclass(frozen=True, slots=True)
class OverrideRequest:
    """What a person decided, about whom; or with `remove` that the rules decide again."""

    debtor: str | None
    decision: str | None
    by: str
    reason: str
    creditor: str | None
    until: dt.date | None
    listed: bool
    remove: bool
    warehouse: Path | None
    wait: bool


def run_override(request: OverrideRequest, *, as_json: bool) -> int:
    """List, keep or remove decisions; print what holds now."""
    path = existing_warehouse(request.warehouse)
    wait = WAIT_SECONDS if request.wait else None
    with open_warehouse(path, now=utc_now, wait=wait) as opened:
        told = "" if request.listed else _change(request, opened)
        kept = opened.overrides()
    if as_json:
        print(json.dumps({"overrides": kept.to_dicts()}, default=str, sort_keys=True))
    else:
        print(told or "\n".join(_lines(kept)))
    return 0


def _change(request: OverrideRequest, opened: Warehouse) -> str:
    if request.debtor is None or request.remove == (request.decision is not None):
        problem = "override takes a debtor with --decision or with --remove, or --list alone"
        raise SettingError(problem, "see: entrega override --help")
    creditor = _creditor(request.debtor, request.creditor, opened)
    if request.decision is None:
        gone = opened.remove_overrides(creditor, [request.debtor])
        return f"{gone} override removed; the rules decide again from the next run on"
    kept = _kept(request, request.debtor, creditor, Decision(request.decision))
    opened.override(kept)
    return f"kept: {kept.decision.value} from the next run on{_ends(kept.until)}"


def _kept(request: OverrideRequest, debtor: str, creditor: str, decision: Decision) -> Override:
    return Override(
        creditor_id=creditor,
        debtor_id=debtor,
        decision=decision,
        decided_by=signed_text(request.by, "--by"),
        reason=signed_text(request.reason, "--reason"),
        until=request.until,
    )


def _creditor(debtor: str, named: str | None, opened: Warehouse) -> str:
    known = opened.creditors_of(debtor)
    if not known or (named is not None and named not in known):
        problem = "no run in this warehouse has read such a debtor"
        raise SettingError(problem, "check --creditor and the id, as they stand in debtors.csv")
    if named is None and len(known) > 1:
        problem = f"{len(known)} creditors have a debtor with this id"
        raise SettingError(problem, f"say --creditor, one of {', '.join(known)}")
    return named or known[0]


def _ends(until: dt.date | None) -> str:
    return f", until the end of {until:%Y-%m-%d}" if until else ", until it is removed"


def _lines(kept: pl.DataFrame) -> list[str]:
    if kept.is_empty():
        return ["no overrides"]
    return [
        f"{row['creditor_id']} {row['debtor_id']}: {row['decision']}{_ends(row['until'])}; "
        f"by {row['decided_by']}, {row['since']:%Y-%m-%d}: {row['reason']}"
        for row in kept.iter_rows(named=True)
    ]
