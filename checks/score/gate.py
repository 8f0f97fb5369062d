"""The gate: keeps a list's predicted bounce rate inside its limit, by trimming or refusing.

What "fits" means is explained in docs/decisions/0021-what-fits.md: the longest prefix of the list,
best first, whose upper end of the 95 % interval stays within the limit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

import numpy as np
import polars as pl

from checks.model import Decision, DecisionReason, GateState, ScoreBasis
from checks.score.forecast import BouncePrediction, predict_bounces, predict_prefixes

SENT: Final = "sent"
PROVIDER_LIMITED: Final = frozenset({"uol", "bol", "terra"})
"""They may refuse a sender with more than 10 % unknown recipients (their postmaster pages)."""


class GateReason(StrEnum):
    """Why a gate stands as it does."""

    WITHIN_LIMIT = "within_limit"
    OVER_LIMIT = "over_limit"  # trimmed to the part that fits
    PROVIDER_OVER_LIMIT = "provider_over_limit"
    CANARY = "canary"  # nothing known yet: a small lot goes ahead to learn from
    REFUSED = "refused"  # red, and the configuration says to refuse
    NOTHING_FITS = "nothing_fits"
    EMPTY_LIST = "empty_list"
    SHRUNK = "shrunk"
    STALE_SUPPRESSIONS = "stale_suppressions"
    FORCED = "forced"


class GateColour(StrEnum):
    """How the whole list stands before anything is trimmed."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"


@dataclass(frozen=True, slots=True)
class GateLimits:
    """Limits of one creditor's list; rates are shares of messages.

    `green` is the limit that a list must keep, above `amber` it is red; `provider` holds for each
    of `limited_providers`; `canary` is the size of the lot sent ahead; `shrink` is the share that a
    list may lose against the one before; `snapshot_age` is how old suppressions may be.
    """

    green: float = 0.02
    amber: float = 0.05
    provider: float = 0.05
    limited_providers: frozenset[str] = PROVIDER_LIMITED
    canary: int = 500
    shrink: float = 0.5
    snapshot_age: timedelta = timedelta(hours=24)
    on_red: str = "trim"


