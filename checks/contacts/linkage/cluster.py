"""From weighted pairs to clusters: the strongest bond first, never across a veto.

Greedy additive edge contraction for correlation clustering (Keuper and others, ICCV 2015): two
clusters are joined while the sum of the log-odds between them is positive, so that evidence
against counts like evidence for, and no threshold has to be chosen.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from checks.contacts.linkage.values import Codes

Weights: TypeAlias = npt.NDArray[np.float64]
Traits: TypeAlias = Sequence[int]
"""One code per record; two different known ones never come into one cluster."""

UNKNOWN: Final = -1


def cluster_pairs(
    records: int,
    left: Codes,
    right: Codes,
    weight: Weights,
    vetoes: Sequence[Traits] = (),
) -> Codes:
    """Return for every record the smallest number of its cluster.

    `left`, `right` and `weight` (log-odds) are the compared pairs; pairs that were not compared
    say nothing. The order of the pairs plays no part.

    >>> left, right = np.array([0, 1, 0, 2]), np.array([1, 2, 2, 3])
    >>> cluster_pairs(4, left, right, np.array([5.0, 3.0, -4.0, 2.0])).tolist()
    [0, 0, 2, 2]
    """
    roots = _reachable(records, left, right, weight > 0.0)
    near = roots[left] == roots[right]
    order = np.lexsort((right[near], left[near]))
    clusters = _Clusters(records, vetoes)
    clusters.bind(left[near][order], right[near][order], weight[near][order])
    clusters.contract()
    return clusters.roots()


def _reachable(records: int, left: Codes, right: Codes, good: npt.NDArray[np.bool_]) -> Codes:
    """Return a number per record, equal where good pairs lead from one to the other."""
    parent = np.arange(records)
    one, other = left[good], right[good]
    while True:
        low = np.minimum(parent[one], parent[other])
        before = parent.copy()
        np.minimum.at(parent, parent[one], low)
        np.minimum.at(parent, parent[other], low)
        np.minimum.at(parent, one, low)
        np.minimum.at(parent, other, low)
        parent = parent[parent]
        if np.array_equal(before, parent):
            return parent


class _Clusters:
    """Disjoint sets with the sum of the weights between them."""

    def __init__(self, records: int, vetoes: Sequence[Traits]) -> None:
        self._parent = list(range(records))
        self._vetoes = [list(codes) for codes in vetoes]
        self._bonds: dict[int, dict[int, float]] = {}
        self._queue: list[tuple[float, int, int]] = []

    def bind(self, left: Codes, right: Codes, weight: Weights) -> None:
        """Take over weighted pairs, each once, the lower number left."""
        bonds = self._bonds
        for one, other, bond in zip(left.tolist(), right.tolist(), weight.tolist(), strict=True):
            bonds.setdefault(one, {})[other] = bond
            bonds.setdefault(other, {})[one] = bond
            if bond > 0.0:
                self._queue.append((-bond, one, other))
        heapq.heapify(self._queue)

    def contract(self) -> None:
        """Join clusters, the strongest bond first, until no good one is left."""
        parent, bonds = self._parent, self._bonds
        while self._queue:
            bond, one, other = heapq.heappop(self._queue)
            gone = parent[one] != one or parent[other] != other
            if gone or bonds[one].get(other) != -bond or self._is_vetoed(one, other):
                continue
            for codes in self._vetoes:
                codes[one] = max(codes[one], codes[other])
            parent[other] = one  # the lower number stays: ids do not depend on the order
            self._merge(one, other)

    def _merge(self, kept: int, gone: int) -> None:
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
        return any(
            codes[one] != codes[other] and UNKNOWN not in (codes[one], codes[other])
            for codes in self._vetoes
        )

    def roots(self) -> Codes:
        """Return for every record the smallest one of its cluster."""
        parent = np.array(self._parent)
        while not np.array_equal(parent, parent[parent]):
            parent = parent[parent]
        return parent
