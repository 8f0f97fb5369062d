"""Accepted rows to invoices: one row per debtor and amount owed."""

from __future__ import annotations

from typing import Final

import polars as pl

from checks.frames import INVOICES, shaped

_KEYS: Final = ("creditor_id", "debtor_id")
_FACTS: Final = ("due_date", "amount", "currency")


def find_invoices(rows: pl.DataFrame, default_currency: str) -> pl.DataFrame:
    """Return `INVOICES`, sorted, with ids that do not depend on the order of rows.

    1. Rows that repeat an invoice word for word (a row per address) are one invoice.
    2. One id with different days or amounts is a contract with instalments: they become `id`,
    `id/2`, `id/3` by due date. 3. Rows without an id are each an invoice: `fatura-1`, ...
    """
    owed = rows.filter("has_invoice").with_columns(
        currency=pl.coalesce("currency", pl.lit(default_currency)),
    )
    named = owed.filter(pl.col("invoice_id").is_not_null()).unique(
        [*_KEYS, "invoice_id", *_FACTS],
    )
    unnamed = owed.filter(pl.col("invoice_id").is_null())
    numbered = pl.concat(
        [
            _numbered(named, [*_KEYS, "invoice_id"]).with_columns(
                invoice_id=pl.when(pl.col("number") == 1)
                .then("invoice_id")
                .otherwise(pl.col("invoice_id") + "/" + pl.col("number").cast(pl.String)),
            ),
            _numbered(unnamed, list(_KEYS)).with_columns(
                invoice_id=pl.lit("fatura-") + pl.col("number").cast(pl.String),
            ),
        ],
    )
    # an id that was written "12/2" may meet the second instalment of "12"
    once = numbered.unique([*_KEYS, "invoice_id"], keep="first", maintain_order=True)
    if once.height < numbered.height:
        once = _numbered(numbered, [*_KEYS, "invoice_id"]).with_columns(
            invoice_id=pl.when(pl.col("number") == 1)
            .then("invoice_id")
            .otherwise(pl.col("invoice_id") + "//" + pl.col("number").cast(pl.String)),
        )
    return shaped(once, INVOICES).sort(*_KEYS, "invoice_id")


def _numbered(rows: pl.DataFrame, group: list[str]) -> pl.DataFrame:
    ordered = rows.sort(*group, *_FACTS, nulls_last=True)
    return ordered.with_columns(number=pl.int_range(1, pl.len() + 1).over(group))
