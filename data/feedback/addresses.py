"""Addresses as feedback files write them, brought to the form that checks use."""

from __future__ import annotations

from typing import Final

import polars as pl

from checks.syntax import check_syntax
from data.intake.addresses import unwrap
from data.reference import load_syntax_reference

_BARE: Final = r"^[A-Za-z0-9._%+\-]+@[A-Za-z0-9.\-]*[A-Za-z0-9]$"
"""An address without anything around it, as nearly all of them are."""


def normalised_addresses(raw: pl.Series) -> pl.DataFrame:
    """Return `address` and `is_possible` for each text, as `check_syntax` sees them.

    >>> normalised_addresses(pl.Series(["Ana <ANA@Example.com>", "ana", None])).rows()
    [('ana@example.com', True), ('ana', False), (None, False)]
    """
    distinct = raw.drop_nulls().unique()
    wrapped = distinct.filter(~distinct.str.contains(_BARE))
    unwrapped = pl.Series([unwrap(each) for each in wrapped], dtype=pl.String)
    bare = distinct.replace(wrapped, unwrapped)
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
