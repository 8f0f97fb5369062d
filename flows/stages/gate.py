"""The gate of each creditor's list, and the limit of exposure of what it lets pass."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import polars as pl

from checks.frames import DECIDED_DEBTORS, empty
from checks.score import (
    COMPLAINT_WINDOW,
    Exposure,
    GateLimits,
    GateResult,
    ListHistory,
    apply_gate,
    gate_list,
    limit_exposure,
)
from flows.executor import write_part
from flows.run import Run
from flows.settings import GateSettings
from flows.stages.decide import CANDIDATES_PART
from flows.stages.score import score_model
from flows.suppression import oldest_snapshot

GATED_PART = "gated.parquet"
LOTS_PART = "lots.parquet"  # creditor_id, debtor_id, lot


def gate(run: Run) -> None:
    """Weigh every creditor's candidates; who is held back or gets a notice is so from here on."""
    candidates = pl.read_parquet(run.folder("decide") / CANDIDATES_PART)
    decided = run.read("decided_debtors")
    facts: dict[str, Any] = {}
    parts, lots = [empty(DECIDED_DEBTORS)], []
    for creditor in run.recall("read")["creditors"]:
        own = pl.col("creditor_id") == creditor
        result = _weigh(run, creditor, candidates.filter(own))
        gated = apply_gate(decided.filter(own), result)
        limited, exposure = limit_exposure(gated, run.plan.settings.gate.exposure)
        facts[creditor] = gate_facts(result, run.plan.settings.gate, exposure)
        parts.append(limited)
        lots.append(result.rows.drop("outcome").drop_nulls("lot"))
    write_part(pl.concat(parts), run.folder("gate") / GATED_PART)
    write_part(pl.concat(lots), run.folder("gate") / LOTS_PART)
    run.remember("gate", facts)
    run.commit("gate", {})


def gated_debtors(run: Run) -> pl.DataFrame:
    """Return DECIDED_DEBTORS as they stand after the gate."""
    return pl.read_parquet(run.folder("gate") / GATED_PART)


def lots_of_debtors(run: Run) -> pl.DataFrame:
    """Return `creditor_id, debtor_id, lot` of whoever the gate lets pass."""
    return pl.read_parquet(run.folder("gate") / LOTS_PART)


def _weigh(run: Run, creditor: str, candidates: pl.DataFrame) -> GateResult:
    newest, now = run.warehouse.newest_list(creditor), run.plan.as_of
    history = ListHistory(
        last_count=newest.recipients + newest.recipients_neutral if newest else None,
        suppression_age=oldest_snapshot(run.plan.settings.suppress, now),
        complaints=run.warehouse.complaints(creditor, now - COMPLAINT_WINDOW, now),
    )
    return gate_list(
        candidates,
        gate_limits(run.plan.settings.gate, run.plan.settings.suppress.max_age_hours),
        history,
        score_model(run),
        run.plan.force,
    )


def gate_limits(settings: GateSettings, max_age_hours: float) -> GateLimits:
    """Return the limits that `[gate]` and `[suppress]` set."""
    return GateLimits(
        green=settings.green,
        amber=settings.amber,
        canary=settings.canary,
        lot_bounces=settings.lot_bounces,
        lot_wait=dt.timedelta(hours=settings.lot_wait_hours),
        shrink=settings.max_shrink,
        snapshot_age=dt.timedelta(hours=max_age_hours),
        on_red=settings.on_red,
    )


def gate_facts(result: GateResult, settings: GateSettings, exposure: Exposure) -> Mapping[str, Any]:
    """Return a gate's result as plain values, without its rows."""
    sent = int((result.rows["outcome"] == "sent").sum())
    predicted = result.predicted
    return {
        "state": result.state.value,
        "reasons": [reason.value for reason in result.reasons],
        "sent": sent,
        "held": result.rows.height - sent,
        "limit": settings.green,
        "predicted": [predicted.rate, max(0.0, predicted.low), predicted.high] if sent else None,
        "forced": asdict(result.forced) if result.forced else None,
        "exposure": asdict(exposure),
        "lots": asdict(result.lots) if result.lots else None,
        "before": [result.before.rate, result.before.low, result.before.high],
    }
