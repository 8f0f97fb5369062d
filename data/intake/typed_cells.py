"""Typed columns (spreadsheet, Parquet) as the text a person would have typed."""

from __future__ import annotations

import polars as pl

_WHOLE_FLOATS = 2**53


def as_text(column: pl.Series) -> pl.Series:
    """Return the column as String; nested values joined by "; ", other kinds of value as null.

    Whole floats lose their ".0" (a spreadsheet knows no other numbers, and ids are whole). Other
    numbers get six decimals, so that 1234.567 cannot be taken for a grouped 1234567.

    >>> as_text(pl.Series([1.0, 1234.567, None])).to_list()
    ['1', '1234.567000', None]
    >>> as_text(pl.Series([["a@x.example", "b@x.example"]])).to_list()
    ['a@x.example; b@x.example']
    """
    dtype = column.dtype
    frame = column.to_frame("cell")
    cell = pl.col("cell")
    if dtype.is_float():
        whole = (cell.round(0) == cell) & (cell.abs() < _WHOLE_FLOATS)
        text = (
            pl.when(whole)
            .then(cell.cast(pl.Int64, strict=False).cast(pl.String))
            .when(cell.is_finite())
            .then(cell.cast(pl.Decimal(38, 6), strict=False).cast(pl.String))
        )
    elif dtype.is_decimal():
        text = cell.cast(pl.Decimal(38, 6), strict=False).cast(pl.String)
    elif dtype == pl.List(pl.String):
        text = cell.list.join("; ", ignore_nulls=True)
    elif dtype.is_nested() or dtype in {pl.Binary, pl.Object}:
        text = pl.lit(None, dtype=pl.String)
    else:
        text = cell.cast(pl.String, strict=False)
    return frame.select(text.alias(column.name)).to_series()
