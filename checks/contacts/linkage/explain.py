"""Why records are one or two: how sure that is, the steps of a pair, what a person should see."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from checks.contacts.linkage.cluster import Vetoes, Weights
from checks.contacts.linkage.compare import ABSENT
from checks.contacts.linkage.evidence import rarity_again
from checks.contacts.linkage.fields import Material
from checks.contacts.linkage.link import Linked
from checks.contacts.linkage.values import Codes

STEPS: Final = pl.Schema(
    {
        "pair": pl.Int64(),  # row among the pairs
        "field": pl.String(),  # "prior": before anything was compared
        "level": pl.String(),
        "weight": pl.Float64(),  # log-odds that the level adds
        "rarity": pl.Float64(),  # log-odds that the shared value adds to it
    },
)
"""What makes up a pair's log-odds; a field of which one record has no value has no step."""

WORTH_KEEPING: Final = 0.05
"""A pair in no common cluster is explained from this probability on."""

_STEEPEST: Final = 500.0  # beyond it exp() leaves the numbers


def probability(log_odds: Weights) -> Weights:
    """Return the probability that log-odds stand for.

    >>> probability(np.array([0.0, 3.0])).round(3).tolist()
    [0.5, 0.953]
    """
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(log_odds, -_STEEPEST, _STEEPEST))))


def certainties(linked: Linked, vetoes: Vetoes) -> Weights:
    """Return how sure each record's (n) place is.

    Of a record in a cluster: the probability of its strongest bond inside. Of a single one: what
    is left by the strongest bond that was not followed, vetoed ones aside.
    """
    left, right = linked.pairs.left, linked.pairs.right
    inside = linked.clusters[left] == linked.clusters[right]
    open_ = ~inside & ~vetoes.between(left, right)
    bond = _strongest(linked, inside)
    sizes = np.bincount(linked.clusters, minlength=len(linked.clusters))[linked.clusters]
    return np.where(sizes > 1, probability(bond), 1.0 - probability(_strongest(linked, open_)))


def _strongest(linked: Linked, counted: npt.NDArray[np.bool_]) -> Weights:
    best = np.full(len(linked.clusters), -np.inf)
    for side in (linked.pairs.left, linked.pairs.right):
        np.maximum.at(best, side[counted], linked.weight[counted])
    return best


def kept_rows(linked: Linked) -> Codes:
    """Return the rows of pairs that are in one cluster, or nearly were."""
    inside = linked.clusters[linked.pairs.left] == linked.clusters[linked.pairs.right]
    return np.flatnonzero(inside | (probability(linked.weight) >= WORTH_KEEPING))


def review_rows(linked: Linked, vetoes: Vetoes, most: int) -> Codes:
    """Return at most `most` rows of pairs, those first of which a mistake would cost most.

    What a mistake costs is how likely it is, times the pairs of records that it would join or
    tear apart. Pairs that a veto or a person has decided are left out.
    """
    rows = kept_rows(linked)
    left, right = linked.pairs.left[rows], linked.pairs.right[rows]
    rows = rows[~vetoes.between(left, right) & (np.abs(linked.weight[rows]) < _STEEPEST)]
    left, right = linked.pairs.left[rows], linked.pairs.right[rows]
    same = linked.clusters[left] == linked.clusters[right]
    chance = probability(linked.weight[rows])
    sizes = np.bincount(linked.clusters, minlength=len(linked.clusters))
    one, other = sizes[linked.clusters[left]], sizes[linked.clusters[right]]
    touched = np.where(same, np.maximum(one - 1, 1), one * other)
    cost = np.where(same, 1.0 - chance, chance) * touched
    return rows[np.lexsort((right, left, -cost))][:most]


def steps_of(material: Material, linked: Linked, rows: Codes) -> pl.DataFrame:
    """Return STEPS of the pairs of `rows`; they sum up to the pairs' log-odds."""
    names, shown = ["prior"], [""]
    levels = np.full((len(rows), len(material.fields) + 1), ABSENT, np.int16)
    weight = np.zeros(levels.shape)
    rarity = np.zeros(levels.shape, np.float32)
    levels[:, 0], weight[:, 0] = 0, linked.model.prior(material.records)
    left, right = linked.pairs.left[rows], linked.pairs.right[rows]
    patterns = linked.patterns[linked.pattern_of[rows]]
    for at, (field, learnt) in enumerate(zip(material.fields, linked.model.fields, strict=True)):
        found = patterns[:, at]
        levels[:, at + 1] = np.where(found == ABSENT, ABSENT, found + np.int16(len(shown)))
        weight[:, at + 1] = np.append(learnt.weights(), 0.0)[found]
        rarity[:, at + 1] = rarity_again(field, found, left, right, learnt.u[-1])
        names.append(field.name)
        shown.extend(field.scale.levels)
    pair, place = np.nonzero(levels != ABSENT)
    return pl.DataFrame(
        {
            "pair": rows[pair],
            "field": pl.Series(names).gather(place),
            "level": pl.Series(shown).gather(levels[pair, place]),
            "weight": weight[pair, place],
            "rarity": rarity[pair, place].astype(np.float64),
        },
        schema=STEPS,
    )
