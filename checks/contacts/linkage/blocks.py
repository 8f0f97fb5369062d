"""Which pairs of records are compared at all: a union of keys, each with blocks of bounded size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from checks.contacts.linkage.values import MISSING, Codes

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Trait:
    """A property of records that pairs may be found by; `codes` (n), `MISSING` where none.

    Traits of one `family` say the same thing more or less precisely and are never joined.
    `alone` traits tell so much that they need no second.
    """

    name: str
    family: str
    codes: Codes
    alone: bool = False


@dataclass(frozen=True)
class KeyReport:
    """What one key gave: pairs, and records in blocks too large to be compared."""

    name: str
    pairs: int
    largest: int
    skipped: int


@dataclass(frozen=True)
class Pairs:
    """Pairs of record numbers, left below right, sorted; `keys` is a bitmask of the keys."""

    left: Numbers
    right: Numbers
    reports: tuple[KeyReport, ...]


def find_pairs(traits: Sequence[Trait], records: int, cap: int) -> Pairs:
    """Return the pairs that share one `alone` trait, or two traits of different families.

    Blocks of more than `cap` records are left out: a value that so many share says little, and
    with a second trait it makes smaller blocks.
    """
    found = np.zeros(0, np.int64)
    reports = []
    for name, codes in _keys(traits):
        pairs, report = _pairs_of(name, codes, records, cap)
        reports.append(report)
        found = np.union1d(found, pairs)
    return Pairs(found // records, found % records, tuple(reports))


def _keys(traits):
    for trait in traits:
        if trait.alone:
            yield trait.name, trait.codes
    for one, other in combinations(traits, 2):
        if one.family != other.family:
            yield f"{one.name}+{other.name}", _joined(one.codes, other.codes)


def _joined(one: Codes, other: Codes) -> Codes:
    known = (one != MISSING) & (other != MISSING)
    return np.where(known, one * (int(other.max(initial=0)) + 1) + other, MISSING)


def _pairs_of(name: str, codes: Codes, records: int, cap: int) -> tuple[Numbers, KeyReport]:
    known = np.flatnonzero(codes != MISSING)
    order = known[np.argsort(codes[known], kind="stable")]
    sorted_codes = codes[order]
    new = np.concatenate([[True], sorted_codes[1:] != sorted_codes[:-1]]) if len(order) else np.zeros(0, bool)
    starts = np.flatnonzero(new)
    sizes = np.diff(np.append(starts, len(order)))
    kept = np.repeat((sizes > 1) & (sizes <= cap), sizes)
    skipped = int(sizes[sizes > cap].sum())
    block = np.repeat(np.arange(len(sizes)), sizes)[kept]
    members = order[kept]
    parts = []
    largest = int(sizes[sizes <= cap].max(initial=0))
    for distance in range(1, largest):
        together = block[distance:] == block[:-distance]
        if not together.any():
            break
        one, other = members[:-distance][together], members[distance:][together]
        parts.append(np.minimum(one, other) * records + np.maximum(one, other))
    pairs = np.concatenate(parts) if parts else np.zeros(0, np.int64)
    return pairs, KeyReport(name, len(pairs), largest, skipped)
