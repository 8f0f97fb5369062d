"""Which records of a creditor are one debtor.

Three kinds of evidence, best first: a valid tax id in common; a mailbox in common and names that
agree; a phone in common and names that agree. Two different valid tax ids, two generations
(Filho, Júnior, Neto) or a person and a company never come into one cluster, however they are
linked. Two CNPJ of one root (branches) are two tax ids: each establishment gets its own invoices,
and only enrichment looks at the root.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from checks.contacts.addresses import address_key
from checks.contacts.edges import propose_edges
from checks.contacts.model import MatchBounds, MatchReference
from checks.contacts.names import NAME_PARTS, name_parts
from checks.contacts.union import UNKNOWN, unite
from checks.frames import CLUSTERS, shaped

LINKS: Final = pl.Enum(["tax_id", "address_name", "phone_name"])
"""How a debtor joined its cluster, best first; a cluster of one says `single`."""

_TAX_ID: Final = pl.lit("tax_id", dtype=LINKS)

CLUSTER_PREFIX: Final = "c:"
"""Stands before the smallest debtor id of a cluster, so that the two ids are not confused."""


def find_clusters(
    debtors: pl.DataFrame,
    contacts: pl.DataFrame,
    reference: MatchReference,
    bounds: MatchBounds | None = None,
) -> pl.DataFrame:
    """Return CLUSTERS of DEBTORS; nothing crosses creditors, the order of rows plays no part.

    `contacts` has `creditor_id, debtor_id, address` (normalised; null where the shape is
    impossible) and may hold several rows a debtor.
    """
    bounds = bounds or MatchBounds()
    records = _numbered_records(debtors, reference, bounds)
    edges = pl.concat(
        [
            propose_edges(_by_mailbox(records, contacts, reference), "address_name", bounds),
            propose_edges(records.with_columns(value=pl.col("phone")), "phone_name", bounds),
        ],
    )
    return _labelled(records, _best_first(edges, records))


def _numbered_records(
    debtors: pl.DataFrame,
    reference: MatchReference,
    bounds: MatchBounds,
) -> pl.DataFrame:
    """Give the debtors numbers in order of creditor and id, name parts and a code per tax id."""
    names = debtors.select("name", "kind").drop_nulls("name").unique()
    records = (
        debtors.select("creditor_id", "debtor_id", "kind", "name", "tax_id", "phone")
        .join(name_parts(names, reference.names), on=["name", "kind"], how="left")
        .sort("creditor_id", "debtor_id")
        .with_row_index("node")
    )
    same_tax_id = ["creditor_id", "tax_id"]
    known = pl.col("tax_id").is_not_null() & (
        pl.col("first_key").drop_nulls().n_unique().over(same_tax_id)
        <= bounds.first_names_per_tax_id
    )
    code = pl.when(known).then(pl.col("node").min().over(same_tax_id))
    return records.with_columns(tax_code=code).select(
        "node",
        "creditor_id",
        "debtor_id",
        "kind",
        "phone",
        "tax_code",
        *[column for column in NAME_PARTS if column not in {"name", "kind"}],
        group=pl.coalesce("tax_code", "node"),
    )


def _by_mailbox(
    records: pl.DataFrame,
    contacts: pl.DataFrame,
    reference: MatchReference,
) -> pl.DataFrame:
    keys = (
        contacts.lazy()
        .drop_nulls("address")
        .select(
            "creditor_id", "debtor_id", value=address_key(pl.col("address"), reference.alias_rules)
        )
        .unique()
        .collect()
    )
    return records.join(keys, on=["creditor_id", "debtor_id"])


def _best_first(edges: pl.DataFrame, records: pl.DataFrame) -> pl.DataFrame:
    """Return one row per record, in order of `node`: its cluster's `root` and its `link`."""
    group = records["group"]
    ranked = (
        edges.with_columns(
            pl.col("link").cast(LINKS),
            left=group.gather(edges["left"]),
            right=group.gather(edges["right"]),
        )
        .filter(pl.col("left") != pl.col("right"))
        .sort("link", "similarity", "left", "right", descending=[False, True, False, False])
    )
    roots, united = unite(
        len(records),
        ranked.select("left", "right").iter_rows(),
        [_codes(records, trait) for trait in ("tax_code", "generation", "kind")],
    )
    joined = (
        ranked.filter(pl.Series(united, dtype=pl.Boolean))
        .unpivot(on=["left", "right"], index="link", value_name="group")
        .group_by("group")
        .agg(pl.col("link").min())
    )
    return (
        records.select("group", root=pl.Series(roots, dtype=pl.UInt32).gather(group))
        .join(joined, on="group", how="left", maintain_order="left")
        .select("root", link=pl.when(pl.len().over("group") > 1).then(_TAX_ID).otherwise("link"))
    )


def _codes(records: pl.DataFrame, trait: str) -> list[int]:
    """Return a number for each value of a trait, at the first record of each group."""
    value = pl.col(trait).cast(pl.String).replace("", None)
    of_group = value.drop_nulls().first().over("group")
    return records.select(of_group.rank("dense").cast(pl.Int64).fill_null(UNKNOWN))[trait].to_list()


def _labelled(records: pl.DataFrame, joined: pl.DataFrame) -> pl.DataFrame:
    return shaped(
        records.select(
            "creditor_id",
            "debtor_id",
            cluster_id=CLUSTER_PREFIX + pl.col("debtor_id").gather(joined["root"]),
            link=joined["link"].cast(pl.String).fill_null("single"),
        ),
        CLUSTERS,
    )
