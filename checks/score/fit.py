"""Learning: the model's numbers drawn towards what events show, as far as there are events.

The fit maximises the likelihood of the lessons under the score's own formula, with a normal prior
around the present numbers (maximum a posteriori). With few messages a number hardly moves, and a
provider without messages moves only as far as all providers together do. What remains crooked is
straightened by a beta calibration, drawn towards the identity in the same way.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from checks.model import Reason, ScoreBasis
from checks.score.curve import DeliveryCurve, Layout, layout_of
from checks.score.fit_bounces import fit_loss
from checks.score.model import Calibration, Loss, ScoreModel, model_as_json
from checks.score.newton import Counts, covariance_at, maximise_widest

Numbers = npt.NDArray[np.float64]

CALIBRATION_DEVIATION: Final = 0.05
SCALES: Final = (0.125, 0.25, 0.5, 1.0)
"""Parts of the prior's width that are tried: how far this portfolio is from the usual one."""
EVIDENCE_SCALES: Final = (0.5, 1.0)
"""The same for what evidence is worth, tried apart: where one weight must move far, chance should
not move providers, sources and ages with it. What servers' answers and confirmations are worth
differs from place to place more than what addresses are, so no narrower width is tried."""
DOUBTED: Final = 0.5
"""The part of the prior's width that the doubt about a fitted class is reckoned with. Chance may
pick a narrower one, which makes the parameters calmer but nobody surer."""
WIDER: Final = 2.0
"""What a prior twice as wide must gain in log-likelihood: odds of seven to one against it."""
LEAST_CALIBRATION: Final = 0.2
LEAST_SPREAD: Final = 0.03  # no class is ever known better than this, in log-odds

_BY_HISTORY: Final = ["delivered_before", "confirmed_by_owner", "bounced_before"]
_BY_ANSWER: Final = [
    Reason.MAILBOX_ACCEPTED.value,
    Reason.ACCEPTS_ALL.value,
    Reason.MAILBOX_FULL.value,
    Reason.MAILBOX_NOT_FOUND.value,
    Reason.MAILBOX_DISABLED.value,
]


@dataclass(frozen=True, slots=True)
class Learnt:
    """A fitted model and how well it would have foretold its own lessons, beside the old one.

    `brier` is the mean squared difference of score and outcome, (before, after).
    """

    model: ScoreModel
    messages: int
    brier: tuple[float, float]


def fit_deliverability(model: ScoreModel, lessons: pl.DataFrame) -> Learnt:
    """Return the model fitted to LESSONS; without any the model as it is.

    The same lessons in any order and number of parts give the same model.
    """
    messages = int(lessons["sent"].sum())
    if messages == 0:
        return Learnt(model, 0, (0.0, 0.0))
    layout, counts = layout_of(model), _counts(lessons)
    curve = DeliveryCurve(lessons, layout, model)
    start = layout.start(model)
    fitted = maximise_widest(curve, start, _widths(layout), counts)
    log_odds, derivatives = curve(fitted.parameters)
    covariance = covariance_at(curve, fitted.parameters, layout.deviation() * DOUBTED, counts)
    learnt = replace(
        layout.model(fitted.parameters, model),
        calibration=_calibrated(log_odds, counts),
        spread={**model.spread, **_spread(lessons, derivatives, covariance, counts)},
    )
    before, _ = curve(layout.start(model))
    learnt = replace(learnt, loss=_loss(model, learnt, lessons, log_odds))
    return Learnt(
        model=replace(learnt, version=fitted_version(model, learnt, messages)),
        messages=messages,
        brier=(
            _brier(before, model.calibration, counts),
            _brier(log_odds, learnt.calibration, counts),
        ),
    )


def _widths(layout: Layout) -> list[tuple[Numbers, float]]:
    """Return the widths of the prior that are tried, and the log-odds of each beforehand."""
    widest = layout.deviation()
    evidence = np.zeros(widest.size, dtype=bool)
    evidence[layout.weight] = True
    return [
        (
            widest * np.where(evidence, weights, others),
            -WIDER * math.log2(others / SCALES[0] * weights / EVIDENCE_SCALES[0]),
        )
        for others, weights in product(SCALES, EVIDENCE_SCALES)
    ]


