"""What pairs of known identity teach beyond shares: where fields speak of one thing, say a home.

Fellegi and Sunter's weights add up as if fields were independent. Spouses share street, landline
and mailbox, sister companies an owner's name besides: their agreement is one fact counted thrice.
Where two valid ids tell who is who, a logistic regression with the weights as its offset says how
much each level is to give way; held near nothing, so that few pairs change little.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from typing import Final

import numpy as np

from checks.contacts.linkage.compare import ABSENT
from checks.contacts.linkage.model import Shares
from checks.contacts.linkage.values import Codes
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
    fields = [field for field in range(len(levels)) if field != identity]
    starts = np.cumsum([0, *(levels[field] for field in fields)])
    chosen = patterns[told][:, fields].astype(np.int64)
    places = np.where(chosen == ABSENT, starts[-1], chosen + starts[:-1])
    outcome = same[told].astype(np.float64)
    found = _regress(places, int(starts[-1]), counts[told], outcome, offset[told])
    adjusted = [np.zeros(size) for size in levels]
    for field, start in zip(fields, starts.tolist(), strict=False):
        adjusted[field] = np.clip(found[start : start + levels[field]], -_BOUND, _BOUND)
    return tuple(adjusted)


def _regress(places: Codes, width: int, weight: Shares, outcome: Shares, offset: Shares) -> Shares:
    """Return the most likely coefficients (width) with a normal prior around nothing (Newton).

    `places` (p, fields) says which coefficients count in each row; `width` stands for none. Sums
    by place instead of products of matrices: each row has few ones.
    """
    pull = 1.0 / _DEVIATION**2
    here = np.zeros(width)
    for _ in range(_STEPS):
        reached = offset + np.append(here, 0.0)[places].sum(axis=1)
        chance = 1.0 / (1.0 + np.exp(-np.clip(reached, -50.0, 50.0)))
        slope = _summed(places.T, weight * (outcome - chance), width + 1)[:width] - pull * here
        curvature = _curvature(places.T, weight * chance * (1.0 - chance), width)
        step = np.linalg.solve(curvature + pull * np.eye(width), slope)
        here = here + np.clip(step, -2.0, 2.0)
        if float(np.abs(step).max()) < _SETTLED:
            break
    return here


def _curvature(places: Codes, weight: Shares, width: int) -> Shares:
    """Return how much weight rows have that count for both of two coefficients (width, width)."""
    size = width + 1
    together = (one * size + other for one, other in product(places, places))
    return _summed(together, weight, size * size).reshape(size, size)[:width, :width]


def _summed(places: Iterable[Codes], weight: Shares, size: int) -> Shares:
    total = np.zeros(size)
    for each in places:
        total += np.bincount(each, weights=weight, minlength=size)
    return total
