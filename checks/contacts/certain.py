"""Which linked debtors are certainly one: enough to be written to at each other's addresses.

Linking asks what is likelier; sending asks what a wrong merge would do. Two debtors are one for
sending where the evidence between them reaches a stricter probability, and where more than one
thing speaks for it: a valid tax id, or a name together with a mailbox or a phone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from checks.contacts.debtors import EMAIL, NAME, PHONE, TAX_ID
from checks.contacts.linkage.cluster import DECIDED, Vetoes, cluster_pairs
from checks.contacts.linkage.explain import probability, steps_of
from checks.contacts.linkage.fields import Material
from checks.contacts.linkage.link import Linked
from checks.contacts.linkage.texts import sound
from checks.contacts.linkage.values import MISSING, Codes, Values

CERTAINTY: Final = 0.95
"""Least probability that two debtors are one, for the one's debt to go to the other's address."""

SINGLE: Final = "single"
DECISION: Final = "decision"

_COMPANY: Final = f"{NAME} (company)"
_SUFFIX: Final = "suffix"
_TOLD_AS: Final = {_COMPANY: NAME, _SUFFIX: NAME}
_EQUAL: Final = "equal"
_SAME_NAME: Final = ("near", "same_words", _EQUAL)
_WORDS: Final = {NAME: 2, _COMPANY: 1}
"""Words that a name has at least; a first name alone is many people's."""


@dataclass(frozen=True)
class Certain:
    """The clusters to send by (n), how each debtor joined its own (n), and doubtful pairs.

    `doubts` has `left, right` (record numbers) and `probability`: linked, and yet kept apart.
    """

    clusters: Codes
    links: pl.Series
    doubts: pl.DataFrame


def certain_clusters(material: Material, linked: Linked, certainty: float = CERTAINTY) -> Certain:
    """Return which records are one with at least this certainty; none that `linked` keeps apart."""
    rows = np.flatnonzero(linked.clusters[linked.pairs.left] == linked.clusters[linked.pairs.right])
    left, right = linked.pairs.left[rows], linked.pairs.right[rows]
    weight = linked.weight[rows]
    told = steps_of(material, linked, rows)
    held = _holds(told, rows, _names_agree(material, left, right)) | (weight >= DECIDED / 2)
    # what speaks against has been counted when the pairs were linked
    beyond = np.maximum(weight - np.log(certainty / (1.0 - certainty)), 0.0)
    clusters = cluster_pairs(left, right, np.where(held, beyond, 0.0), _vetoes(material))
    joined = clusters[left] == clusters[right]
    doubtful = ~joined & ~material.vetoes.between(left, right)
    doubts = pl.DataFrame(
        {
            "left": left[doubtful],
            "right": right[doubtful],
            "probability": probability(weight[doubtful]),
        }
    )
    return Certain(clusters, _links(told, rows[joined], linked), doubts)


def _vetoes(material: Material) -> Vetoes:
    """Return the vetoes of linking, and any two tax ids, though one may be a typing error."""
    tax_ids = [
        field.values.codes
        for field in material.fields
        if field.name == TAX_ID and isinstance(field.values, Values)
    ]
    return replace(material.vetoes, others=(*material.vetoes.others, *tax_ids))


