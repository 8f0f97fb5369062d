"""Where a ranked list is cut to keep its limits: what fits, and what goes ahead to learn."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

import numpy as np
import polars as pl

from checks.model import DecisionReason, ScoreBasis
from checks.score.bounces import hard_bounce
from checks.score.forecast import (
    BouncePrediction,
    Numbers,
    predict_bounces,
    predict_prefixes,
)
from checks.score.model import ScoreModel

PROVIDER_LIMITED: Final = frozenset({"uol", "bol", "terra"})
"""They may refuse a sender with more than 10 % unknown recipients (their postmaster pages)."""


class GateReason(StrEnum):
    """Why a gate stands as it does."""

    WITHIN_LIMIT = "within_limit"
    OVER_LIMIT = "over_limit"  # trimmed to the part that fits
    IN_LOTS = "in_lots"  # fits by expectation, not surely: it leaves in lots, a canary first
    PROVIDER_OVER_LIMIT = "provider_over_limit"
    CANARY = "canary"  # nothing known yet: a small lot goes ahead to learn from
    REFUSED = "refused"  # red, and the configuration says to refuse
    NOTHING_FITS = "nothing_fits"
    EMPTY_LIST = "empty_list"
    SHRUNK = "shrunk"
    STALE_SUPPRESSIONS = "stale_suppressions"
    COMPLAINTS = "complaints"  # amber: no more than a canary leaves; red: nothing does
    FORCED = "forced"


class GateColour(StrEnum):
    """How the whole list stands before anything is trimmed."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"


@dataclass(frozen=True, slots=True)
class GateLimits:
    """Limits of one creditor's list; rates are shares of messages that bounce for good.

    `green` is the limit that a list must keep, above `amber` it is red; more than `soft` put off
    makes a list amber; `provider` holds for each of `limited_providers`; `canary` is the size of
    the lot sent ahead; where a list leaves in lots, the next one does when `lot_wait` has passed
    and of those before it at most `lot_bounces` bounced; `shrink` is the share that a list may lose
    against the one before; `snapshot_age` is how old suppressions may be; the two of `complaints`
    judge past messages, not this list.
    """

    green: float = 0.02
    amber: float = 0.05
    soft: float = 0.20
    provider: float = 0.05
    limited_providers: frozenset[str] = PROVIDER_LIMITED
    canary: int = 500
    shrink: float = 0.5
    snapshot_age: timedelta = timedelta(hours=24)
    on_red: str = "trim"
    complaints_amber: float = 0.001
    complaints_red: float = 0.003
    lot_bounces: float = 0.03
    lot_wait: timedelta = timedelta(hours=4)


@dataclass(frozen=True, slots=True)
class Cut:
    """Where a ranked list is cut: the rows of `kept` up to `count` are sent, the rest waits.

    More than `sure` of them leave in lots.
    """

    kept: pl.Series | None  # null: all rows
    count: int | None  # null: all kept rows
    rest: DecisionReason
    reasons: tuple[GateReason, ...]
    sure: int | None = None  # null: as many as are sent


WHOLE_BY_FORCE: Final = Cut(None, None, DecisionReason.HOLD_GATE, (GateReason.FORCED,))


def cut_list(ranked: pl.DataFrame, limits: GateLimits, model: ScoreModel) -> Cut:
    """Return the cut that the limits ask for.

    1. Providers with a limit of their own lose their worst rows first.
    2. A list whose remaining rows all fit surely is sent.
    3. A red list is refused where the configuration says so.
    4. A canary lot goes ahead where less than that fits and most of the rest rests on priors.
    5. Otherwise the part that fits by expectation is sent, in lots if it does not fit surely.
    """
    kept = _within_providers(ranked, limits, model)
    part = ranked.filter(kept)
    over = () if bool(kept.all()) else (GateReason.PROVIDER_OVER_LIMIT,)
    rates, _, high = predict_prefixes(part, model)
    sure = _longest_fitting(rates, high, limits.green, limits.canary)
    hold = DecisionReason.HOLD_GATE
    if sure == part.height:
        return Cut(kept, sure, hold, over or (GateReason.WITHIN_LIMIT,))
    colour = colour_of(predict_bounces(ranked, model), limits)
    if limits.on_red == "refuse" and colour is GateColour.RED:
        return Cut(kept, 0, hold, (GateReason.REFUSED,))
    count = max(sure, _longest_expected(rates, _worst_chances(part, model), limits))
    if count < limits.canary and _rests_on_priors(part.slice(count)):
        lot = _canary_lot(rates, high, limits)
        return Cut(kept, lot, DecisionReason.HOLD_CANARY, (GateReason.CANARY, *over))
    if count == part.height:
        return Cut(kept, count, hold, over or (GateReason.WITHIN_LIMIT,), sure)
    reason = GateReason.OVER_LIMIT if count else GateReason.NOTHING_FITS
    return Cut(kept, count, hold, (reason, *over), sure)


