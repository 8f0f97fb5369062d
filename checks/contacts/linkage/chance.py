"""How often values agree by chance, and how telling it is to share a rare or a common one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from checks.contacts.linkage.compare import Field
from checks.contacts.linkage.model import Shares
from checks.contacts.linkage.roles import Role
from checks.contacts.linkage.tax_ids import TAX_ID
from checks.contacts.linkage.values import MISSING, Codes, ValueLists, Values

DRAWS: Final = 300_000
"""Pairs of values drawn for the levels below equal; of fewer records every pair is counted."""

RARER: Final = 4.0
"""Log-odds that a rare value may add at most."""

COMMONER: Final = 6.0
"""Log-odds that a common value may take away at most."""

_BELIEF: Final = 1_000.0  # pairs, and records, that the belief below counts for
_BELIEVED: Final[Mapping[Role, float]] = {
    Role.NAME: 1e-4,
    Role.GIVEN_NAME: 1e-2,
    Role.SURNAME: 5e-3,
    Role.ORGANISATION: 1e-5,
    Role.BIRTH_DATE: 5e-5,
    Role.TAX_ID: 1e-7,
    Role.EMAIL: 1e-6,
    Role.PHONE: 1e-6,
    Role.STREET: 1e-3,
    Role.POSTCODE: 2e-3,
    Role.CITY: 2e-2,
    Role.STATE: 0.1,
    Role.COUNTRY: 0.5,
    Role.OTHER: 0.1,
}
"""How often two persons agree, before the table is looked at: decides in one of a few rows."""

_SAME_ID: Final = 1e-6
"""Chance that two persons have one id: what stands twice in a column of ids is mostly no chance."""

_MOST_PARTNERS: Final = 3  # records of one id besides one; more, and the column holds no ids
_PSEUDO: Final = 0.5  # added to each level, so that none is impossible
_MOST_EQUAL: Final = 0.999

Counts = npt.NDArray[np.float64]


def chance_of(field: Field, seed: int) -> Shares:
    """Return the share of each level among pairs of two persons (levels).

    Equality is counted from the values' frequencies, the levels below from pairs of values drawn
    by frequency: neither depends on the order of records nor on which pairs were compared.
    """
    marked, all_ = _holders(field)
    shares = _drawn_levels(field, marked, all_, seed)
    equal = float((marked * np.maximum(all_ - 1.0, 0.0)).sum())
    pairs = marked.sum() * max(all_.sum() - 1.0, 0.0)
    believed = _BELIEF * _BELIEVED[field.role]
    share = min((equal + believed) / (pairs + _BELIEF), _MOST_EQUAL)
    if field.role is Role.TAX_ID and equal <= _MOST_PARTNERS * all_.sum():
        share = min(share, _SAME_ID)
    shares[:-1] *= (1.0 - share) / shares[:-1].sum()
    shares[-1] = share
    return shares


def _holders(field: Field) -> tuple[Counts, Counts]:
    """Return how many marked records, and how many at all, hold each value."""
    all_ = field.values.counts.astype(np.float64)
    if field.where is None or not isinstance(field.values, Values):
        return all_, all_
    codes = field.values.codes[field.where]
    marked = np.bincount(codes[codes != MISSING], minlength=len(all_))
    return marked.astype(np.float64), all_


def _drawn_levels(field: Field, marked: Counts, all_: Counts, seed: int) -> Shares:
    draw = np.random.default_rng(seed)
    shares = np.full(len(field.scale.levels), _PSEUDO)
    if marked.sum() and all_.sum():
        few = marked.sum() * all_.sum() <= DRAWS
        one, other, times = _every_pair(marked, all_) if few else _drawn_pairs(marked, all_, draw)
        differ = one != other
        levels = field.scale.near(field.values, one[differ], other[differ])
        shares += np.bincount(levels, weights=times[differ], minlength=len(shares))
    if isinstance(field.values, ValueLists):
        shares[1:] *= max(field.values.spread, 1.0) ** 2  # the nearest of several values counts
    return np.asarray(shares / shares.sum())


def _every_pair(marked: Counts, all_: Counts) -> tuple[Codes, Codes, Counts]:
    """Return all pairs of values, and how often each is met where `DRAWS` pairs are."""
    one, other = (np.flatnonzero(counts).astype(np.int64) for counts in (marked, all_))
    times = np.outer(marked[one], all_[other]) * (DRAWS / (marked.sum() * all_.sum()))
    return np.repeat(one, len(other)), np.tile(other, len(one)), times.ravel()


def _drawn_pairs(
    marked: Counts, all_: Counts, draw: np.random.Generator
) -> tuple[Codes, Codes, Counts]:
    """Return distinct pairs of values drawn by frequency, and how often each was."""
    one, other = (_drawn(counts, draw) for counts in (marked, all_))
    pairs, times = np.unique(one * len(all_) + other, return_counts=True)
    return pairs // len(all_), pairs % len(all_), times.astype(np.float64)


def _drawn(counts: Counts, draw: np.random.Generator) -> npt.NDArray[np.int64]:
    held = np.repeat(np.arange(len(counts)), counts.astype(np.int64))
    return np.asarray(held[(draw.random(DRAWS) * len(held)).astype(np.int64)])


def rarity(field: Field, shared: Codes, equal: float) -> npt.NDArray[np.float32]:
    """Return what the value that each pair shares (`MISSING`: none) adds to the weight of equality.

    `equal` is the chance share of equality: a value as common as that adds nothing. One valid tax
    id is as telling as another, whatever their frequency.
    """
    counts, held = field.values.counts, field.values.known
    added = np.zeros(len(shared), np.float32)
    if field.scale is TAX_ID:
        return added
    known = shared != MISSING
    share = (counts[shared[known]] + _BELIEF * equal) / (held + _BELIEF)
    if field.role is Role.TAX_ID:  # an id that two records hold is the usual case
        equal = max(equal, (2.0 + _BELIEF * equal) / (held + _BELIEF))
    added[known] = np.clip(np.log(equal / share), -COMMONER, RARER)
    return added
