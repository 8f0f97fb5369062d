"""Pairs of records compared field by field; each pair of distinct values is looked at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from checks.contacts.linkage.roles import Role
from checks.contacts.linkage.scales import ALIKE, NEAR, Levels, Scale
from checks.contacts.linkage.values import MISSING, Codes, ValueLists, Values, distinct_of

ABSENT: Final = -1
"""The level of a pair of which one record has no value: it says nothing."""

_COMMONEST: Final = np.iinfo(np.int64).max

Marks = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Field:
    """Something that records are compared by.

    `crossed` are the codes (n) of another field with the same texts, for values that are written
    into each other's column; `where` (n) marks records of which a pair must hold one to count;
    `implied_by` names fields whose agreement leaves this one nothing to say.
    """

    name: str
    role: Role
    scale: Scale
    values: Values | ValueLists
    crossed: Codes | None = None
    where: Marks | None = None
    implied_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Compared:
    """The level (n) of each pair in one field, and the value that both share (`MISSING`: none)."""

    levels: Levels
    shared: Codes


def compare_field(field: Field, left: Codes, right: Codes) -> Compared:
    """Compare pairs of records, given by their numbers, in one field."""
    if field.where is None:
        return _compared(field, left, right)
    rows = np.flatnonzero(field.where[left] | field.where[right])
    found = _compared(field, left[rows], right[rows])
    levels, shared = np.full(len(left), ABSENT, np.int8), np.full(len(left), MISSING)
    levels[rows], shared[rows] = found.levels, found.shared
    return Compared(levels, shared)


def _compared(field: Field, left: Codes, right: Codes) -> Compared:
    if isinstance(field.values, ValueLists):
        return _compare_lists(field.values, field.scale, left, right)
    found = _compare_values(field.values, field.scale, left, right)
    if field.crossed is not None:
        _raise_crossed(found.levels, field.values.codes, field.crossed, left, right)
    return found


def _compare_values(values: Values, scale: Scale, left: Codes, right: Codes) -> Compared:
    one, other = values.codes[left], values.codes[right]
    levels = np.full(len(left), ABSENT, np.int8)
    known = (one != MISSING) & (other != MISSING)
    equal = known & (one == other)
    levels[equal] = scale.top
    differ = known & ~equal
    levels[differ] = _nearness(values, scale, one[differ], other[differ])
    return Compared(levels, np.where(equal, one, MISSING))


def _raise_crossed(levels: Levels, own: Codes, crossed: Codes, left: Codes, right: Codes) -> None:
    """Count given name and surname in each other's column as near, half of such a swap as alike."""
    there = (own[left] == crossed[right]) & (own[left] != MISSING)
    back = (own[right] == crossed[left]) & (own[right] != MISSING)
    known = levels != ABSENT
    for found, level in ((there | back, ALIKE), (there & back, NEAR)):
        raised = known & found
        levels[raised] = np.maximum(levels[raised], level)


def shared_values(field: Field, left: Codes, right: Codes) -> Codes:
    """Return the value that pairs share of which it is known that they share one."""
    if isinstance(field.values, Values):
        return field.values.codes[left]
    rows, one, other = _against_each_other(field.values, left, right)
    return _rarest_shared(field.values, len(left), rows[one == other], one[one == other])


def _compare_lists(lists: ValueLists, scale: Scale, left: Codes, right: Codes) -> Compared:
    """Compare by the rarest value in common; without one by the nearest two values."""
    rows, one, other = _against_each_other(lists, left, right)
    shared = _rarest_shared(lists, len(left), rows[one == other], one[one == other])
    levels = np.full(len(left), ABSENT, np.int8)
    levels[shared != MISSING] = scale.top
    open_ = shared[rows] == MISSING
    found = _nearness(lists, scale, one[open_], other[open_])
    np.maximum.at(levels, rows[open_], found)
    return Compared(levels, shared)


def _against_each_other(lists: ValueLists, left: Codes, right: Codes) -> tuple[Codes, Codes, Codes]:
    """Return every value of the one with every one of the other: row of the pair, both codes."""
    sizes = np.diff(lists.starts)
    each = sizes[left] * sizes[right]
    rows = np.repeat(np.arange(len(left)), each)
    place = np.arange(len(rows)) - np.repeat(np.cumsum(each) - each, each)
    wide = np.repeat(sizes[right], each)
    one = lists.codes[np.repeat(lists.starts[left], each) + place // np.maximum(wide, 1)]
    other = lists.codes[np.repeat(lists.starts[right], each) + place % np.maximum(wide, 1)]
    return rows, one, other


def _rarest_shared(lists: ValueLists, pairs: int, rows: Codes, codes: Codes) -> Codes:
    size = max(len(lists.texts), 1)
    rarity = np.full(pairs, _COMMONEST)
    np.minimum.at(rarity, rows, lists.counts[codes] * size + codes)
    return np.where(rarity == _COMMONEST, MISSING, rarity % size)


def _nearness(values: Values | ValueLists, scale: Scale, one: Codes, other: Codes) -> Levels:
    size = max(len(values.texts), 1)
    pairs, rows = distinct_of(np.minimum(one, other) * size + np.maximum(one, other))
    return scale.near(values, pairs // size, pairs % size)[rows]
