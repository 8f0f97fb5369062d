"""Names of clusters that stay the same from run to run; merges and splits are told."""

from __future__ import annotations

from typing import Final

import polars as pl

CHANGES: Final = pl.Schema(
    {
        "event": pl.String(),  # merge | split
        "cluster_id": pl.String(),  # the name that went (merge) or came (split)
        "of": pl.String(),  # the cluster that took it in, or that it came from
    },
)
"""What became of clusters that were known before."""


def name_clusters(records: pl.DataFrame) -> pl.Series:
    """Return for each row the smallest `record_id` of its `cluster`: shorter first, then by text.

    >>> name_clusters(pl.DataFrame({"record_id": ["10", "9", "7"], "cluster": [0, 0, 1]})).to_list()
    ['9', '9', '7']
    """
    size = pl.col("record_id").str.len_bytes()
    smallest = pl.col("record_id").sort_by(size, "record_id").first().over("cluster")
    return records.select(cluster_id=smallest).to_series()


def keep_names(records: pl.DataFrame, before: pl.DataFrame) -> tuple[pl.Series, pl.DataFrame]:
    """Return the cluster id of each row, and CHANGES.

    `records` has `record_id` and `cluster`, `before` the earlier `record_id` and `cluster_id`. A
    name stays with the cluster that now holds the record it is taken from; where that record is
    gone, with the one that holds most of the earlier members. Of two names in one cluster the
    smaller stays.

    >>> now = pl.DataFrame({"record_id": ["1", "2", "3"], "cluster": [0, 1, 1]})
    >>> before = pl.DataFrame({"record_id": ["1", "2", "3"], "cluster_id": ["1", "1", "3"]})
    >>> ids, changes = keep_names(now, before)
    >>> ids.to_list(), changes.rows()
    (['1', '3', '3'], [('split', '3', '1')])
    """
    known = records.join(before, on="record_id", how="inner")
    owner = _owners(known)
    kept = (
        owner.sort(pl.col("cluster_id").str.len_bytes(), "cluster_id").group_by("cluster").first()
    )
    named = records.with_columns(fresh=name_clusters(records)).join(
        kept, on="cluster", how="left", maintain_order="left"
    )
    ids = named.select(cluster_id=pl.coalesce("cluster_id", "fresh")).to_series()
    return ids, _changes(known.with_columns(now=_now(known, records, ids)))


def _owners(known: pl.DataFrame) -> pl.DataFrame:
    """Return the `cluster` that each earlier `cluster_id` belongs to now."""
    votes = known.group_by("cluster_id", "cluster").agg(
        pl.len().alias("members"),
        (pl.col("record_id") == pl.col("cluster_id")).any().alias("holds_name"),
        pl.col("record_id").min().alias("first"),
    )
    best = votes.sort(
        "cluster_id", "holds_name", "members", "first", descending=[False, True, True, False]
    )
    return best.group_by("cluster_id", maintain_order=True).first().select("cluster_id", "cluster")


def _now(known: pl.DataFrame, records: pl.DataFrame, ids: pl.Series) -> pl.Series:
    current = records.select("record_id", now=ids)
    return known.join(current, on="record_id", how="left", maintain_order="left")["now"]


def _changes(known: pl.DataFrame) -> pl.DataFrame:
    moves = known.select("cluster_id", "now").unique().filter(pl.col("cluster_id") != pl.col("now"))
    stayed = known["now"].unique().to_list()
    merged = moves.filter(~pl.col("cluster_id").is_in(stayed)).select(
        pl.lit("merge").alias("event"), "cluster_id", of="now"
    )
    split = moves.filter(pl.col("cluster_id").is_in(stayed)).select(
        pl.lit("split").alias("event"), cluster_id="now", of="cluster_id"
    )
    return pl.concat([merged, split]).sort("event", "cluster_id", "of").cast(CHANGES)
