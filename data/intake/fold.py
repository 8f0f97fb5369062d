"""Records and invoices folded to debtors."""

from __future__ import annotations

from typing import Final

import polars as pl

from checks.frames import DEBTORS, MONEY, shaped

_KEYS: Final = ("creditor_id", "debtor_id")
_FLAG_ORDER: Final = ("valid", "invalid", "missing")


def fold_debtors(records: pl.DataFrame, invoices: pl.DataFrame) -> pl.DataFrame:
    """Return `DEBTORS` of `RECORDS` and `INVOICES`, sorted by creditor and debtor.

    Where a debtor's records differ, the value that most of them give is taken, of equally many
    the smallest: the order of rows does not matter. `amount` adds up the invoices in the
    debtor's most frequent currency; `invoices` counts all.

    >>> from checks.frames import INVOICES, RECORDS, empty
    >>> fold_debtors(empty(RECORDS), empty(INVOICES)).height
    0
    """
    flag = pl.col("tax_id_flag").cast(pl.Enum(_FLAG_ORDER)).to_physical().min()
    debtors = (
        records.group_by(_KEYS)
        .agg(flag=flag)
        .with_columns(
            tax_id_flag=pl.col("flag").replace_strict(
                dict(enumerate(_FLAG_ORDER)),
                return_dtype=pl.String,
            ),
        )
    )
    for column in ("kind", "name", "tax_id", "phone", "language"):
        told = records.with_columns(pl.when(pl.col(column) != "").then(column).alias(column))
        debtors = debtors.join(most_frequent(told, column), on=_KEYS, how="left")
    folded = debtors.join(_owed(invoices), on=_KEYS, how="left").with_columns(
        pl.col("kind").fill_null(""),
        pl.col("invoices").fill_null(0),
    )
    return shaped(folded, DEBTORS).sort(_KEYS)


def most_frequent(rows: pl.DataFrame, column: str) -> pl.DataFrame:
    """Return one row per debtor with the column's most frequent value, ties to the smallest.

    >>> rows = pl.DataFrame({"creditor_id": "c", "debtor_id": "1", "name": ["Bia", "Ana", "Ana"]})
    >>> most_frequent(rows, "name").row(0)
    ('c', '1', 'Ana')
    """
    counted = rows.filter(pl.col(column).is_not_null()).group_by(*_KEYS, column).len()
    ranked = counted.sort("len", column, descending=[True, False])
    return ranked.group_by(_KEYS, maintain_order=True).agg(pl.col(column).first())


def _owed(invoices: pl.DataFrame) -> pl.DataFrame:
    currency = most_frequent(invoices, "currency")
    readable = invoices.filter(pl.col("amount").is_not_null())
    amounts = (
        readable.join(currency, on=[*_KEYS, "currency"], how="semi")
        .group_by(_KEYS)
        .agg(pl.col("amount").sum().cast(MONEY))
    )
    counts = invoices.group_by(_KEYS).agg(
        invoices=pl.len().cast(pl.Int64), due_date=pl.col("due_date").min()
    )
    return counts.join(currency, on=_KEYS, how="left").join(amounts, on=_KEYS, how="left")