def _holds(
    told: pl.DataFrame, rows: Codes, names_agree: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """Tell which pairs have a tax id in common, or a name with a mailbox or a phone.

    A suffix of one only (Filho, Neto) may have been left out, or tells father from son.
    """
    field, level = pl.col("field"), pl.col("level")
    held = told.group_by("pair").agg(
        tax_id=((field == TAX_ID) & (level == _EQUAL)).any(),
        name=(field.is_in(list(_WORDS)) & level.is_in(_SAME_NAME)).any(),
        reach=(field.is_in([EMAIL, PHONE]) & (level == _EQUAL)).any(),
        suffix=((field == _SUFFIX) & (level != _EQUAL)).any(),
    )
    known = pl.DataFrame({"pair": rows, "agree": names_agree}).join(
        held, on="pair", how="left", maintain_order="left"
    )
    name = pl.col("name") & pl.col("agree") & ~pl.col("suffix")
    holds = pl.col("tax_id") | (name & pl.col("reach"))
    return np.asarray(known.select(holds.fill_null(value=False)).to_series().to_numpy(), np.bool_)


def _names_agree(material: Material, left: Codes, right: Codes) -> npt.NDArray[np.bool_]:
    """Tell which pairs have names that nothing in them tells apart."""
    agree = np.zeros(len(left), np.bool_)
    for field in material.fields:
        if field.name in _WORDS and isinstance(field.values, Values):
            one, other = (_texts(field.values, side) for side in (left, right))
            told = field.where is None or (field.where[left] | field.where[right])
            agree |= told & _agree(one, other, _WORDS[field.name])
    return agree


def _texts(values: Values, records: Codes) -> pl.Series:
    places = pl.Series("place", values.codes[records])
    known = places.to_frame().select(pl.when(pl.col("place") != MISSING).then("place"))
    return values.texts.gather(known["place"])


def _agree(left: pl.Series, right: pl.Series, words: int) -> npt.NDArray[np.bool_]:
    """Tell of folded names, row by row, whether nothing speaks against their being one's.

    The first word of one stands in the other, or is its initial: Marcia is not her sister Maria.
    Numbers are the same ones: Solar 12 is not Solar 13. Both have at least so many `words`.

    >>> _agree(pl.Series(["marcia lima", "a lima", "tiago reis", "solar 12"]),
    ...        pl.Series(["maria lima", "ana lima", "reis thiago", "solar 13"]), 2).tolist()
    [False, True, True, False]
    """
    spoken = [sound(pl.col(side)).str.split(" ") for side in ("left", "right")]
    pairs = pl.DataFrame({"left": left, "right": right}).select(
        left=spoken[0], right=spoken[1], one=spoken[0].list.first(), other=spoken[1].list.first()
    )
    one, other = pl.col("one"), pl.col("other")
    short = pl.min_horizontal(one.str.len_chars(), other.str.len_chars()) == 1
    initial = short & (one.str.head(1) == other.str.head(1))
    first = pl.col("right").list.contains(one) | pl.col("left").list.contains(other) | initial
    numbers = [
        pl.col(side).list.eval(pl.element().filter(pl.element().str.contains("[0-9]"))).list.sort()
        for side in ("left", "right")
    ]
    long_enough = pl.min_horizontal(pl.col("left", "right").list.len()) >= words
    found = first & (numbers[0] == numbers[1]) & long_enough
    return np.asarray(pairs.select(found.fill_null(value=False)).to_series().to_numpy(), np.bool_)


def _links(told: pl.DataFrame, rows: Codes, linked: Linked) -> pl.Series:
    """Return for each record what weighs most in its strongest bond; SINGLE where there is none."""
    total = pl.col("weight") + pl.col("rarity")
    most = (
        told.filter(pl.col("field") != "prior")
        .sort("pair", total, "field", descending=[False, True, False])
        .group_by("pair", maintain_order=True)
        .agg(link=pl.col("field").first().replace(_TOLD_AS))
    )
    bonds = pl.DataFrame(
        {
            "pair": rows,
            "left": linked.pairs.left[rows],
            "right": linked.pairs.right[rows],
            "bond": linked.weight[rows],
        }
    ).join(most, on="pair", how="left", maintain_order="left")
    decided = pl.col("bond") >= DECIDED / 2
    said = bonds.with_columns(link=pl.when(decided).then(pl.lit(DECISION)).otherwise("link"))
    strongest = (
        said.unpivot(on=["left", "right"], index=["link", "bond"], value_name="record")
        .sort("record", "bond", "link", descending=[False, True, False])
        .group_by("record", maintain_order=True)
        .agg(pl.col("link").first())
    )
    everyone = pl.DataFrame({"record": np.arange(len(linked.clusters))})
    joined = everyone.join(strongest, on="record", how="left", maintain_order="left")
    return joined["link"].fill_null(SINGLE)
