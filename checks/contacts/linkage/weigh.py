"""How much each level of agreement weighs: expectation maximisation over comparison patterns.

The model of Fellegi and Sunter (1969): every field has a share `m` of each level among pairs of
one person and a share `u` among pairs of two. `u` is counted from random pairs and from the
values' own frequencies, `m` and the share of duplicates among all pairs are estimated (Winkler
1988), over distinct patterns with counts, so that a step costs nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from checks.contacts.linkage.compare import ABSENT

Shares = npt.NDArray[np.float64]

_STEPS: Final = 200
_SETTLED: Final = 1e-7
_FIRST_EQUAL: Final = 0.8
_FIRST_NEAR: Final = 0.1
_FIRST_SHARE: Final = 0.1  # of compared pairs that are duplicates, before the first step
_PSEUDO_PAIRS: Final = 0.5  # added to each level, so that none is impossible


@dataclass(frozen=True)
class Fit:
    """Shares of levels among duplicates per field, and the share of duplicates of all pairs."""

    m: tuple[Shares, ...]
    duplicates: float
    steps: int
    settled: bool


def fit_shares(
    patterns: npt.NDArray[np.int8],
    counts: Shares,
    u: Sequence[Shares],
    all_pairs: float,
) -> Fit:
    """Return the shares that make patterns (p, fields) with counts (p) most likely."""
    m = [_first_guess(len(one)) for one in u]
    duplicates = min(max(float(counts.sum()) * _FIRST_SHARE / all_pairs, 1e-12), 0.5)
    for step in range(_STEPS):
        chance = _chances(patterns, m, u, duplicates)
        weight = chance * counts
        m = [_shares(patterns[:, at], weight, len(one)) for at, one in enumerate(u)]
        before, duplicates = duplicates, float(np.clip(weight.sum() / all_pairs, 1e-12, 0.5))
        if abs(duplicates - before) <= _SETTLED * before:
            return Fit(tuple(m), duplicates, step + 1, settled=True)
    return Fit(tuple(m), duplicates, _STEPS, settled=False)


def _first_guess(levels: int) -> Shares:
    guess = np.full(levels, (1.0 - _FIRST_EQUAL - _FIRST_NEAR) / max(levels - 1, 1))
    guess[-1] = _FIRST_EQUAL
    guess[-2] += _FIRST_NEAR
    return guess / guess.sum()


def _chances(patterns, m, u, duplicates) -> Shares:
    return 1.0 / (1.0 + np.exp(-np.clip(log_odds(patterns, m, u, duplicates), -500, 500)))


def log_odds(patterns, m, u, duplicates) -> Shares:
    """Return the log-odds that pairs of these patterns are duplicates."""
    total = np.full(len(patterns), np.log(duplicates / (1.0 - duplicates)))
    for at, (one, other) in enumerate(zip(m, u, strict=True)):
        total += weights(one, other)[patterns[:, at]]
    return total


def weights(m: Shares, u: Shares) -> Shares:
    """Return the weight of each level, and of an absent value as the last: index -1."""
    return np.append(np.log(m / u), 0.0)


def _shares(levels: npt.NDArray[np.int8], weight: Shares, size: int) -> Shares:
    known = levels != ABSENT
    counted = np.bincount(levels[known], weights=weight[known], minlength=size) + _PSEUDO_PAIRS
    return counted / counted.sum()
