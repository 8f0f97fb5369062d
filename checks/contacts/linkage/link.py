"""Records of one table linked: compared pairs, what they weigh, and the clusters they make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from checks.contacts.linkage.blocks import Pairs, Trait, find_pairs
from checks.contacts.linkage.cluster import cluster_pairs
from checks.contacts.linkage.compare import ABSENT, Field, compare_field
from checks.contacts.linkage.values import MISSING, Codes
from checks.contacts.linkage.weigh import Fit, Shares, fit_shares, weights

RANDOM_PAIRS: Final = 1_000_000
RARER: Final = 4.0  # log-odds that a rare value may add at most
COMMONER: Final = 6.0  # log-odds that a common value may take away at most


@dataclass(frozen=True)
class Linked:
    pairs: Pairs
    levels: npt.NDArray[np.int8]  # pairs, fields
    frequency: npt.NDArray[np.float32]  # pairs: what rarity and commonness add
    weight: npt.NDArray[np.float64]
    clusters: Codes
    fit: Fit
    u: tuple[Shares, ...]


def link(fields: Sequence[Field], traits: Sequence[Trait], vetoes: Sequence[Sequence[int]],
         records: int, seed: int = 1) -> Linked:
    pairs = find_pairs(traits, records)
    u = _chance_agreement(fields, records, seed)
    levels = np.empty((len(pairs.left), len(fields)), np.int8)
    frequency = np.zeros(len(pairs.left), np.float32)
    for at, field in enumerate(fields):
        compared = compare_field(field, pairs.left, pairs.right)
        levels[:, at] = compared.levels
        frequency += _frequency(field, compared.shared, u[at])
    patterns, counts, rows = _patterns(levels, fields)
    fit = fit_shares(patterns, counts, u, records * (records - 1) / 2)
    weight = _log_odds(patterns, fit, u)[rows] + frequency
    clusters = cluster_pairs(records, pairs.left, pairs.right, weight, vetoes)
    return Linked(pairs, levels, frequency, weight, clusters, fit, tuple(u))


def _log_odds(patterns, fit, u):
    total = np.full(len(patterns), np.log(fit.duplicates / (1.0 - fit.duplicates)))
    for at, (one, other) in enumerate(zip(fit.m, u, strict=True)):
        total += weights(one, other)[patterns[:, at]]
    return total


def _chance_agreement(fields, records, seed):
    draw = np.random.default_rng(seed)
    left, right = draw.integers(0, records, (2, RANDOM_PAIRS))
    other = left != right
    left, right = left[other], right[other]
    return [_shares_by_chance(field, left, right) for field in fields]


def _shares_by_chance(field, left, right):
    levels = compare_field(field, left, right).levels
    known = levels[levels != ABSENT]
    shares = np.bincount(known, minlength=len(field.scale.levels)) + 0.5
    shares = shares / shares.sum()
    counts, held = field.values.counts.astype(np.float64), max(field.values.known, 2)
    equal = max((counts * (counts - 1)).sum(), 1.0) / (held * (held - 1))
    equal = min(equal, 0.999)
    shares[:-1] *= (1.0 - equal) / shares[:-1].sum()
    shares[-1] = equal
    return shares


def _frequency(field, shared, u):
    counts, held = field.values.counts, max(field.values.known, 1)
    added = np.zeros(len(shared), np.float32)
    known = shared != MISSING
    share = np.maximum(counts[shared[known]], 1) / held
    added[known] = np.clip(np.log(u[-1] / share), -COMMONER, RARER)
    return added


def _patterns(levels, fields):
    code = np.zeros(len(levels), np.int64)
    for at, field in enumerate(fields):
        code = code * (len(field.scale.levels) + 1) + levels[:, at] + 1
    _, first, rows, counts = np.unique(code, return_index=True, return_inverse=True, return_counts=True)
    return levels[first], counts.astype(np.float64), rows
