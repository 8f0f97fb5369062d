"""Who else has this address: persons, company roots and households behind one mailbox."""

from __future__ import annotations

from typing import Final

import polars as pl

from checks.model import DebtorKind
from checks.score.names import name_tokens

CNPJ_LENGTH: Final = 14
CNPJ_ROOT_LENGTH: Final = 8  # head office and branches share it


def add_sharing(contacts: pl.DataFrame) -> pl.DataFrame:
    """Add `people`, `companies`, `is_household` and `is_named_elsewhere` to contacts.

    Needs `creditor_id, address, cluster_id, kind, name, tax_id, is_named`. Counted per creditor,
    because nothing crosses creditors; records of one cluster are one person and count once. A
    debtor of unknown kind counts as a person, the stricter reading.
    """
    company = pl.col("kind") == DebtorKind.COMPANY
    key = ["creditor_id", "address"]
    counted = contacts.group_by(key).agg(
        pl.col("cluster_id").filter(~company).n_unique().cast(pl.Int64).alias("people"),
        _root().filter(company).n_unique().cast(pl.Int64).alias("companies"),
        pl.col("is_named").any().alias("names_somebody"),
    )
    own_name = pl.col("is_named").any().over("creditor_id", "address", "cluster_id")
    merged = contacts.join(counted, on=key, how="left")
    return merged.join(_households(merged, company), on=key, how="left").with_columns(
        pl.col("is_household").fill_null(value=False),
        (pl.col("names_somebody") & ~own_name).alias("is_named_elsewhere"),
    )


def _root() -> pl.Expr:
    """Return what head office and branches have in common, else the cluster."""
    tax_id = pl.col("tax_id")
    cnpj = tax_id.str.len_chars() == CNPJ_LENGTH
    root = pl.when(cnpj).then(tax_id.str.slice(0, CNPJ_ROOT_LENGTH)).otherwise(tax_id)
    return pl.coalesce(root, "cluster_id")


def _households(merged: pl.DataFrame, company: pl.Expr) -> pl.DataFrame:
    """Return addresses whose persons all have one surname in common."""
    key = ["creditor_id", "address"]
    return (
        merged.filter((pl.col("people") > 1) & ~company)
        .select(*key, "cluster_id", "people", name_tokens(pl.col("name")).alias("tokens"))
        .with_columns(pl.col("tokens").list.slice(1).alias("surname"))
        .explode("surname")
        .drop_nulls("surname")
        .group_by(*key, "surname")
        .agg((pl.col("cluster_id").n_unique() == pl.col("people").first()).alias("is_household"))
        .group_by(key)
        .agg(pl.col("is_household").any())
    )
