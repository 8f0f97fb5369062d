"""What every field says of pairs of records, told once: the same for linking and for explaining."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from checks.contacts.linkage.chance import rarity
from checks.contacts.linkage.compare import Compared, Field, compare_field, shared_values
from checks.contacts.linkage.places import Place
from checks.contacts.linkage.scales import WORKERS, Levels
from checks.contacts.linkage.values import MISSING, Codes


@dataclass(frozen=True)
class Evidence:
    """The levels of pairs in one field, and what a rare or common shared value adds (pairs)."""

    field: Field
    compared: Compared
    rarity: npt.NDArray[np.float32]


def evidence_of(
    fields: Sequence[Field], left: Codes, right: Codes, equal: Sequence[float]
) -> Iterator[Evidence]:
    """Yield what each field says of pairs; `equal` is how often each agrees by chance.

    Finer parts of an address come before those that they imply, as the fields do.
    """
    place = Place()
    with ThreadPoolExecutor(WORKERS) as workers:
        found = workers.map(lambda field: compare_field(field, left, right), fields)
    for field, share, levels in zip(fields, equal, found, strict=True):
        compared = place.told_once(field, levels)
        yield Evidence(field, compared, rarity(field, compared.shared, share))


def rarity_again(
    field: Field, levels: Levels, left: Codes, right: Codes, equal: float
) -> npt.NDArray[np.float32]:
    """Return what shared values add to pairs whose levels are known: nothing is compared again."""
    shared = np.full(len(left), MISSING)
    top = np.flatnonzero(levels == field.scale.top)
    shared[top] = shared_values(field, left[top], right[top])
    return rarity(field, shared, equal)
