"""What every field says of pairs of records, told once: the same for linking and for explaining."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from checks.contacts.linkage.chance import rarity
from checks.contacts.linkage.compare import Compared, Field, compare_field
from checks.contacts.linkage.places import Place
from checks.contacts.linkage.scales import WORKERS
from checks.contacts.linkage.tax_ids import TAX_ID
from checks.contacts.linkage.values import Codes


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

    Finer parts of an address come before those that they imply, as the fields do. One valid tax id
    is as telling as another, whatever their frequency.
    """
    place = Place()
    with ThreadPoolExecutor(WORKERS) as workers:
        found = workers.map(lambda field: compare_field(field, left, right), fields)
    for field, share, levels in zip(fields, equal, found, strict=True):
        compared = place.told_once(field, levels)
        if field.scale is TAX_ID:
            yield Evidence(field, compared, np.zeros(len(left), np.float32))
        else:
            yield Evidence(field, compared, rarity(field, compared, share))
