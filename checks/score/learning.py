"""A model learnt from every lesson, and how much better it foretells messages it never saw."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

import polars as pl

from checks.score.curve import DeliveryCurve, layout_of
from checks.score.fit import Numbers, chances, fit_deliverability, fitted_version
from checks.score.fit_owner import fit_ownership
from checks.score.lessons import merge_lessons
from checks.score.model import ScoreModel

LEAST_MESSAGES: Final = 100
"""With fewer messages the model would hardly move, and a part held out would prove nothing."""
LEAST_STRANGERS: Final = 3
"""Without these nobody knows whether a stranger's word comes back at all, and answers flatter."""
_TWO_SIDED_95: Final = 1.959964


@dataclass(frozen=True, slots=True)
class Foretold:
    """Two models against the same messages: mean squared differences of score and outcome.

    `error` is the standard error of `after - before`, message by message.
    """

    messages: int
    before: float
    after: float
    error: float

    @property
    def is_worse(self) -> bool:
        """Tell whether the second model is worse by more than chance explains.

        >>> Foretold(400, before=0.030, after=0.031, error=0.001).is_worse
        False
        """
        return self.after - self.before > _TWO_SIDED_95 * self.error


@dataclass(frozen=True, slots=True)
class Learning:
    """The model fitted to all lessons, and the same fit without `held_out` against those."""

    model: ScoreModel
    messages: int
    answers: int
    held_out: Foretold


def learn_model(
    base: ScoreModel, lessons: pl.DataFrame, held_out: pl.DataFrame, owners: pl.DataFrame
) -> Learning:
    """Return what LESSONS and OWNER_LESSONS teach, starting from a model that saw none of them.

    `held_out` are LESSONS of other addresses than `lessons`: first they judge a fit that does not
    know them, then they are learnt from too. Ownership waits for `LEAST_STRANGERS`.
    """
    blind = fit_deliverability(base, lessons).model
    foretold = compare_models(base, blind, held_out)
    learnt = fit_deliverability(base, merge_lessons([lessons, held_out]))
    strangers = int(owners["strangers"].sum())
    answers = int(owners["owners"].sum()) + strangers
    if strangers < LEAST_STRANGERS:
        return Learning(learnt.model, learnt.messages, 0, foretold)
    both = fit_ownership(learnt.model, owners)
    named = replace(both, version=fitted_version(base, both, learnt.messages))
    return Learning(named, learnt.messages, answers, foretold)


def compare_models(before: ScoreModel, after: ScoreModel, lessons: pl.DataFrame) -> Foretold:
    """Return how well two models foretell LESSONS; over none of them nothing is better."""
    sent = lessons["sent"].cast(pl.Float64).to_numpy()
    if not sent.sum():
        return Foretold(0, 0.0, 0.0, 0.0)
    good = lessons["delivered"].cast(pl.Float64).to_numpy()
    bad = sent - good
    old, new = foretell(before, lessons), foretell(after, lessons)
    gain_good, gain_bad = (1.0 - new) ** 2 - (1.0 - old) ** 2, new**2 - old**2
    total = float(sent.sum())
    mean = float((good * gain_good + bad * gain_bad).sum()) / total
    squares = float((good * gain_good**2 + bad * gain_bad**2).sum()) / total
    return Foretold(
        messages=int(total),
        before=float((good * (1.0 - old) ** 2 + bad * old**2).sum()) / total,
        after=float((good * (1.0 - new) ** 2 + bad * new**2).sum()) / total,
        error=math.sqrt(max(squares - mean**2, 0.0) / total),
    )


def foretell(model: ScoreModel, lessons: pl.DataFrame) -> Numbers:
    """Return the probability of delivery that a model gives the messages of each of LESSONS."""
    layout = layout_of(model)
    log_odds, _ = DeliveryCurve(lessons, layout, model)(layout.start(model))
    return chances(log_odds, model.calibration)
