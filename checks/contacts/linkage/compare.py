"""Pairs of records compared field by field; each pair of distinct values is looked at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from checks.contacts.linkage.roles import Role
from checks.contacts.linkage.scales import Levels, Scale
from checks.contacts.linkage.values import MISSING, Codes, ValueLists, Values

ABSENT: Final = -1
"""The level of a pair of which one record has no value: it says nothing."""

_CHUNK: Final = 400_000  # distinct value pairs that exist as Python strings at a time


@dataclass(frozen=True)
class Field:
    """Something that records are compared by."""

    name: str
    role: Role
    scale: Scale
    values: Values | ValueLists


@dataclass(frozen=True)
class Compared:
    """The level (n) of each pair in one field, and the value that both share (`MISSING`: none)."""

    levels: Levels
    shared: Codes


def compare_field(field: Field, left: Codes, right: Codes) -> Compared:
    """Compare pairs of records, given by their numbers, in one field."""
    if isinstance(field.values, Values):
        return _compare_values(field.values, field.scale, left, right)
    return _compare_lists(field.values, field.scale, left, right)


def _compare_values(values: Values, scale: Scale, left: Codes, right: Codes) -> Compared:
    one, other = values.codes[left], values.codes[right]
    levels = np.full(len(left), ABSENT, np.int8)
    known = (one != MISSING) & (other != MISSING)
    equal = known & (one == other)
    levels[equal] = scale.top
    differ = known & ~equal
    levels[differ] = _nearness(values, scale, one[differ], other[differ])
    return Compared(levels, np.where(equal, one, MISSING))


def _compare_lists(lists: ValueLists, scale: Scale, left: Codes, right: Codes) -> Compared:
    """Compare by the rarest value in common; without one by the nearest two values."""
    sizes = np.diff(lists.starts)
    each = sizes[left] * sizes[right]
    rows = np.repeat(np.arange(len(left)), each)
    place = np.arange(len(rows)) - np.repeat(np.cumsum(each) - each, each)
    wide = np.repeat(sizes[right], each)
    one = lists.codes[np.repeat(lists.starts[left], each) + place // np.maximum(wide, 1)]
    other = lists.codes[np.repeat(lists.starts[right], each) + place % np.maximum(wide, 1)]
    found = np.full(len(rows), scale.top, np.int8)
    differ = one != other
    found[differ] = _nearness(lists, scale, one[differ], other[differ])
    levels = np.full(len(left), ABSENT, np.int8)
    np.maximum.at(levels, rows, found)
    rarity = np.full(len(left), np.iinfo(np.int64).max)
    equal = ~differ
    rank = lists.counts[one[equal]] * len(lists.texts) + one[equal]
    np.minimum.at(rarity, rows[equal], rank)
    none = rarity == np.iinfo(np.int64).max
    return Compared(levels, np.where(none, MISSING, rarity % max(len(lists.texts), 1)))


def _nearness(values: Values | ValueLists, scale: Scale, one: Codes, other: Codes) -> Levels:
    size = max(len(values.texts), 1)
    pairs, rows = np.unique(np.minimum(one, other) * size + np.maximum(one, other), return_inverse=True)
    return _of_distinct(values, scale, pairs // size, pairs % size)[rows]


def _of_distinct(
    values: Values | ValueLists, scale: Scale, one: Codes, other: Codes
) -> Levels:
    texts = values.texts
    parts = [
        scale.nearness(texts.gather(one[at : at + _CHUNK]).to_list(),
                       texts.gather(other[at : at + _CHUNK]).to_list())
        for at in range(0, len(one), _CHUNK)
    ]  # fmt: skip
    return np.concatenate(parts) if parts else np.zeros(0, np.int8)
