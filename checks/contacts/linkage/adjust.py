"""What pairs of known identity teach beyond shares: where fields speak of one thing, say a home.

Fellegi and Sunter's weights add up as if fields were independent. Spouses share street, landline
and mailbox, sister companies an owner's name besides: their agreement is one fact counted thrice.
Where two valid ids tell who is who, a logistic regression says what the levels weigh together;
held near what they weigh alone, so that few pairs change little.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
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


def learn_adjustments(
    patterns: Patterns,
    counts: Shares,
    offset: Shares,
    weights: Sequence[Shares],
    identity: int,
) -> tuple[Shares, ...]:
    """Return per field what to add to the weight of each level; nothing for the identity itself.

    `patterns` (p, fields) with `counts` (p); `offset` (p) is what is known of them beside their
    levels; `weights` are those of each field's levels. Top level of the identity: one person; 0:
    two. With what is added weights still rise.
    """
    same, two = patterns[:, identity] == len(weights[identity]) - 1, patterns[:, identity] == 0
    told = same | two
    if counts[two].sum() < _LEAST_PAIRS or counts[same].sum() < _LEAST_PAIRS:
        return tuple(np.zeros(len(each)) for each in weights)
    fields = [field for field in range(len(weights)) if field != identity]
    bounds = np.cumsum([0, *(len(weights[field]) for field in fields)])
    chosen = patterns[told][:, fields].astype(np.int64)
    places = np.where(chosen == ABSENT, bounds[-1], chosen + bounds[:-1])
    cases = _Cases(places, counts[told], same[told].astype(np.float64), offset[told])
    before = np.concatenate([weights[field] for field in fields])
    change = _rising(cases, before, bounds[:-1]) - before
    adjusted = [np.zeros(len(each)) for each in weights]
    for field, part in zip(fields, np.split(change, bounds[1:-1]), strict=True):
        adjusted[field] = part
    return tuple(adjusted)


@dataclass(frozen=True)
class _Cases:
    """Rows (p) of a regression: which coefficients count (p, fields), how often, what came of it.

    The number after the last coefficient stands for none. `offset` is known beside them.
    """

    places: Codes
    weight: Shares
    outcome: Shares
    offset: Shares


def _rising(cases: _Cases, before: Shares, starts: Codes) -> Shares:
    """Return the weights of levels that fit best; each field's, from one of `starts` on, rise.

    Neighbours in the wrong order become one level and all is fitted again. Raising the lower one
    instead makes all pairs seem likelier than they are: by 1.5 at a million records.
    """
    pools = np.arange(len(before) + 1)
    while True:
        pooled = replace(cases, places=pools[cases.places])
        sizes = np.bincount(pools[:-1])
        centre = np.bincount(pools[:-1], weights=before) / sizes
        found = _regress(pooled, centre)[pools[:-1]]
        falls = np.diff(found, prepend=-np.inf) < 0.0
        falls[starts] = False
        if not falls.any():
            return found
        first = np.diff(pools[:-1], prepend=-1) > 0
        pools = np.cumsum(np.append(first & ~falls, [True])) - 1


def _regress(cases: _Cases, centre: Shares) -> Shares:
    """Return the most likely coefficients with a normal prior around `centre` (Newton's method).

    Sums by place instead of products of matrices: each row has few ones.
    """
    pull, width = 1.0 / _DEVIATION**2, len(centre)
    places = np.ascontiguousarray(cases.places.T)
    here = centre
    for _ in range(_STEPS):
        reached = cases.offset + np.append(here, 0.0)[places].sum(axis=0)
        chance = 1.0 / (1.0 + np.exp(-np.clip(reached, -50.0, 50.0)))
        missing = _summed(places, cases.weight * (cases.outcome - chance), width + 1)[:width]
        curvature = _curvature(places, cases.weight * chance * (1.0 - chance), width)
        slope = missing - pull * (here - centre)
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
