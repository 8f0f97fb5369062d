"""Where somebody lives, told once: a street implies its postcode, a postcode its city and state.

Counted as independent, four columns that say the same would join neighbours who have nothing else
in common. Whether a column implies another is read from the table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from checks.contacts.linkage.compare import ABSENT, Compared, Field
from checks.contacts.linkage.roles import Role
from checks.contacts.linkage.scales import (
    DIFFERS,
    NEAR,
    SIDES,
    TEXT,
    Levels,
    Scale,
    by_text,
    near_texts,
)
from checks.contacts.linkage.values import MISSING, Codes, Values

FINEST_FIRST: Final = (Role.STREET, Role.POSTCODE, Role.CITY, Role.STATE, Role.COUNTRY)
"""Roles of places; fields of them are compared in this order."""

_NUMBER: Final = "[0-9]+"


_IMPLIED: Final = 0.8  # of pairs that agree in the finer part, those that agree in the other too


def with_implications(fields: Sequence[Field]) -> list[Field]:
    """Return fields of places, each knowing which finer ones imply it in this table.

    Where a postcode is one city's, sharing it says all; where columns are filled in without regard
    to each other, each says something of its own.
    """
    return [
        replace(field, implied_by=tuple(finer.name for finer in fields if _implies(finer, field)))
        for field in fields
    ]


def _implies(finer: Field, coarser: Field) -> bool:
    one, other = finer.values, coarser.values
    ranks = [FINEST_FIRST.index(each.role) for each in (finer, coarser)]
    if ranks[0] >= ranks[1] or not isinstance(one, Values) or not isinstance(other, Values):
        return False
    known = (one.codes != MISSING) & (other.codes != MISSING)
    joined = one.codes[known] * (len(other.texts) + 1) + other.codes[known]
    alike = _pairs_within(one.codes[known])
    return alike > 0.0 and _pairs_within(joined) >= _IMPLIED * alike


def _pairs_within(codes: Codes) -> float:
    counts = np.unique(codes, return_counts=True)[1].astype(np.float64)
    return float((counts * (counts - 1.0)).sum())


class Place:
    """Which parts of an address each of some pairs agrees in, so far."""

    def __init__(self) -> None:
        """Begin with nothing compared."""
        self._agrees: dict[str, npt.NDArray[np.bool_]] = {}

    def told_once(self, field: Field, compared: Compared) -> Compared:
        """Return what a field adds: agreement that a finer one implies says nothing more."""
        if field.role not in FINEST_FIRST:
            return compared
        agrees = compared.levels >= min(NEAR, field.scale.top)
        self._agrees[field.name] = agrees
        finer = [self._agrees[name] for name in field.implied_by if name in self._agrees]
        implied = agrees & np.logical_or.reduce(finer) if finer else np.zeros_like(agrees)
        return Compared(
            np.where(implied, ABSENT, compared.levels).astype(np.int8),
            np.where(implied, MISSING, compared.shared),
        )


def _near_streets(left: Sequence[str], right: Sequence[str]) -> Levels:
    levels = near_texts(left, right)
    rows = np.flatnonzero(levels > DIFFERS)
    pairs = pl.DataFrame({"left": left, "right": right}, schema=SIDES)[rows]
    one, other = (pl.col(side).str.extract_all(_NUMBER) for side in SIDES)
    in_common = one.list.set_intersection(other).list.len()
    apart = (one.list.len() > 0) & (other.list.len() > 0) & (in_common == 0)
    levels[rows[pairs.select(apart).to_series().to_numpy()]] = DIFFERS
    return levels


STREET: Final = Scale(TEXT.levels, by_text(_near_streets))
"""Street and number in any order; another number is another house."""
