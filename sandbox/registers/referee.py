"""How good a linking is, for one who knows the truth.

Frames of clusters hold `record_id` and `cluster_id`, frames of truth `record_id` and `entity`;
records that only one of them holds are refused.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True, slots=True)
class Agreement:
    """Precision and recall, both from 0 to 1; where nothing was to be found or said they are 1."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """The harmonic mean of the two.

        >>> Agreement(1.0, 0.5).f1
        0.6666666666666666
        """
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


@dataclass(frozen=True, slots=True)
class Quality:
    """What clusters are worth: by pairs of records, by records (B-cubed), and by size."""

    pairs: Agreement
    b_cubed: Agreement
    clusters: int
    largest: int  # records of the largest cluster


def judge_clusters(clusters: pl.DataFrame, truth: pl.DataFrame) -> Quality:
    """Return what the clusters are worth.

    B-cubed is that of Bagga and Baldwin (1998): the mean over records of the share of its
    cluster that is its entity's (precision), and of its entity that is in its cluster (recall).

    >>> truth = pl.DataFrame({"record_id": ["a", "b", "c"], "entity": [1, 1, 2]})
    >>> judge_clusters(truth.rename({"entity": "cluster_id"}), truth).pairs
    Agreement(precision=1.0, recall=1.0)
    """
    cells = _matched(clusters, truth).group_by("cluster_id", "entity").agg(pl.len().alias("both"))
    sizes = cells.with_columns(
        pl.col("both").sum().over("cluster_id").alias("said"),
        pl.col("both").sum().over("entity").alias("true"),
    )
    said = cells.group_by("cluster_id").agg(pl.col("both").sum())["both"]
    true = cells.group_by("entity").agg(pl.col("both").sum())["both"]
    right = _pairs(cells["both"])
    records = int(said.sum())
    squares = sizes["both"].cast(pl.Float64) ** 2
    return Quality(
        pairs=Agreement(_share(right, _pairs(said)), _share(right, _pairs(true))),
        b_cubed=Agreement(
            _share(_steady_sum(squares / sizes["said"]), records),
            _share(_steady_sum(squares / sizes["true"]), records),
        ),
        clusters=len(said),
        largest=max(said, default=0),
    )


def blocking_ceiling(pairs: pl.DataFrame, truth: pl.DataFrame) -> float:
    """Return the share of true pairs that were compared at all.

    `pairs` holds `left` and `right`, ids of records in any order; a pair counts once.
    """
    entity = truth.select("record_id", "entity")
    found = (
        pairs.select(
            pl.min_horizontal("left", "right").alias("left"),
            pl.max_horizontal("left", "right").alias("right"),
        )
        .unique()
        .join(entity, left_on="left", right_on="record_id")
        .join(entity, left_on="right", right_on="record_id", suffix="_right")
        .filter((pl.col("entity") == pl.col("entity_right")) & (pl.col("left") != pl.col("right")))
    )
    sizes = truth.group_by("entity").agg(pl.len().alias("both"))["both"]
    return _share(found.height, _pairs(sizes))


def wrong_send_rate(chosen: pl.DataFrame, truth: pl.DataFrame, owners: pl.DataFrame) -> float:
    """Return the share of records whose chosen address is somebody else's.

    `chosen` holds `record_id` and `email` (null: none chosen), `owners` holds `email` (lower
    case) and `entity`. An address that `owners` does not name reaches nobody.
    """
    sent = chosen.join(truth, on="record_id", how="left", validate="1:1").join(
        owners.rename({"entity": "owner"}),
        left_on=pl.col("email").str.to_lowercase(),
        right_on="email",
        how="left",
    )
    return _share(sent.filter(pl.col("owner") != pl.col("entity")).height, truth.height, empty=0.0)


def _matched(clusters: pl.DataFrame, truth: pl.DataFrame) -> pl.DataFrame:
    matched = clusters.select("record_id", "cluster_id").join(
        truth.select("record_id", "entity"), on="record_id", validate="1:1"
    )
    if not matched.height == clusters.height == truth.height:
        message = (
            f"{clusters.height} clustered records and {truth.height} true ones share only "
            f"{matched.height} ids; judge a linking by the truth of the same table"
        )
        raise ValueError(message)
    return matched


def _steady_sum(values: pl.Series) -> float:
    """Return a sum whose last digits do not depend on the order of rows."""
    return float(values.sort().sum())


def _pairs(sizes: pl.Series) -> int:
    return int((sizes.cast(pl.Int64) * (sizes.cast(pl.Int64) - 1)).sum()) // 2


def _share(part: float, whole: float, empty: float = 1.0) -> float:
    return part / whole if whole else empty
