"""Which records may be one debtor: pairs that share a mailbox or a phone and agree on the name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import polars as pl
from rapidfuzz import fuzz
from rapidfuzz.process import cpdist

from checks.contacts.model import MatchBounds

EDGES: Final = pl.Schema(
    {
        "left": pl.UInt32(),  # record number
        "right": pl.UInt32(),
        "link": pl.String(),  # address_name | phone_name
        "similarity": pl.Float64(),  # of the names, 0 to 100
    },
)
"""One row per pair of records that may be joined."""

_BLOCK: Final = ("creditor_id", "value")
_ALIKE: Final = (*_BLOCK, "first_key", "generation", "numbers")


def propose_edges(keyed: pl.DataFrame, link: str, bounds: MatchBounds) -> pl.DataFrame:
    """Return EDGES of records that share a value and whose names agree.

    `keyed` holds one row per record and shared `value` (a mailbox, a phone), with the record's
    number `node`, its valid `tax_code` (null: none) and NAME_PARTS. A record without a tax id
    whose block holds several tax ids is left alone: whose it is cannot be told.
    """
    telling = keyed.filter(pl.col("name_key").is_not_null() & pl.col("value").is_not_null())
    equal = _equal_names(telling)
    alike = _similar_names(telling, bounds)
    edges = pl.concat([equal, alike]).filter(pl.col("left") != pl.col("right"))
    return edges.select("left", "right", pl.lit(link).alias("link"), "similarity")


def _equal_names(keyed: pl.DataFrame) -> pl.DataFrame:
    """Link all records of one block and one name to an anchor: a star, linear in the block."""
    same = [*_BLOCK, "name_key", "generation"]
    with_tax_id = pl.col("node").filter(pl.col("tax_code").is_not_null())
    anchored = _undisputed(keyed, same).with_columns(
        anchor=pl.coalesce(with_tax_id.min(), pl.col("node").min()).over(same),
    )
    return anchored.select(
        left=pl.min_horizontal("anchor", "node"),
        right=pl.max_horizontal("anchor", "node"),
        similarity=pl.lit(100.0),
    )


def _similar_names(keyed: pl.DataFrame, bounds: MatchBounds) -> pl.DataFrame:
    """Compare the distinct names of small blocks pair by pair, first words sounding alike."""
    distinct = _undisputed(keyed, _ALIKE).group_by(*_ALIKE, "name_key").agg(pl.col("node").min())
    names_in_block = pl.len().over(_ALIKE)
    small = distinct.filter((names_in_block > 1) & (names_in_block <= bounds.block_names))
    pairs = small.join(small, on=list(_ALIKE), suffix="_right").filter(
        pl.col("node") < pl.col("node_right"),
    )
    return (
        pairs.with_columns(similarity=_similarity(pairs))
        .filter(pl.col("similarity") >= bounds.name_similarity)
        .select("similarity", left="node", right="node_right")
        .select("left", "right", "similarity")
    )


def _undisputed(keyed: pl.DataFrame, block: Sequence[str]) -> pl.DataFrame:
    return keyed.filter(pl.col("tax_code").drop_nulls().n_unique().over(block) <= 1)


def _similarity(pairs: pl.DataFrame) -> pl.Series:
    scores = cpdist(
        pairs["name_key"].to_list(),
        pairs["name_key_right"].to_list(),
        scorer=fuzz.ratio,
        dtype=np.float32,
    )
    return pl.Series(scores, dtype=pl.Float64)