@dataclass(frozen=True, slots=True)
class Force:
    """Who overrules the gate, and why; both are published with the list."""

    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class ListHistory:
    """What the gate knows of the creditor: size of the last list, age of the suppressions."""

    last_count: int | None = None
    suppression_age: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class GateResult:
    """What the gate did.

    `rows` has `creditor_id, debtor_id, outcome` with outcome `sent`, `hold_gate` or `hold_canary`,
    sorted; a closed gate sends nothing. `before` predicts the whole list and `colour` judges it,
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


def gate_list(
    candidates: pl.DataFrame,
    limits: GateLimits,
    history: ListHistory,
    spread: Mapping[str, float],
    force: Force | None = None,
) -> GateResult:
    """Return which of one creditor's CANDIDATES are sent now.

    `spread` is the score model's. The order of the rows does not matter: they are ranked by score,
    then amount, then debtor id.
    """
    ranked = candidates.sort(
        "score",
        "amount",
        "debtor_id",
        descending=[True, True, False],
        nulls_last=True,
    )
    cut = _WHOLE_BY_FORCE if force is not None else _cut(ranked, limits, spread)
    rows = _outcomes(ranked, cut)
    closing = _closing(rows, limits, history, force)
    if closing:
        rows = rows.with_columns(
            pl.col("outcome").replace(SENT, DecisionReason.HOLD_GATE.value),
        )
    sent = rows.filter(pl.col("outcome") == SENT)
    before = predict_bounces(ranked, spread)
    return GateResult(
        state=_state(rows.height, sent.height),
        reasons=closing or cut.reasons,
        rows=rows.select("creditor_id", "debtor_id", "outcome").sort("creditor_id", "debtor_id"),
        before=before,
        colour=_colour(before, limits),
        predicted=predict_bounces(sent, spread),
        providers=_by_provider(sent, spread),
        forced=force,
    )


def apply_gate(debtors: pl.DataFrame, result: GateResult) -> pl.DataFrame:
    """Return DECIDED_DEBTORS in which those that the gate keeps back are on hold."""
    held = result.rows.filter(pl.col("outcome") != SENT)
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


@dataclass(frozen=True, slots=True)
class _Cut:
    """Where a ranked list is cut: the rows of `kept` up to `count` are sent, the rest waits."""

    kept: pl.Series | None  # null: all rows
    count: int | None  # null: all kept rows
    rest: DecisionReason
    reasons: tuple[GateReason, ...]


_WHOLE_BY_FORCE: Final = _Cut(None, None, DecisionReason.HOLD_GATE, (GateReason.FORCED,))


def _cut(ranked: pl.DataFrame, limits: GateLimits, spread: Mapping[str, float]) -> _Cut:
    """Return the cut that the limits ask for.

    1. Providers with a limit of their own lose their worst rows first.
    2. A list whose remaining rows all fit is sent.
    3. A red list is refused where the configuration says so.
    4. A canary lot goes ahead where less than that fits and most of the rest rests on priors.
    5. Otherwise the part that fits is sent.
    """
    kept = _within_providers(ranked, limits)
    part = ranked.filter(kept)
    over = () if bool(kept.all()) else (GateReason.PROVIDER_OVER_LIMIT,)
    count = _longest_fitting(part, limits.green, limits.canary, spread)
    hold = DecisionReason.HOLD_GATE
    if count == part.height:
        return _Cut(kept, count, hold, over or (GateReason.WITHIN_LIMIT,))
    colour = _colour(predict_bounces(ranked, spread), limits)
    if limits.on_red == "refuse" and colour is GateColour.RED:
        return _Cut(kept, 0, hold, (GateReason.REFUSED,))
    if count < limits.canary and _rests_on_priors(part.slice(count)):
        lot = _canary_lot(part, limits, spread)
        return _Cut(kept, lot, DecisionReason.HOLD_CANARY, (GateReason.CANARY, *over))
    reason = GateReason.OVER_LIMIT if count else GateReason.NOTHING_FITS
    return _Cut(kept, count, hold, (reason, *over))


def _longest_fitting(
    ranked: pl.DataFrame,
    limit: float,
    small: int,
    spread: Mapping[str, float],
) -> int:
    """Return the length of the longest prefix that fits a limit.

    Of up to `small` messages the interval says nothing (one bounce of twenty is 5 %), and so few do
    no harm: there the expected rate alone must keep the limit.
    """
    if ranked.is_empty():
        return 0
    rates, _, high = predict_prefixes(ranked, spread)
    position = np.arange(1, ranked.height + 1)
    fits = (high <= limit) | ((rates <= limit) & (position <= small))
    return int(position[fits].max(initial=0))


def _within_providers(ranked: pl.DataFrame, limits: GateLimits) -> pl.Series:
    """Tell which rows stay when each limited provider keeps its own limit.

    The expected rate is compared, not its upper end: the limit is half of what these providers
    publish, and for a few dozen messages the interval would say nothing.
    """
    mean = (1.0 - pl.col("score")).cum_sum() / pl.int_range(1, pl.len() + 1)
    limited = pl.col("provider").is_in(sorted(limits.limited_providers))
    worst = ranked.select(
        pl.when(limited).then(mean.over("provider")).otherwise(0.0).alias("mean"),
    )["mean"]
    return worst <= limits.provider


def _colour(whole: BouncePrediction, limits: GateLimits) -> GateColour:
    """Judge a list by its upper end, a small one by its expected rate."""
    worst = whole.rate if whole.messages <= limits.canary else whole.high
    if worst <= limits.green:
        return GateColour.GREEN
    return GateColour.AMBER if worst <= limits.amber else GateColour.RED


def _rests_on_priors(rest: pl.DataFrame) -> bool:
    """Tell whether at least half of the rows were neither asked nor written to before."""
    unknown = int((rest["score_basis"] == ScoreBasis.PRIOR.value).sum())
    return 2 * unknown >= rest.height > 0


def _canary_lot(part: pl.DataFrame, limits: GateLimits, spread: Mapping[str, float]) -> int:
    """Return the size of the lot: what stays amber, and at least a tenth of a canary.

    A lot that is red all through still goes ahead, for otherwise nothing is ever learnt, but it is
    so small that a provider hardly sees it: 50 messages by default.
    """
    best = part.head(limits.canary)
    amber = _longest_fitting(best, limits.amber, limits.canary, spread)
    return max(amber, min(best.height, math.ceil(limits.canary / 10)))


def _outcomes(ranked: pl.DataFrame, cut: _Cut) -> pl.DataFrame:
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


def _closing(
    rows: pl.DataFrame,
    limits: GateLimits,
    history: ListHistory,
    force: Force | None,
) -> tuple[GateReason, ...]:
    """Return why nothing may leave at all; force overrules only a list that shrank."""
    if rows.is_empty():
        return (GateReason.EMPTY_LIST,)
    if history.suppression_age > limits.snapshot_age:
        return (GateReason.STALE_SUPPRESSIONS,)
    before = history.last_count or 0
    if force is None and rows.height < before * (1.0 - limits.shrink):
        return (GateReason.SHRUNK,)
    return ()


def _state(rows: int, sent: int) -> GateState:
    if sent == 0:
        return GateState.CLOSED
    return GateState.OPEN if sent == rows else GateState.TRIMMED


def _by_provider(sent: pl.DataFrame, spread: Mapping[str, float]) -> pl.DataFrame:
    """Return the prediction of each provider's part, sorted by provider."""
    names = sent["provider"].unique().sort().to_list()
    parts = [predict_bounces(sent.filter(pl.col("provider") == name), spread) for name in names]
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
