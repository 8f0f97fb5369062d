"""Typed columns (spreadsheet, Parquet) as the text a person would have typed."""

from __future__ import annotations

import polars as pl
from polars.datatypes import DataTypeClass

_WHOLE_FLOATS = 2**53


def as_text(column: pl.Series) -> pl.Series:
    """Return the column as String; nested values joined by "; ", other kinds of value as null.

    Whole floats lose their ".0" (a spreadsheet knows no other numbers, and ids are whole). Other
    numbers get six decimals, so that 1234.567 cannot be taken for a grouped 1234567.

    >>> as_text(pl.Series([1.0, 1234.567, None])).to_list()
    ['1', '1234.567000', None]
    >>> as_text(pl.Series([["a@x.example", "b@x.example"]])).to_list()
    ['a@x.example; b@x.example']
    >>> as_text(pl.Series([[11, 12], None])).to_list()
    ['11; 12', None]
    """
    return column.to_frame().select(_text(pl.col(column.name), column.dtype)).to_series()


def _text(cell: pl.Expr, dtype: pl.DataType | DataTypeClass) -> pl.Expr:
    if dtype.is_float():
        return _float_text(cell)
    if dtype.is_decimal():
        return _exact_text(cell)
    if isinstance(dtype, pl.List | pl.Array) and not dtype.inner.is_nested():
        items = cell.arr.to_list() if isinstance(dtype, pl.Array) else cell
        texts = items.list.eval(_text(pl.element(), dtype.inner))
        return texts.list.join("; ", ignore_nulls=True)
    if dtype.is_nested() or dtype in {pl.Binary, pl.Object}:
        return pl.lit(None, dtype=pl.String).alias(cell.meta.output_name())
    return cell.cast(pl.String, strict=False)


def _float_text(cell: pl.Expr) -> pl.Expr:
    whole = (cell.round(0) == cell) & (cell.abs() < _WHOLE_FLOATS)
    return (
        pl.when(whole)
        .then(cell.cast(pl.Int64, strict=False).cast(pl.String))
        .when(cell.is_finite())
        .then(_exact_text(cell))
    )


def _exact_text(cell: pl.Expr) -> pl.Expr:
    return cell.cast(pl.Decimal(38, 6), strict=False).cast(pl.String)
