"""How much each level of agreement weighs: expectation maximisation over comparison patterns.

The model of Fellegi and Sunter (1969): every field has a share `m` of each level among pairs of
one person and a share `u` among pairs of two. `u` is known from the values' frequencies; `m` and
the share of duplicates among all pairs, compared or not, are estimated (Winkler 1988) over
distinct patterns with counts, so that a step costs nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from checks.contacts.linkage.compare import ABSENT
from checks.contacts.linkage.model import Shares
from checks.contacts.linkage.scales import Scale

_STEPS: Final = 2_000
_SETTLED: Final = 1e-6
_NEAR_OF_REST: Final = 0.5  # of one person's unequal values that are near
_FIRST_SHARE: Final = 0.1  # of compared pairs that are duplicates, before the first step
_BELIEF: Final = 4.0  # pairs that the first guess counts for: decides in a table of a few rows
_ENOUGH: Final = 100.0  # pairs of one known identity that are worth more than the first guess
_PLENTY: Final = 1_000.0  # such pairs that need no estimating on
_LEAST: Final = 1e-12

Patterns = npt.NDArray[np.int8]


@dataclass(frozen=True)
class Counted:
    """Distinct comparison patterns (p, fields) and how many pairs have each (p)."""

    patterns: Patterns
    counts: Shares


@dataclass(frozen=True)
class Fit:
    """Shares of levels among duplicates per field, and the share of duplicates of all pairs."""

    m: tuple[Shares, ...]
    duplicates: float
    steps: int
    settled: bool


def fit_shares(
    counted: Counted,
    u: Sequence[Shares],
    guesses: Sequence[Shares],
    all_pairs: float,
    identity: int | None = None,
) -> Fit:
    """Return the shares that make the counted patterns most likely.

    `guesses` (`first_guess`) are the shares among one person's pairs to begin with.

    `identity` is the place of a field whose equality proves one person, such as a valid tax id:
    such pairs give the other fields' first shares. Its lowest level proves two.
    """
    m = list(guesses) if identity is None else _supervised(counted, guesses, identity)
    proven = {} if identity is None else _proven(counted, m, identity)
    possible = counted.counts if identity is None else _without_conflicts(counted, identity)
    duplicates = _clipped(float(counted.counts.sum()) * _FIRST_SHARE / all_pairs)
    for step in range(1, _STEPS + 1):
        chance = 1.0 / (
            1.0 + np.exp(-np.clip(_log_odds(counted.patterns, m, u, duplicates), -500, 500))
        )
        weight = chance * possible
        m = [
            proven.get(at, _shares(counted.patterns[:, at], weight, guess))
            for at, guess in enumerate(guesses)
        ]
        before, duplicates = duplicates, _clipped(float(weight.sum()) / all_pairs)
        if abs(duplicates - before) <= _SETTLED * before:
            return Fit(tuple(m), duplicates, step, settled=True)
    return Fit(tuple(m), duplicates, _STEPS, settled=False)


def _clipped(share: float) -> float:
    return float(np.clip(share, _LEAST, 0.5))


def first_guess(scale: Scale) -> Shares:
    """Return the share of each level among one person's pairs, before a table is looked at.

    >>> from checks.contacts.linkage.scales import CODE
    >>> first_guess(CODE).round(3).tolist()
    [0.033, 0.033, 0.133, 0.8]
    """
    rest = 1.0 - scale.steady
    guess = np.full(len(scale.levels), rest * (1.0 - _NEAR_OF_REST) / (len(scale.levels) - 1))
    guess[-1] = scale.steady
    guess[-2] += rest * _NEAR_OF_REST
    return guess


def _supervised(counted: Counted, guesses: Sequence[Shares], identity: int) -> list[Shares]:
    proven = counted.patterns[:, identity] == len(guesses[identity]) - 1
    weight = np.where(proven, counted.counts, 0.0)
    if weight.sum() < _ENOUGH:
        return list(guesses)
    return [
        guess if at == identity else _shares(counted.patterns[:, at], weight, guess)
        for at, guess in enumerate(guesses)
    ]


def _proven(counted: Counted, shares: Sequence[Shares], identity: int) -> dict[int, Shares]:
    """Return the shares that hold as they are: enough pairs are known to be of one person.

    Estimating on from there, people who share a home would be taken for one person.
    """
    equal = counted.patterns[:, identity] == len(shares[identity]) - 1
    known = {
        at: float(counted.counts[equal & (counted.patterns[:, at] != ABSENT)].sum())
        for at in range(len(shares))
    }
    return {at: shares[at] for at, pairs in known.items() if at != identity and pairs >= _PLENTY}


def _without_conflicts(counted: Counted, identity: int) -> Shares:
    """Return the counts without pairs of two valid ids: those are two persons for certain."""
    return np.where(counted.patterns[:, identity] == 0, 0.0, counted.counts)


def _log_odds(
    patterns: Patterns, m: Sequence[Shares], u: Sequence[Shares], duplicates: float
) -> Shares:
    total = np.full(len(patterns), np.log(duplicates / (1.0 - duplicates)))
    for at, (one, other) in enumerate(zip(m, u, strict=True)):
        total += np.append(np.log(one / other), 0.0)[patterns[:, at]]  # ABSENT: the last, nothing
    return total


def _shares(levels: npt.NDArray[np.int8], weight: Shares, guess: Shares) -> Shares:
    known = levels != ABSENT
    counted = np.bincount(levels[known], weights=weight[known], minlength=len(guess))
    believed = counted + _BELIEF * guess
    return np.asarray(believed / believed.sum())
