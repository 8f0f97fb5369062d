"""Which debtors of a creditor are one person or company, and of which it is not certain.

A wrong merge tells one person's debt to another, a missed one sends two notices. So there are two
thresholds: debtors that are certainly one get one cluster, and lend each other their addresses;
those that are only likely to be one stay apart and are named to a person, who decides. Two CNPJ of
one root (branches) are two tax ids: each establishment gets its own invoices, and only enrichment
looks at the root.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from checks.contacts.certain import CERTAINTY, SINGLE, certain_clusters
from checks.contacts.debtors import TAX_ID, grouped_by_tax_id, material_of, table_of
from checks.contacts.linkage.link import Decisions, Progress, link
from checks.contacts.linkage.model import LinkModel
from checks.contacts.linkage.stable import CHANGES, keep_names
from checks.contacts.model import MatchReference
from checks.errors import InputRefusedError
from checks.frames import CLUSTERS, empty, shaped

CLUSTER_PREFIX: Final = "c:"
"""Stands before the debtor id that a cluster is named after, so that the two are not confused."""

DECIDED_PAIRS: Final = pl.Schema(
    {
        "creditor_id": pl.String(),
        "left_id": pl.String(),
        "right_id": pl.String(),
        "same": pl.Boolean(),
    }
)
"""Pairs of debtors that a person has said are one, or two."""

SAME: Final = "same"
DIFFERENT: Final = "different"

DOUBTS: Final = pl.Schema(
    {
        "creditor_id": pl.String(),
        "pair": pl.Int64(),  # from 0 for each creditor
        "debtor_id": pl.String(),
        "probability": pl.Float64(),  # that the pair's debtors are one; null: decided
        "decision": pl.String(),  # same | different; null: a person is to look
    }
)
"""Two rows per pair of debtors who may be one, kept apart until a person says so.

Decided pairs are among them, so that what is shown to a person again holds what was said before.
"""

_OPEN: Final = pl.Schema(
    {"left_id": pl.String(), "right_id": pl.String(), "probability": pl.Float64()}
)

CLUSTER_CHANGES: Final = pl.Schema({"creditor_id": pl.String(), **CHANGES})
"""What became of clusters of earlier runs."""


@dataclass(frozen=True, slots=True)
class Matched:
    """CLUSTERS, DOUBTS and CLUSTER_CHANGES, and what was learnt of each creditor's debtors.

    `refused` says of creditors whose debtors could not be compared why; there a common tax id is
    all that counts.
    """

    clusters: pl.DataFrame
    doubts: pl.DataFrame
    changes: pl.DataFrame
    models: Mapping[str, LinkModel]
    refused: Mapping[str, str]


def find_clusters(
    debtors: pl.DataFrame,
    contacts: pl.DataFrame,
    reference: MatchReference,
    *,
    certainty: float = CERTAINTY,
    before: pl.DataFrame | None = None,
    decided: pl.DataFrame | None = None,
    progress: Progress | None = None,
) -> Matched:
    """Return which DEBTORS are one; nothing crosses creditors, the order of rows plays no part.

    `contacts` has `creditor_id, debtor_id, address` (normalised; null where the shape is
    impossible) and may hold several rows a debtor. `before` are CLUSTERS of earlier runs, whose
    names are kept, `decided` DECIDED_PAIRS.
    """
    names = _by_creditor(empty(CLUSTERS) if before is None else before)
    pairs = _by_creditor(empty(DECIDED_PAIRS) if decided is None else decided)
    mailboxes = _by_creditor(contacts)
    found = {
        creditor: _match(
            table_of(own, mailboxes.get(creditor, contacts.clear())),
            _Known(names.get(creditor, empty(CLUSTERS)), pairs.get(creditor, empty(DECIDED_PAIRS))),
            reference,
            certainty,
            progress,
        )
        for creditor, own in sorted(_by_creditor(debtors).items())
    }
    return Matched(
        clusters=_stacked({name: each.clusters for name, each in found.items()}, CLUSTERS),
        doubts=_stacked({name: each.doubts for name, each in found.items()}, DOUBTS),
        changes=_stacked({name: each.changes for name, each in found.items()}, CLUSTER_CHANGES),
        models={name: each.model for name, each in found.items() if each.model},
        refused={name: each.refused for name, each in found.items() if each.refused},
    )


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of one creditor's debtors: CLUSTERS of earlier runs, and DECIDED_PAIRS."""

    before: pl.DataFrame
    decided: pl.DataFrame


@dataclass(frozen=True, slots=True)
class _Found:
    """What one creditor's debtors give; frames without `creditor_id`."""

    clusters: pl.DataFrame
    doubts: pl.DataFrame
    changes: pl.DataFrame
    model: LinkModel | None
    refused: str


