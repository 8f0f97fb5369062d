"""How days and moments are read."""

from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.intake.moments import guess_date_order, is_no_date, parse_days, parse_moments

DAY = date(2026, 1, 31)

DAYS = [
    ("31/01/2026", DAY),
    ("31-01-2026", DAY),
    ("31.01.2026", DAY),
    ("31/1/26", DAY),
    ("31/01/2026 00:00:00", DAY),
    ("2026-01-31", DAY),
    ("2026/01/31", DAY),
    ("2026-01-31T10:00:00Z", DAY),
    ("2026-01-31 00:00:00", DAY),
    ("20260131", DAY),
    ("31012026", DAY),
    ("46053", DAY),
    ("46053.5", DAY),
    ("31-ene-26", DAY),
    ("31/jan/2026", DAY),
    ("31 de janeiro de 2026", DAY),
    ("01/02/2026", date(2026, 2, 1)),
    ("29/02/2028", date(2028, 2, 29)),
    ("29/02/2026", None),
    ("32/01/2026", None),
    ("31/13/2026", None),
    ("01/01/1900", None),
    ("01/01/9999", None),
    ("0", None),
    ("00/00/0000", None),
    ("amanhã", None),
    ("123", None),
    ("", None),
]


@pytest.mark.parametrize(("written", "expected"), DAYS)
def test_days_of_every_system(written: str, expected: date | None) -> None:
    assert parse_days(pl.Series([written]), "dmy").item() == expected


def test_the_month_first_order_is_for_slashes_only() -> None:
    read = parse_days(pl.Series(["01/31/2026", "2026-01-31", "01312026"]), "mdy")
    assert read.to_list() == [DAY] * 3


def test_short_years_may_stand_first_where_the_order_says_so() -> None:
    assert parse_days(pl.Series(["26/01/31", "2026-01-31"]), "ymd").to_list() == [DAY] * 2


def test_month_first_is_assumed_only_where_no_day_can_stand_first() -> None:
    assert guess_date_order(pl.Series(["01/31/2026", "02/03/2026"])) == "mdy"
    assert guess_date_order(pl.Series(["01/31/2026", "31/01/2026"])) == "dmy"
    assert guess_date_order(pl.Series([None, ""], dtype=pl.String)) == "dmy"


def test_no_date_is_not_an_unreadable_date() -> None:
    cells = pl.Series("cell", ["0", "00/00/0000", "00000000", "  /  /    ", None, "31/01"])
    flags = cells.to_frame().select(is_no_date(pl.col("cell"))).to_series()
    assert flags.to_list() == [True, True, True, True, True, False]


def test_moments_are_utc_and_days_are_midnights() -> None:
    read = parse_moments(pl.Series(["31/01/2026 10:05", "2026-01-31", "x"]), "dmy")
    assert read.to_list() == [
        datetime(2026, 1, 31, 10, 5, tzinfo=UTC),
        datetime(2026, 1, 31, tzinfo=UTC),
        None,
    ]


@given(st.dates(min_value=date(1990, 1, 1), max_value=date(2079, 12, 31)))
def test_every_day_comes_back_from_every_format(day: date) -> None:
    formats = ("%d/%m/%Y", "%Y-%m-%d", "%Y%m%d", "%d.%m.%Y")
    written = pl.Series([day.strftime(pattern) for pattern in formats])
    assert parse_days(written, "dmy").to_list() == [day] * len(formats)
