"""How amounts are read."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.intake.amounts import guess_decimal_mark, parse_amounts
from data.intake.settings import DecimalMark

AMOUNTS = [
    # as written, under a decimal comma, under a decimal point
    ("1.234,56", "1234.56", "1234.56"),
    ("1,234.56", "1234.56", "1234.56"),
    ("R$ 1.234,56", "1234.56", "1234.56"),
    ("R$\u00a01.234,56", "1234.56", "1234.56"),
    ("$1,234.56", "1234.56", "1234.56"),
    ("MX$ 1,234.56 MXN", "1234.56", "1234.56"),
    ("1234.56", "1234.56", "1234.56"),
    ("1234,5", "1234.50", "1234.50"),
    ("1.234", "1234.00", "1.23"),
    ("1,234", "1.23", "1234.00"),
    ("1.234.567", "1234567.00", "1234567.00"),
    ("1234.567000", "1234.57", "1234.57"),
    ("0,005", "0.01", "5.00"),
    ("10", "10.00", "10.00"),
    ("0", "0.00", "0.00"),
    (",50", "0.50", "0.50"),
    ("-10,00", "-10.00", "-10.00"),
    ("10,00-", "-10.00", "-10.00"),
    ("(10,00)", "-10.00", "-10.00"),
    ("R$ -10,00", "-10.00", "-10.00"),
    ("1'234.50", "1234.50", "1234.50"),
    ("0000000000123456", "123456.00", "123456.00"),
    ("1.23.456,00", None, None),
    ("1,2,3", None, None),
    ("12x", None, None),
    ("abc", None, None),
    ("1e5", None, None),
    ("9999999999999999999", None, None),
    ("", None, None),
]


@pytest.mark.parametrize("mark", [",", "."])
def test_amounts_read_by_shape_and_by_mark_where_shape_does_not_tell(mark: DecimalMark) -> None:
    written = pl.Series([row[0] for row in AMOUNTS])
    expected = [row[1] if mark == "," else row[2] for row in AMOUNTS]
    read = [None if amount is None else str(amount) for amount in parse_amounts(written, mark)]
    assert dict(zip(written, read, strict=True)) == dict(zip(written, expected, strict=True))


def test_a_column_tells_its_decimal_mark_by_its_clearest_amounts() -> None:
    assert guess_decimal_mark(pl.Series(["1.234", "5.678", "1,50"]), otherwise=".") == ","
    assert guess_decimal_mark(pl.Series(["1,234", "5.10"]), otherwise=",") == "."
    assert guess_decimal_mark(pl.Series(["1.234"]), otherwise=".") == "."
    assert guess_decimal_mark(pl.Series([], dtype=pl.String), otherwise=",") == ","


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=2))
def test_amounts_printed_in_any_locale_come_back(amount: Decimal) -> None:
    american = f"{amount:,.2f}"
    brazilian = american.translate(str.maketrans(",.", ".,"))
    read = parse_amounts(pl.Series([american, brazilian, f"R$ {brazilian}", str(amount)]), ",")
    assert read.to_list() == [amount] * 4
