"""From weighted pairs to clusters: the strongest bond first, never across a veto.

Greedy additive edge contraction for correlation clustering (Keuper and others, ICCV 2015): two
clusters are joined while the sum of the log-odds between them is positive, so that evidence
against counts like evidence for, and no threshold has to be chosen.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from checks.contacts.linkage.values import MISSING, Codes

Weights: TypeAlias = npt.NDArray[np.float64]

DECIDED: Final = 1e6
"""The bond of a pair that a person has decided on, for or against: more than all evidence."""


@dataclass(frozen=True)
class Vetoes:
    """Codes (n each) of which two different known ones never come into one cluster.

    Records of one `identity`, such as a valid tax id, are free of the `others`, such as a suffix
    that somebody left out.
    """

    identity: Codes
    others: tuple[Codes, ...] = ()

    def between(self, left: Codes, right: Codes) -> npt.NDArray[np.bool_]:
        """Tell which pairs of records may never be in one cluster."""
        same = (self.identity[left] == self.identity[right]) & (self.identity[left] != MISSING)
        vetoed: npt.NDArray[np.bool_] = np.zeros(len(left), np.bool_)
        for codes in (self.identity, *self.others):
            one, other = codes[left], codes[right]
            vetoed |= (one != other) & (one != MISSING) & (other != MISSING)
        return np.asarray(vetoed & ~same)

    def of(self, records: Codes) -> Vetoes:
        """Return the vetoes of some records, in their order."""
        return Vetoes(self.identity[records], tuple(codes[records] for codes in self.others))


def no_vetoes(records: int) -> Vetoes:
    """Return vetoes that keep nobody apart."""
    return Vetoes(np.full(records, MISSING))


def cluster_pairs(left: Codes, right: Codes, weight: Weights, vetoes: Vetoes) -> Codes:
    """Return for every record the smallest number of its cluster.

    `left`, `right` and `weight` (log-odds) are the compared pairs; pairs that were not compared
    say nothing. The order of the pairs plays no part.

    >>> left, right = np.array([0, 1, 0, 2]), np.array([1, 2, 2, 3])
    >>> cluster_pairs(left, right, np.array([5.0, 3.0, -4.0, 2.0]), no_vetoes(4)).tolist()
    [0, 0, 2, 2]
    """
    roots = _reachable(len(vetoes.identity), left[weight > 0.0], right[weight > 0.0])
    near = roots[left] == roots[right]
    asked = _doubtful(roots, left[near & (weight <= 0.0)], vetoes)[roots]
    members = np.flatnonzero(asked)  # everybody else is one with all they reach
    members = members[np.argsort(roots[members], kind="stable")]
    near &= asked[left]
    place = np.empty(len(roots), np.int64)
    place[members] = np.arange(len(members))
    one, other, bond = place[left[near]], place[right[near]], weight[near]
    order = np.lexsort((other, one))
    starts = np.flatnonzero(np.diff(roots[members][one[order]], prepend=MISSING) != 0)
    clusters = _Clusters(vetoes.of(members))
    bonds = list(zip(*(side[order].tolist() for side in (one, other, bond)), strict=True))
    for begin, end in pairwise([*starts.tolist(), len(bonds)]):
        clusters.contract(bonds[begin:end])
    roots[members] = members[clusters.roots()]
    return roots


def _doubtful(roots: Codes, against: Codes, vetoes: Vetoes) -> npt.NDArray[np.bool_]:
    """Tell of each root whether something speaks against joining all that reach it.

    `against` are records of pairs that weigh nothing or less.
    """
    doubtful = np.zeros(len(roots), np.bool_)
    doubtful[roots[against]] = True
    for codes in (vetoes.identity, *vetoes.others):
        known = np.flatnonzero(codes != MISSING)
        least, most = np.full(len(roots), len(roots)), np.full(len(roots), MISSING)
        np.minimum.at(least, roots[known], codes[known])
        np.maximum.at(most, roots[known], codes[known])
        doubtful |= least < most
    return doubtful


def _reachable(records: int, one: Codes, other: Codes) -> Codes:
    """Return a number per record, equal where pairs lead from one to the other."""
    parent = np.arange(records)
    while True:
        low = np.minimum(parent[one], parent[other])
        before = parent.copy()
        for place in (parent[one], parent[other], one, other):
            np.minimum.at(parent, place, low)
        parent = parent[parent]
        if np.array_equal(before, parent):
            return parent


class _Clusters:
    """Disjoint sets with the sum of the weights between them."""

    def __init__(self, vetoes: Vetoes) -> None:
        self._parent = list(range(len(vetoes.identity)))
        self._identity = vetoes.identity.tolist()
        self._others = [codes.tolist() for codes in vetoes.others]
        self._bonds: dict[int, dict[int, float]] = {}
        self._queue: list[tuple[float, int, int]] = []

    def contract(self, pairs: Sequence[tuple[int, int, float]]) -> None:
        """Join clusters, the strongest bond first, until no good one is left.

        `pairs` are all that lead to each other, each once: the lower record, the other, the bond.
        """
        bonds = self._bonds = {}
        for one, other, bond in pairs:
            bonds.setdefault(one, {})[other] = bond
            bonds.setdefault(other, {})[one] = bond
        self._queue = [(-bond, one, other) for one, other, bond in pairs if bond > 0.0]
        heapq.heapify(self._queue)
        while self._queue:
            bond, one, other = heapq.heappop(self._queue)
            gone = self._parent[one] != one or self._parent[other] != other
            stale = gone or self._bonds[one].get(other) != -bond
            if not stale and (-bond >= DECIDED / 2 or not self._is_vetoed(one, other)):
                self._join(one, other)

    def _join(self, kept: int, gone: int) -> None:
        for codes in (self._identity, *self._others):
            codes[kept] = max(codes[kept], codes[gone])
        self._parent[gone] = kept  # the lower number stays: ids do not depend on the order
        row = self._bonds[kept]
        del row[gone]
        for third, bond in self._bonds.pop(gone).items():
            if third == kept:
                continue
            del self._bonds[third][gone]
            total = row.get(third, 0.0) + bond
            row[third] = self._bonds[third][kept] = total
            if total > 0.0:
                heapq.heappush(self._queue, (-total, min(kept, third), max(kept, third)))

    def _is_vetoed(self, one: int, other: int) -> bool:
        if self._identity[one] == self._identity[other] != MISSING:
            return False
        return any(
            codes[one] != codes[other] and MISSING not in (codes[one], codes[other])
            for codes in (self._identity, *self._others)
        )

    def roots(self) -> Codes:
        """Return for every record the smallest one of its cluster."""
        parent = np.array(self._parent, np.int64)
        while not np.array_equal(parent, parent[parent]):
            parent = parent[parent]
        return parent
