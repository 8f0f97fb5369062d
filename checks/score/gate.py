"""The gate: keeps a list's predicted hard-bounce rate inside its limit, by trimming or refusing.

What "fits" means is explained in docs/decisions/0602-what-fits-the-gate.md: the longest prefix of
the list, best first, whose upper end of the 95 % interval stays within the limit.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import polars as pl

from checks.model import Decision, DecisionReason, GateState
from checks.score.complaints import (
    ComplaintHistory,
    colour_complaints,
    cut_after_complaints,
)
from checks.score.forecast import BouncePrediction, predict_bounces
from checks.score.lots import Lots, number_lots, sizes_of_lots
from checks.score.model import ScoreModel
from checks.score.steps import log_odds_of
from checks.score.trim import (
    WHOLE_BY_FORCE,
    Cut,
    GateColour,
    GateLimits,
    GateReason,
    colour_of,
    cut_list,
)

SENT: Final = "sent"
BANDS: Final = 8  # of the score, in a unit of log-odds


@dataclass(frozen=True, slots=True)
class Force:
    """Who overrules the gate, and why; both are published with the list."""

    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class ListHistory:
    """What the gate knows of the creditor: last list's size, suppressions' age, complaints."""

    last_count: int | None = None
    suppression_age: timedelta = timedelta(0)
    complaints: ComplaintHistory = field(default_factory=ComplaintHistory)


@dataclass(frozen=True, slots=True)
class GateResult:
    """What the gate did.

    `rows` has `creditor_id, debtor_id, outcome, lot` with outcome `sent`, `hold_gate` or
    `hold_canary`, lot null but for `sent`, sorted; a closed gate sends nothing. `lots` is null
    where all leave at once. `before` predicts the whole list and `colour` judges it,
    `predicted` is of the part that is sent; `providers` has `provider, messages, rate, low, high`
    of the sent part.
    """

    state: GateState
    reasons: tuple[GateReason, ...]
    rows: pl.DataFrame
    before: BouncePrediction
    colour: GateColour
    predicted: BouncePrediction
    providers: pl.DataFrame
    forced: Force | None = None
    lots: Lots | None = None


def gate_list(
    candidates: pl.DataFrame,
    limits: GateLimits,
    history: ListHistory,
    model: ScoreModel,
    force: Force | None = None,
) -> GateResult:
    """Return which of one creditor's CANDIDATES are sent now.

    `model` is the one that scored them. The order of the rows does not matter: they are ranked by
    `rank_candidates`.
    """
    ranked = rank_candidates(candidates)
    cut = WHOLE_BY_FORCE if force is not None else cut_list(ranked, limits, model)
    cut = cut_after_complaints(cut, colour_complaints(history.complaints, limits), limits.canary)
    rows = _outcomes(ranked, cut)
    closing = _closing(rows, limits, history, force)
    if closing:
        rows = rows.with_columns(
            pl.col("outcome").replace(SENT, DecisionReason.HOLD_GATE.value),
        )
    sent = rows.filter(pl.col("outcome") == SENT)
    sizes = _sizes(sent.height, cut, limits)
    in_lots = (GateReason.IN_LOTS,) if len(sizes) > 1 else ()
    before = predict_bounces(ranked, model)
    return GateResult(
        state=_state(rows.height, sent.height),
        reasons=closing or (*in_lots, *cut.reasons),
        rows=_with_lots(rows, sent, sizes),
        before=before,
        colour=colour_of(before, limits),
        predicted=predict_bounces(sent, model),
        providers=_by_provider(sent, model),
        forced=force,
        lots=_lots(sizes, limits),
    )


def rank_candidates(candidates: pl.DataFrame) -> pl.DataFrame:
    """Return the candidates best first: by score in bands, within a band by amount.

    In a band of an eighth of a log-odds chances of a bounce differ by a sixteenth from the middle,
    which nobody knows better anyway: there the larger debt goes first.
    """
    band = (log_odds_of(pl.col("score")) * BANDS).round()
    return candidates.sort(
        band, "amount", "debtor_id", descending=[True, True, False], nulls_last=True
    )


def apply_gate(debtors: pl.DataFrame, result: GateResult) -> pl.DataFrame:
    """Return DECIDED_DEBTORS in which those that the gate keeps back are on hold."""
    held = result.rows.filter(pl.col("outcome") != SENT).drop("lot")
    waits = pl.col("outcome").is_not_null()
    return (
        debtors.join(held, on=["creditor_id", "debtor_id"], how="left", maintain_order="left")
        .with_columns(
            pl.when(waits)
            .then(pl.lit(Decision.HOLD.value))
            .otherwise("decision")
            .alias("decision"),
            pl.coalesce("outcome", "decision_reason").alias("decision_reason"),
        )
        .drop("outcome")
    )


def _outcomes(ranked: pl.DataFrame, cut: Cut) -> pl.DataFrame:
    """Return the ranked rows with their `outcome`."""
    kept = pl.lit(value=True) if cut.kept is None else pl.lit(cut.kept)
    within = kept.cast(pl.Int64).cum_sum() <= (ranked.height if cut.count is None else cut.count)
    return ranked.with_columns(
        pl.when(~kept)
        .then(pl.lit(DecisionReason.HOLD_GATE.value))
        .when(within)
        .then(pl.lit(SENT))
        .otherwise(pl.lit(cut.rest.value))
        .alias("outcome"),
    )


def _sizes(sent: int, cut: Cut, limits: GateLimits) -> tuple[int, ...]:
    """Return the sizes of the lots of SENT messages; a list that fits surely is one."""
    if cut.sure is None or sent <= cut.sure:
        return (sent,)
    return sizes_of_lots(sent, limits.canary)


def _with_lots(rows: pl.DataFrame, sent: pl.DataFrame, sizes: tuple[int, ...]) -> pl.DataFrame:
    key = ["creditor_id", "debtor_id"]
    lots = sent.select(key).with_columns(number_lots(sizes))
    return rows.select(*key, "outcome").join(lots, on=key, how="left").sort(key)


def _lots(sizes: tuple[int, ...], limits: GateLimits) -> Lots | None:
    if not sizes[1:]:
        return None
    hours = limits.lot_wait.total_seconds() / 3600
    return Lots(sizes, wait_hours=hours, bounces_at_most=limits.lot_bounces)


def _closing(
    rows: pl.DataFrame,
    limits: GateLimits,
    history: ListHistory,
    force: Force | None,
) -> tuple[GateReason, ...]:
    """Return why nothing may leave at all; force overrules complaints and a shrunk list."""
    if rows.is_empty():
        return (GateReason.EMPTY_LIST,)
    if history.suppression_age > limits.snapshot_age:
        return (GateReason.STALE_SUPPRESSIONS,)
    complained = colour_complaints(history.complaints, limits)
    if force is None and complained is GateColour.RED:
        return (GateReason.COMPLAINTS,)
    before = history.last_count or 0
    if force is None and rows.height < before * (1.0 - limits.shrink):
        return (GateReason.SHRUNK,)
    return ()


def _state(rows: int, sent: int) -> GateState:
    if sent == 0:
        return GateState.CLOSED
    return GateState.OPEN if sent == rows else GateState.TRIMMED


def _by_provider(sent: pl.DataFrame, model: ScoreModel) -> pl.DataFrame:
    """Return the prediction of each provider's part, sorted by provider."""
    names = sent["provider"].unique().sort().to_list()
    parts = [predict_bounces(sent.filter(pl.col("provider") == name), model) for name in names]
    return pl.DataFrame(
        {
            "provider": names,
            "messages": [part.messages for part in parts],
            "rate": [part.rate for part in parts],
            "low": [part.low for part in parts],
            "high": [part.high for part in parts],
        },
        schema={
            "provider": pl.String,
            "messages": pl.Int64,
            "rate": pl.Float64,
            "low": pl.Float64,
            "high": pl.Float64,
        },
    )
