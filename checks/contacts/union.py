"""Best-first union of records under vetoes that clusters carry."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

UNKNOWN: Final = -1

Traits: TypeAlias = Sequence[int]
"""One code per record; two different known ones never come into one cluster."""


class Clusters:
    """Disjoint sets of the numbers below `size`, each knowing the traits of its members.

    >>> tax_ids = [7, UNKNOWN, 8]
    >>> clusters = Clusters(3, [tax_ids])
    >>> clusters.join(0, 1), clusters.join(1, 2)  # 1 has taken over 0's tax id
    (True, False)
    >>> clusters.roots()
    [0, 0, 2]
    """

    def __init__(self, size: int, traits: Sequence[Traits]) -> None:
        """Start with every number alone; each of `traits` is a veto of its own."""
        self._parent = list(range(size))
        self._traits = [list(codes) for codes in traits]

    def join(self, left: int, right: int) -> bool:
        """Unite two clusters; return False if they are one already or may not be."""
        low, high = sorted((self._root(left), self._root(right)))
        if low == high or any(_conflict(codes[low], codes[high]) for codes in self._traits):
            return False
        self._parent[high] = low  # the root is always the smallest member: stable cluster ids
        for codes in self._traits:
            codes[low] = max(codes[low], codes[high])
        return True

    def roots(self) -> list[int]:
        """Return for every number the smallest one of its cluster."""
        return [self._root(number) for number in range(len(self._parent))]

    def _root(self, number: int) -> int:
        parent = self._parent
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number


def _conflict(left: int, right: int) -> bool:
    return UNKNOWN not in (left, right) and left != right


def unite(
    size: int,
    pairs: Iterable[tuple[int, int]],
    traits: Sequence[Traits],
) -> tuple[list[int], list[bool]]:
    """Join pairs in the order given, best first; return roots and which pairs united something."""
    clusters = Clusters(size, traits)
    united = [clusters.join(left, right) for left, right in pairs]
    return clusters.roots(), united
