"""Which pairs of records are compared at all: a union of keys, each with blocks of bounded size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from itertools import combinations
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from checks.contacts.linkage.values import MISSING, Codes, each_once
from checks.errors import InputRefusedError

CAPS: Final = (120, 60, 40, 25, 15, 10, 6)
"""Records that a block may have: the first under which all pairs fit their budget."""

PAIRS_PER_RECORD: Final = 8
"""Pairs that the keys may find together, counted once per key that finds them."""

PAIRS_FREELY: Final = 20_000_000
"""Pairs that are no burden however few the records are, up to `MOST_PER_RECORD`."""

MOST_PER_RECORD: Final = 250
"""More pairs than this of one record tell nothing more, in tables of any size."""

Numbers: TypeAlias = npt.NDArray[np.int32]

_TRUE_PAIRS: Final = 0.5  # per record; people may well stand in a table more than once
_BITS: Final = 63  # of a number that is not negative
_WAITING: Final = 10_000_000  # numbers of pairs that are gathered before each is kept once


class Joins(Enum):
    """Whether a trait makes keys with others; few values are worth it in small tables only."""

    ALWAYS = "always"
    IF_SMALL = "if_small"
    NEVER = "never"


@dataclass(frozen=True)
class Trait:
    """A property of records that pairs may be found by; `codes` (n), `MISSING` where none.

    Traits of one `family` say the same thing more or less exactly and are never joined with each
    other. One that is telling `alone` needs no second. Where a record has several values,
    `holders` says whose each of `codes` is.
    """

    name: str
    family: str
    codes: Codes
    alone: bool = False
    joins: Joins = Joins.ALWAYS
    holders: Codes | None = None


@dataclass(frozen=True)
class Key:
    """One trait or two joined, and the blocks that it makes."""

    name: str
    members: Numbers  # of records in blocks of two and more, block by block
    sizes: Codes  # of the blocks, in the same order

    def pairs_under(self, cap: int) -> int:
        """Return how many pairs its blocks of at most `cap` records hold."""
        small = self.sizes[self.sizes <= cap]
        return int((small * (small - 1) // 2).sum())


@dataclass(frozen=True)
class KeyReport:
    """What a key gave: pairs, its largest block, and records of blocks too large to compare."""

    name: str
    pairs: int
    largest: int
    skipped: int


@dataclass(frozen=True)
class Pairs:
    """Pairs of record numbers, each once, the lower one left; sorted."""

    left: Codes
    right: Codes
    cap: int
    reports: tuple[KeyReport, ...]


def find_pairs(traits: Sequence[Trait], records: int) -> Pairs:
    """Return the pairs that share one telling trait, or two traits of different families.

    A value that more records share than the cap finds nobody on its own, but with a second trait
    it makes smaller blocks. Raises InputRefusedError where even the smallest cap leaves too many
    pairs.

    >>> town = Trait("town", "town", np.array([0, 0, 1, 0]))
    >>> name = Trait("name", "name", np.array([3, 3, 3, 4]))
    >>> pairs = find_pairs([town, name], records=4)
    >>> pairs.left.tolist(), pairs.right.tolist()
    ([0], [1])
    """
    small = records * MOST_PER_RECORD <= PAIRS_FREELY
    keys = [_key(*named) for named in _joined_traits(traits, small=small)]
    cap = _fitting_cap(keys, records)
    found = _union(_pairs_within(key, records, cap) for key in keys)
    reports = tuple(_report(key, cap) for key in keys)
    return Pairs(found // max(records, 1), found % max(records, 1), cap, reports)


def _union(parts: Iterable[Codes]) -> Codes:
    """Return the numbers of all parts, sorted, each once; few parts are in memory at a time."""
    found = np.zeros(0, np.int64)
    waiting: list[Codes] = []
    for part in parts:
        waiting.append(part)
        if sum(map(len, waiting)) > _WAITING:
            found, waiting = each_once(np.concatenate([found, *waiting])), []
    return each_once(np.concatenate([found, *waiting]))


def _report(key: Key, cap: int) -> KeyReport:
    skipped = int(key.sizes[key.sizes > cap].sum())
    return KeyReport(key.name, key.pairs_under(cap), int(key.sizes.max(initial=0)), skipped)


def _joined_traits(
    traits: Sequence[Trait], *, small: bool
) -> Iterator[tuple[str, Codes, Codes | None]]:
    for trait in traits:
        if trait.alone:
            yield trait.name, trait.codes, trait.holders
    joining = {Joins.ALWAYS, Joins.IF_SMALL} if small else {Joins.ALWAYS}
    worth = [_worth_joining(trait) for trait in traits if trait.joins in joining]
    for one, other in combinations(worth, 2):
        if one.family != other.family and (one.holders is None or other.holders is None):
            yield f"{one.name} + {other.name}", *_joined(one, other)


def _worth_joining(trait: Trait) -> Trait:
    """Leave out values that find nobody new when joined: those of one record, and telling ones.

    What few enough records share finds them alone, where it may, under any cap.
    """
    sizes = np.append(np.bincount(trait.codes[trait.codes != MISSING]), 0)
    kept = sizes[trait.codes] > (CAPS[-1] if trait.alone else 1)
    return replace(trait, codes=np.where(kept, trait.codes, MISSING))


def _joined(one: Trait, other: Trait) -> tuple[Codes, Codes | None]:
    if one.holders is None and other.holders is not None:
        one, other = other, one
    second = other.codes if one.holders is None else other.codes[one.holders]
    known = (one.codes != MISSING) & (second != MISSING)
    width = int(other.codes.max(initial=0)) + 1
    return np.where(known, one.codes * width + second, MISSING), one.holders


def _key(name: str, codes: Codes, holders: Codes | None) -> Key:
    known = np.flatnonzero(codes != MISSING)
    order, sorted_ = _sorted(codes[known])
    starts = np.flatnonzero(np.diff(sorted_, prepend=MISSING) != 0)
    sizes = np.diff(np.append(starts, len(order)))
    several = np.repeat(sizes > 1, sizes)
    members = known[order[several]]
    if holders is not None:
        members = holders[members]
    return Key(name, members.astype(np.int32), sizes[sizes > 1])


def _sorted(codes: Codes) -> tuple[Codes, Codes]:
    """Return in which order codes rise, equal ones staying in theirs, and the codes in it.

    Code and place as one number, where they fit, sort several times faster than by argsort.
    """
    bits = len(codes).bit_length()
    if int(codes.max(initial=0)).bit_length() + bits >= _BITS:
        order = np.argsort(codes, kind="stable")
        return order, codes[order]
    packed = (codes << bits) | np.arange(len(codes))
    packed.sort()
    return packed & ((1 << bits) - 1), packed >> bits


def _fitting_cap(keys: Sequence[Key], records: int) -> int:
    freely = min(PAIRS_FREELY, MOST_PER_RECORD * records)
    # true pairs are found by nearly every key, and so are counted as often as there are keys
    budget = max(freely, (PAIRS_PER_RECORD + len(keys) * _TRUE_PAIRS) * records)
    for cap in CAPS:
        if sum(key.pairs_under(cap) for key in keys) <= budget:
            return cap
    worst = max(keys, key=lambda key: key.pairs_under(CAPS[-1]))
    problem = (
        f"too many records look alike: '{worst.name}' makes {worst.pairs_under(CAPS[-1]):,} pairs"
    )
    raise InputRefusedError(
        problem, "name more columns with --role, or leave a column of few values out (=ignore)"
    )


def _pairs_within(key: Key, records: int, cap: int) -> npt.NDArray[np.int64]:
    """Return the pairs of the key's small blocks, each as one number."""
    small = np.repeat(key.sizes <= cap, key.sizes)
    members = key.members[small]
    block = np.repeat(np.arange(len(key.sizes), dtype=np.int32), key.sizes)[small]
    parts = []
    for distance in range(1, int(key.sizes[key.sizes <= cap].max(initial=0))):
        together = block[distance:] == block[:-distance]
        one, other = members[:-distance][together], members[distance:][together]
        numbers = np.minimum(one, other).astype(np.int64) * records + np.maximum(one, other)
        parts.append(numbers[one != other])  # one with several values may stand twice
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)