def _by_creditor(frame: pl.DataFrame) -> dict[str, pl.DataFrame]:
    parts = frame.partition_by("creditor_id", as_dict=True)
    return {str(creditor): part for (creditor,), part in parts.items()}


def _stacked(parts: Mapping[str, pl.DataFrame], schema: pl.Schema) -> pl.DataFrame:
    told = [part.with_columns(creditor_id=pl.lit(name)) for name, part in parts.items()]
    return pl.concat([empty(schema), *(shaped(part, schema) for part in told)])


def _match(
    table: pl.DataFrame,
    known: _Known,
    reference: MatchReference,
    certainty: float,
    progress: Progress | None,
) -> _Found:
    ids = table["debtor_id"]
    material = material_of(table, reference)
    try:
        linked = link(material, decisions=_decisions(known.decided, ids), progress=progress)
    except InputRefusedError as refusal:
        return _by_tax_id(table, known, refusal)
    certain = certain_clusters(material, linked, certainty)
    joined = pl.DataFrame({"record_id": ids, "cluster": certain.clusters, "link": certain.links})
    clusters, changes = _named(joined, known.before)
    doubts = _doubts(
        certain.doubts.with_columns(
            left_id=ids.gather(certain.doubts["left"]), right_id=ids.gather(certain.doubts["right"])
        ),
        known.decided,
    )
    return _Found(clusters, doubts, changes, linked.model, "")


def _by_tax_id(table: pl.DataFrame, known: _Known, refusal: InputRefusedError) -> _Found:
    """Return the clusters of equal tax ids, all that can be said where nothing can be compared.

    Whoever a person has told from somebody else stays alone.
    """
    told_apart = known.decided.filter(~pl.col("same"))
    alone = pl.concat([told_apart["left_id"], told_apart["right_id"]]).unique()
    grouped = grouped_by_tax_id(table, alone)
    several = pl.len().over("cluster") > 1
    link_ = pl.when(several).then(pl.lit(TAX_ID)).otherwise(pl.lit(SINGLE))
    clusters, changes = _named(grouped.with_columns(link=link_), known.before)
    return _Found(clusters, _doubts(empty(_OPEN), known.decided), changes, None, refusal.problem)


def _decisions(decided: pl.DataFrame, ids: pl.Series) -> Decisions | None:
    """Return the decided pairs by their places; those of debtors who are gone are passed over.

    Who was called both same and different is different: two notices do less harm.
    """
    places = pl.DataFrame({"id": ids}).with_row_index("place").cast({"place": pl.Int64})
    one, other = pl.col("place"), pl.col("place_right")
    found = (
        decided.join(places, left_on="left_id", right_on="id")
        .join(places, left_on="right_id", right_on="id", suffix="_right")
        .filter(one != other)
        .group_by(low=pl.min_horizontal(one, other), high=pl.max_horizontal(one, other))
        .agg(pl.col("same").min())
        .sort("low", "high")
    )
    if found.is_empty():
        return None
    left, right, same = (found[name].to_numpy() for name in ("low", "high", "same"))
    return Decisions(left, right, np.asarray(same, np.bool_))


def _named(joined: pl.DataFrame, before: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return clusters under the names they had before, and CHANGES."""
    plain = before.select(
        record_id="debtor_id", cluster_id=pl.col("cluster_id").str.strip_prefix(CLUSTER_PREFIX)
    )
    names, changes = keep_names(joined.select("record_id", "cluster"), plain)
    clusters = joined.select(debtor_id="record_id", cluster_id=CLUSTER_PREFIX + names, link="link")
    prefixed = [(CLUSTER_PREFIX + pl.col(name)).alias(name) for name in ("cluster_id", "of")]
    return clusters, changes.with_columns(prefixed)


def _doubts(open_: pl.DataFrame, decided: pl.DataFrame) -> pl.DataFrame:
    """Return DOUBTS of open pairs (`left_id, right_id, probability`) and of decided ones."""
    word = pl.when("same").then(pl.lit(SAME)).otherwise(pl.lit(DIFFERENT))
    said = decided.unique().select("left_id", "right_id", decision=word)
    pairs = pl.concat([open_.select(_OPEN.names()), said], how="diagonal")
    order = [pl.col("probability"), pl.col("left_id"), pl.col("right_id"), pl.col("decision")]
    return (
        pairs.sort(order, descending=[True, False, False, False], nulls_last=True)
        .with_row_index("pair")
        .unpivot(
            on=["left_id", "right_id"],
            index=["pair", "probability", "decision"],
            value_name="debtor_id",
        )
        .sort("pair", "debtor_id")
    )
