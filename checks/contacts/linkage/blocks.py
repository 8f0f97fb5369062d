"""Which pairs of records are compared at all: a union of keys, each with blocks of bounded size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from itertools import combinations
from typing import Final, NoReturn, TypeAlias

import numpy as np
import numpy.typing as npt

from checks.contacts.linkage.values import MISSING, Codes, each_once, in_order
from checks.errors import InputRefusedError

CAPS: Final = (120, 60, 40, 25, 15, 10, 6)
"""Records that a block may have: the first under which chance pairs fit their budget."""

FEWEST_PER_RECORD: Final = 8
"""Chance pairs that each record may have in the largest tables, once per key that finds them.

Chance pairs are those of blocks larger than the smallest cap. On registers of 200,000 and more
records, wider blocks find nothing more.
"""

MOST_PER_RECORD: Final = 250
"""More chance pairs of one record tell nothing more, in tables of any size."""

WIDE: Final = 550_000
"""Between the two, a record may have as many as the square of this many times its table.

Pairs are no burden in tables of up to 50,000, and large clusters are only found by wide blocks.
"""

SMALL: Final = 80_000
"""Records of a table in which it pays to join even columns of few values."""

Numbers: TypeAlias = npt.NDArray[np.int32]

_TRUE_PAIRS: Final = 0.5  # per record; people may well stand in a table more than once
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
    other. One that is telling `alone` needs no second; a `proof` tells who is who besides. Where a
    record has several values, `holders` says whose each of `codes` is. Traits that are joined have
    codes about as small as there are values.
    """

    name: str
    family: str
    codes: Codes
    alone: bool = False
    joins: Joins = Joins.ALWAYS
    holders: Codes | None = None
    proof: bool = False


@dataclass(frozen=True)
class Key:
    """One trait or two joined, and the blocks that it makes; `proof`: one of them is."""

    name: str
    proof: bool
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
    """Pairs of record numbers, each once, the lower one left; sorted.

    `proven` are those that nothing but a proof has found: of what other pairs look like they tell
    nothing, because they would be here whatever they look like.
    """

    left: Codes
    right: Codes
    proven: npt.NDArray[np.bool_]
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
    keys = [_key(trait) for trait in _joined_traits(traits, small=records <= SMALL)]
    cap = _fitting_cap(keys, records)
    marked = _union(_pairs_within(key, records, cap) * 2 + key.proof for key in keys)
    found = marked >> 1
    first = np.diff(found, prepend=MISSING) > 0  # found without a proof comes first
    found, proven = found[first], (marked[first] & 1).astype(np.bool_)
    reports = tuple(_report(key, cap) for key in keys)
    return Pairs(found // max(records, 1), found % max(records, 1), proven, cap, reports)


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


def _joined_traits(traits: Sequence[Trait], *, small: bool) -> Iterator[Trait]:
    yield from (trait for trait in traits if trait.alone)
    joining = {Joins.ALWAYS, Joins.IF_SMALL} if small else {Joins.ALWAYS}
    worth = [_worth_joining(trait) for trait in traits if trait.joins in joining]
    for one, other in combinations(worth, 2):
        if one.family != other.family and (one.holders is None or other.holders is None):
            yield _joined(one, other)


def _worth_joining(trait: Trait) -> Trait:
    """Leave out values that find nobody new when joined: those of one record, and telling ones.

    What few enough records share finds them alone, where it may, under any cap.
    """
    sizes = np.append(np.bincount(trait.codes[trait.codes != MISSING]), 0)
    kept = sizes[trait.codes] > (CAPS[-1] if trait.alone else 1)
    return replace(trait, codes=np.where(kept, trait.codes, MISSING))


def _joined(one: Trait, other: Trait) -> Trait:
    name = f"{one.name} + {other.name}"
    if one.holders is None and other.holders is not None:
        one, other = other, one
    second = other.codes if one.holders is None else other.codes[one.holders]
    known = (one.codes != MISSING) & (second != MISSING)
    width = int(other.codes.max(initial=0)) + 1
    codes = np.where(known, one.codes * width + second, MISSING)
    proof = one.proof or other.proof
    return Trait(name, name, codes, holders=one.holders, proof=proof)


def _key(trait: Trait) -> Key:
    known = np.flatnonzero(trait.codes != MISSING)
    order, codes = in_order(trait.codes[known])
    starts = np.flatnonzero(np.diff(codes, prepend=MISSING) != 0)
    sizes = np.diff(np.append(starts, len(order)))
    members = known[order[np.repeat(sizes > 1, sizes)]]
    if trait.holders is not None:
        members = trait.holders[members]
    return Key(trait.name, trait.proof, members.astype(np.int32), sizes[sizes > 1])


def _fitting_cap(keys: Sequence[Key], records: int) -> int:
    allowed = min(max((WIDE / max(records, 1)) ** 2, FEWEST_PER_RECORD), MOST_PER_RECORD) * records
    least = sum(key.pairs_under(CAPS[-1]) for key in keys)
    # true pairs are found by nearly every key, and so are counted as often as there are keys
    if least > max(allowed, (FEWEST_PER_RECORD + len(keys) * _TRUE_PAIRS) * records):
        _refuse(keys)
    return next(cap for cap in CAPS if sum(key.pairs_under(cap) for key in keys) - least <= allowed)


def _refuse(keys: Sequence[Key]) -> NoReturn:
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
