"""From weighted pairs to clusters: the strongest bond first, never across a veto.

Greedy additive edge contraction (Keuper and others 2015) for correlation clustering: two clusters
are joined while the sum of the log-odds between them is positive, so evidence against counts like
evidence for, and no threshold has to be chosen. Vetoes are carried by clusters.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]
UNKNOWN = -1


def contract(
    records: int,
    left: Numbers,
    right: Numbers,
    weight: npt.NDArray[np.float64],
    traits: Sequence[Sequence[int]] = (),
) -> list[int]:
    """Return for every record the smallest one of its cluster."""
    bonds: list[dict[int, float]] = [{} for _ in range(records)]
    for one, other, bond in zip(left.tolist(), right.tolist(), weight.tolist(), strict=True):
        bonds[one][other] = bonds[other][one] = bond
    carried = [list(codes) for codes in traits]
    parent = list(range(records))
    queue = [
        (-bond, one, other)
        for one, row in enumerate(bonds)
        for other, bond in row.items()
        if one < other and bond > 0.0
    ]
    heapq.heapify(queue)
    while queue:
        bond, one, other = heapq.heappop(queue)
        if parent[one] != one or parent[other] != other or bonds[one].get(other) != -bond:
            continue
        if any(_conflict(codes[one], codes[other]) for codes in carried):
            continue
        for codes in carried:
            codes[one] = max(codes[one], codes[other])
        parent[other] = one
        _merge(bonds, one, other, queue)
    return _roots(parent)


def _merge(bonds, kept, gone, queue) -> None:
    row = bonds[kept]
    del row[gone]
    for third, bond in bonds[gone].items():
        if third == kept:
            continue
        del bonds[third][gone]
        total = row.get(third, 0.0) + bond
        row[third] = bonds[third][kept] = total
        if total > 0.0:
            heapq.heappush(queue, (-total, min(kept, third), max(kept, third)))
    bonds[gone] = {}


def _conflict(one: int, other: int) -> bool:
    return UNKNOWN not in (one, other) and one != other


def _roots(parent: list[int]) -> list[int]:
    roots = []
    for node in range(len(parent)):
        root = node
        while parent[root] != root:
            parent[root] = parent[parent[root]]
            root = parent[root]
        roots.append(root)
    return roots
