"""What pairs of known identity teach beyond shares: where fields speak of one thing, say a home.

Fellegi and Sunter's weights add up as if fields were independent. Spouses share street, landline
and mailbox, sister companies an owner's name besides: their agreement is one fact counted thrice.
Where two valid ids tell who is who, a logistic regression with the weights as its offset says how
much each level is to give way; held near nothing, so that few pairs change little.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from checks.contacts.linkage.model import Shares
from checks.contacts.linkage.weigh import Patterns

_DEVIATION: Final = 1.5  # log-odds that a level may well be wrong by
_LEAST_PAIRS: Final = 500.0  # of two persons; with fewer nothing is changed
_STEPS: Final = 30
_SETTLED: Final = 1e-4
_BOUND: Final = 8.0  # log-odds that no level is moved by more


def learn_adjustments(
    patterns: Patterns,
    counts: Shares,
    offset: Shares,
    levels: Sequence[int],
    identity: int,
) -> tuple[Shares, ...]:
    """Return per field what to add to the weight of each level; nothing for the identity itself.

    `patterns` (p, fields) with `counts` (p); `offset` (p) is the weight without the identity;
    `levels` is how many levels each field has. Top level of the identity: one person; 0: two.
    """
    same, two = patterns[:, identity] == levels[identity] - 1, patterns[:, identity] == 0
    told = same | two
    if counts[two].sum() < _LEAST_PAIRS or counts[same].sum() < _LEAST_PAIRS:
        return tuple(np.zeros(size) for size in levels)
    table, places = _indicators(patterns[told], levels, identity)
    weight, outcome = counts[told], same[told].astype(np.float64)
    found = _regress(table, weight, outcome, offset[told])
    adjusted = [np.zeros(size) for size in levels]
    for (field, level), value in zip(places, found.tolist(), strict=True):
        adjusted[field][level] = float(np.clip(value, -_BOUND, _BOUND))
    return tuple(adjusted)


def _indicators(
    patterns: Patterns, levels: Sequence[int], identity: int
) -> tuple[npt.NDArray[np.float64], list[tuple[int, int]]]:
    places = [
        (field, level)
        for field, size in enumerate(levels)
        if field != identity
        for level in range(size)
    ]
    columns = [patterns[:, field] == level for field, level in places]
    return np.column_stack(columns).astype(np.float64), places


def _regress(
    table: npt.NDArray[np.float64], weight: Shares, outcome: Shares, offset: Shares
) -> Shares:
    """Return the most likely coefficients with a normal prior around nothing (Newton's method)."""
    pull = np.eye(table.shape[1]) / _DEVIATION**2
    here = np.zeros(table.shape[1])
    for _ in range(_STEPS):
        chance = 1.0 / (1.0 + np.exp(-np.clip(offset + table @ here, -50.0, 50.0)))
        slope = table.T @ (weight * (outcome - chance)) - pull @ here
        curvature = (table * (weight * chance * (1.0 - chance))[:, None]).T @ table + pull
        step = np.linalg.solve(curvature, slope)
        here = here + np.clip(step, -2.0, 2.0)
        if float(np.abs(step).max()) < _SETTLED:
            break
    return here
