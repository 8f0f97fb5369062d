"""Where somebody lives, told once: a street implies its postcode, a postcode its city and state.

Counted as independent, four columns that say the same would join neighbours who have nothing else
in common.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from checks.contacts.linkage.compare import ABSENT, Compared, Field
from checks.contacts.linkage.roles import Role
from checks.contacts.linkage.scales import DIFFERS, NEAR, TEXT, Levels, Scale
from checks.contacts.linkage.values import MISSING

FINEST_FIRST: Final = (Role.STREET, Role.POSTCODE, Role.CITY, Role.STATE, Role.COUNTRY)
"""Roles of places; fields of them are compared in this order."""

_NUMBER: Final = re.compile(r"[0-9]+")


class Place:
    """The finest part of an address that each of some pairs agrees in, so far."""

    def __init__(self, pairs: int) -> None:
        """Begin with nothing compared."""
        self._finest: npt.NDArray[np.int64] = np.full(pairs, len(FINEST_FIRST))

    def told_once(self, field: Field, compared: Compared) -> Compared:
        """Return what a field adds: agreement that a finer one implies says nothing more."""
        if field.role not in FINEST_FIRST:
            return compared
        rank = FINEST_FIRST.index(field.role)
        agrees = compared.levels >= min(NEAR, field.scale.top)
        implied = agrees & (self._finest < rank)
        self._finest[agrees] = np.minimum(self._finest[agrees], rank)
        return Compared(
            np.where(implied, ABSENT, compared.levels).astype(np.int8),
            np.where(implied, MISSING, compared.shared),
        )


def _near_streets(left: Sequence[str], right: Sequence[str]) -> Levels:
    numbers = [[set(_NUMBER.findall(text)) for text in side] for side in (left, right)]
    other_house = [bool(a and b and a.isdisjoint(b)) for a, b in zip(*numbers, strict=True)]
    return np.where(other_house, DIFFERS, TEXT.nearness(left, right)).astype(np.int8)


STREET: Final = Scale(TEXT.levels, _near_streets)
"""Street and number in any order; another number is another house."""