def _loss(model: ScoreModel, learnt: ScoreModel, lessons: pl.DataFrame, log_odds: Numbers) -> Loss:
    """Return why messages were lost, by what the learnt scores say of each group."""
    lost = Counts(
        sent=(lessons["sent"] - lessons["delivered"]).cast(pl.Float64).to_numpy(),
        good=lessons["hard"].cast(pl.Float64).to_numpy(),
    )
    bases = lessons.select(_basis())["basis"]
    return fit_loss(model.loss, bases, chances(log_odds, learnt.calibration), lost)


def _counts(lessons: pl.DataFrame) -> Counts:
    return Counts(
        sent=lessons["sent"].cast(pl.Float64).to_numpy(),
        good=lessons["delivered"].cast(pl.Float64).to_numpy(),
    )


def _calibrated(log_odds: Numbers, counts: Counts) -> Calibration:
    """Return the beta calibration of fitted log-odds."""
    sure, unsure = -np.logaddexp(0.0, -log_odds), np.logaddexp(0.0, log_odds)
    table = np.column_stack([sure, unsure, np.ones_like(sure)])
    fitted = maximise_widest(
        lambda numbers: (table @ numbers, table),
        np.array([1.0, 1.0, 0.0]),
        [
            (np.full(3, CALIBRATION_DEVIATION * scale), -WIDER * math.log2(scale / SCALES[0]))
            for scale in SCALES
        ],
        counts,
    )
    a, b, c = fitted.parameters.tolist()
    return Calibration(a=max(a, LEAST_CALIBRATION), b=max(b, LEAST_CALIBRATION), c=c)


def _spread(
    lessons: pl.DataFrame,
    derivatives: Numbers,
    covariance: Numbers,
    counts: Counts,
) -> Mapping[str, float]:
    """Return how unsure the log-odds of each basis and provider still are, after the lessons."""
    variance = np.einsum("ij,jk,ik->i", derivatives, covariance, derivatives)
    classes = (
        lessons.select(_basis(), "provider")
        .with_columns(
            pl.Series("weight", counts.sent),
            pl.Series("weighed", counts.sent * variance),
        )
        .sort("basis", "provider")
        .group_by("basis", "provider", maintain_order=True)
        .agg((pl.col("weighed").sum() / pl.col("weight").sum()).sqrt().alias("deviation"))
    )
    return {
        f"{basis}:{provider}": max(deviation, LEAST_SPREAD)
        for basis, provider, deviation in classes.iter_rows()
    }


def _basis() -> pl.Expr:
    """Return the score basis that the evidence of a lesson stands for."""

    def holds(words: list[str]) -> pl.Expr:
        both = pl.concat_list("before", "after")
        return both.list.set_intersection(pl.lit(words)).list.len() > 0

    return (
        pl.when(holds(_BY_HISTORY))
        .then(pl.lit(ScoreBasis.HISTORY.value))
        .when(holds(_BY_ANSWER))
        .then(pl.lit(ScoreBasis.ASKED.value))
        .otherwise(pl.lit(ScoreBasis.PRIOR.value))
        .alias("basis")
    )


def chances(log_odds: Numbers, calibration: Calibration) -> Numbers:
    """Return the probabilities of log-odds, straightened by a calibration."""
    straight = (
        -calibration.a * np.logaddexp(0.0, -log_odds)
        + calibration.b * np.logaddexp(0.0, log_odds)
        + calibration.c
    )
    straightened: Numbers = 1.0 / (1.0 + np.exp(-straight))
    return straightened


def _brier(log_odds: Numbers, calibration: Calibration, counts: Counts) -> float:
    """Return the mean squared difference between calibrated scores and outcomes."""
    chance = chances(log_odds, calibration)
    bad = counts.sent - counts.good
    squares = counts.good * (1.0 - chance) ** 2 + bad * chance**2
    return float(squares.sum() / counts.sent.sum())


def fitted_version(old: ScoreModel, new: ScoreModel, messages: int) -> str:
    """Name a fitted model by what it was fitted from and by its numbers."""
    numbers = {**model_as_json(new), "version": ""}
    digest = hashlib.sha256(json.dumps(numbers, sort_keys=True).encode()).hexdigest()
    return f"{old.version.split('+')[0]}+{messages}.{digest[:12]}"