def _longest_fitting(rates: Numbers, high: Numbers, limit: float, small: int) -> int:
    """Return the length of the longest prefix that fits a limit.

    `rates` and `high` are what is expected of each prefix, and the upper end of its interval. Of up
    to `small` messages the interval says nothing (one bounce of twenty is 5 %), and so few do no
    harm: there the expected rate alone must keep the limit.
    """
    position = np.arange(1, rates.size + 1)
    fits = (high <= limit) | ((rates <= limit) & (position <= small))
    return int(position[fits].max(initial=0))


def _longest_expected(rates: Numbers, worst: Numbers, limits: GateLimits) -> int:
    """Return the length of the longest prefix whose expected rate keeps the limit.

    No message that is red by itself is taken in for the sake of the good ones before it: `worst` is
    the highest chance of a bounce in each prefix.
    """
    fits = (rates <= limits.green) & (worst <= limits.amber)
    return int(np.arange(1, rates.size + 1)[fits].max(initial=0))


def _worst_chances(ranked: pl.DataFrame, model: ScoreModel) -> Numbers:
    chance = hard_bounce(model.loss, pl.col("score"), pl.col("score_basis"))
    return ranked.select(chance.cum_max().alias("worst"))["worst"].to_numpy()


def _within_providers(ranked: pl.DataFrame, limits: GateLimits, model: ScoreModel) -> pl.Series:
    """Tell which rows stay when each limited provider keeps its own limit.

    The expected rate is compared, not its upper end: the limit is half of what these providers
    publish, and for a few dozen messages the interval would say nothing.
    """
    chance = hard_bounce(model.loss, pl.col("score"), pl.col("score_basis"))
    mean = chance.cum_sum() / pl.int_range(1, pl.len() + 1)
    limited = pl.col("provider").is_in(sorted(limits.limited_providers))
    worst = ranked.select(
        pl.when(limited).then(mean.over("provider")).otherwise(0.0).alias("mean"),
    )["mean"]
    return worst <= limits.provider


def colour_of(whole: BouncePrediction, limits: GateLimits) -> GateColour:
    """Judge a list by its upper end, a small one by its expected rate; much put off is amber."""
    worst = whole.rate if whole.messages <= limits.canary else whole.high
    if worst > limits.amber:
        return GateColour.RED
    green = worst <= limits.green and whole.soft <= limits.soft
    return GateColour.GREEN if green else GateColour.AMBER


def _rests_on_priors(rest: pl.DataFrame) -> bool:
    """Tell whether at least half of the rows were neither asked nor written to before."""
    unknown = int((rest["score_basis"] == ScoreBasis.PRIOR.value).sum())
    return 2 * unknown >= rest.height > 0


def _canary_lot(rates: Numbers, high: Numbers, limits: GateLimits) -> int:
    """Return the size of the lot: what stays amber, and at least a tenth of a canary.

    A lot that is red all through still goes ahead, for otherwise nothing is ever learnt, but it is
    so small that a provider hardly sees it: 50 messages by default.
    """
    size = limits.canary
    amber = _longest_fitting(rates[:size], high[:size], limits.amber, size)
    return max(amber, min(rates.size, math.ceil(size / 10)))
