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
from checks.contacts.linkage.values import Codes, Values

CERTAINTY: Final = 0.98
"""Least probability that two debtors are one, for the one's debt to go to the other's address."""

SINGLE: Final = "single"
DECISION: Final = "decision"

_COMPANY: Final = f"{NAME} (company)"
_SUFFIX: Final = "suffix"
_TOLD_AS: Final = {_COMPANY: NAME, _SUFFIX: NAME}
_EQUAL: Final = "equal"
_NEAR: Final = "near"
_SAME_WORDS: Final = ("same_words", _EQUAL)


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
    held = _holds(told, rows, _same_first_names(material, left, right)) | (weight >= DECIDED / 2)
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
    told: pl.DataFrame, rows: Codes, same_first: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """Tell which pairs have a tax id in common, or a name with a mailbox or a phone.

    A suffix of one only (Filho, Neto) may have been left out, or tells father from son; of names
    that are only near the first words must agree, or Marcia would be her sister Maria.
    """
    field, level = pl.col("field"), pl.col("level")
    is_name = field.is_in([NAME, _COMPANY])
    held = told.group_by("pair").agg(
        tax_id=((field == TAX_ID) & (level == _EQUAL)).any(),
        same=(is_name & level.is_in(_SAME_WORDS)).any(),
        near=(is_name & (level == _NEAR)).any(),
        reach=(field.is_in([EMAIL, PHONE]) & (level == _EQUAL)).any(),
        suffix=((field == _SUFFIX) & (level != _EQUAL)).any(),
    )
    known = pl.DataFrame({"pair": rows, "first": same_first}).join(
        held, on="pair", how="left", maintain_order="left"
    )
    name = pl.col("same") | (pl.col("near") & pl.col("first"))
    holds = pl.col("tax_id") | (name & pl.col("reach") & ~pl.col("suffix"))
    return np.asarray(known.select(holds.fill_null(value=False)).to_series().to_numpy(), np.bool_)


def _same_first_names(material: Material, left: Codes, right: Codes) -> npt.NDArray[np.bool_]:
    """Tell which pairs have names of which one's first word stands in the other, or its initial."""
    agree = np.zeros(len(left), np.bool_)
    for field in material.fields:
        if field.name in {NAME, _COMPANY} and isinstance(field.values, Values):
            agree |= _first_words_agree(_texts(field.values, left), _texts(field.values, right))
    return agree


def _texts(values: Values, records: Codes) -> pl.Series:
    places = pl.Series("place", values.codes[records])
    known = places.to_frame("place").select(pl.when(pl.col("place") >= 0).then("place"))
    return values.texts.gather(known["place"])


def _first_words_agree(left: pl.Series, right: pl.Series) -> npt.NDArray[np.bool_]:
    """Tell it row by row; a missing name agrees with none.

    >>> _first_words_agree(pl.Series(["marcia lima", "a lima", "tiago reis"]),
    ...                    pl.Series(["maria lima", "ana lima", "reis thiago"])).tolist()
    [False, True, True]
    """
    words = [sound(pl.col(side)).str.split(" ") for side in ("left", "right")]
    pairs = pl.DataFrame({"left": left, "right": right}).select(
        left=words[0], right=words[1], one=words[0].list.first(), other=words[1].list.first()
    )
    one, other = pl.col("one"), pl.col("other")
    short = pl.min_horizontal(one.str.len_chars(), other.str.len_chars()) == 1
    initial = short & (one.str.head(1) == other.str.head(1))
    found = pl.col("right").list.contains(one) | pl.col("left").list.contains(other) | initial
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
