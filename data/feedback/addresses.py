"""Addresses as feedback files write them, brought to the form that checks use."""

from __future__ import annotations

import polars as pl

from checks.syntax import check_syntax
from data.intake.addresses import unwrap
from data.reference import load_syntax_reference


def normalised_addresses(raw: pl.Series) -> pl.DataFrame:
    """Return `address` and `is_possible` for each text, as `check_syntax` sees them.

    >>> normalised_addresses(pl.Series(["Ana <ANA@Example.com>", "ana", None])).rows()
    [('ana@example.com', True), ('ana', False), (None, False)]
    """
    distinct = raw.drop_nulls().unique()
    bare = pl.Series([unwrap(each) for each in distinct], dtype=pl.String)
    judged = check_syntax(bare.unique(), load_syntax_reference())
    table = pl.DataFrame({"raw": distinct, "email_raw": bare}).join(judged, on="email_raw")
    return (
        raw.to_frame("raw")
        .join(table, on="raw", how="left", maintain_order="left")
        .select(
            address=pl.col("address").str.to_lowercase(),
            is_possible=pl.col("domain").is_not_null(),
        )
    )
