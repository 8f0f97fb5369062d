"""Penalised maximum likelihood of counts, by Fisher scoring with step halving."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]

Curve = Callable[[Numbers], tuple[Numbers, Numbers]]
"""From parameters (k) to each group's log-odds (n) and their derivatives (n, k)."""

MOST_STEPS: Final = 60
SMALL_STEP: Final = 1e-7
HALVINGS: Final = 30


@dataclass(frozen=True, slots=True)
class Counts:
    """Messages of each group, and how many of them ended well."""

    sent: Numbers
    good: Numbers


@dataclass(frozen=True, slots=True)
class Fitted:
    """The most likely parameters and the covariance of what is still unsure about them.

    `evidence` is the logarithm of how likely the counts are under the whole prior (Laplace's
    approximation), up to a constant of the counts.
    """

    parameters: Numbers
    covariance: Numbers
    evidence: float


def maximise(curve: Curve, start: Numbers, deviation: Numbers, counts: Counts) -> Fitted:
    """Return the parameters that the counts make most likely, drawn towards `start`.

    `deviation` is how far each parameter may well lie from its start (one standard deviation).
    """
    problem = _Problem(curve, start, 1.0 / deviation**2, counts)
    here, worth = start, problem.worth(start)
    for _ in range(MOST_STEPS):
        gradient, information = problem.slopes(here)
        step = np.asarray(np.linalg.solve(information, gradient), dtype=np.float64)
        here, reached = problem.halved(here, step, worth)
        if reached - worth < SMALL_STEP:
            break
        worth = reached
    _, information = problem.slopes(here)
    _, volume = np.linalg.slogdet(information * deviation[:, None] * deviation)
    covariance = np.asarray(np.linalg.inv(information), dtype=np.float64)
    return Fitted(here, covariance, problem.worth(here) - 0.5 * float(volume))


def covariance_at(curve: Curve, here: Numbers, deviation: Numbers, counts: Counts) -> Numbers:
    """Return how unsure parameters are that were found otherwise, under a prior of some width."""
    _, information = _Problem(curve, here, 1.0 / deviation**2, counts).slopes(here)
    return np.asarray(np.linalg.inv(information), dtype=np.float64)


def maximise_widest(
    curve: Curve, start: Numbers, widths: Sequence[tuple[Numbers, float]], counts: Counts
) -> Fitted:
    """Return the fit whose prior, of several widths, the counts make likeliest.

    Each width is a deviation with the logarithm of how likely it is beforehand. Where the start is
    right already, a narrow prior keeps chance from moving it (empirical Bayes).
    """
    fits = [(maximise(curve, start, deviation, counts), odds) for deviation, odds in widths]
    best, _ = max(fits, key=lambda each: each[0].evidence + each[1])
    return best


@dataclass(frozen=True, slots=True)
class _Problem:
    curve: Curve
    start: Numbers
    pull: Numbers
    counts: Counts

    def worth(self, here: Numbers) -> float:
        """Return the penalised log-likelihood."""
        log_odds, _ = self.curve(here)
        likelihood = self.counts.good * log_odds - self.counts.sent * np.logaddexp(0.0, log_odds)
        return float(likelihood.sum() - 0.5 * (self.pull * (here - self.start) ** 2).sum())

    def slopes(self, here: Numbers) -> tuple[Numbers, Numbers]:
        """Return gradient and expected information."""
        log_odds, derivatives = self.curve(here)
        chance = 1.0 / (1.0 + np.exp(-log_odds))
        surprise = self.counts.good - self.counts.sent * chance
        gradient = derivatives.T @ surprise - self.pull * (here - self.start)
        weight = self.counts.sent * chance * (1.0 - chance)
        return gradient, (derivatives * weight[:, None]).T @ derivatives + np.diag(self.pull)

    def halved(self, here: Numbers, step: Numbers, worth: float) -> tuple[Numbers, float]:
        """Take the step, or the first half of it, half of that and so on that is no worse."""
        for halving in range(HALVINGS):
            there = here + step * 0.5**halving
            reached = self.worth(there)
            if reached >= worth:
                return there, reached
        return here, worth
