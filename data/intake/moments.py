"""Days and moments as systems write them: `31/01/2026`, ISO, `20260131`, Excel serials."""

from __future__ import annotations

from typing import Final

import polars as pl

from checks.columns import over_distinct
from checks.frames import MOMENT
from data.intake.settings import DateOrder

_PARTED: Final = r"^([0-9]{1,2})[/.\-]([0-9]{1,2})[/.\-]([0-9]{4}|[0-9]{2})(?:[ T,].*)?$"
_SHORT: Final = r"^([0-9]{2})[/.\-]([0-9]{1,2})[/.\-]([0-9]{1,2})(?:[ T,].*)?$"
_NAMED: Final = (
    r"(?i)^([0-9]{1,2})[/.\- ](?:de )?([a-z]{3})[a-z]*[/.\- ](?:de )?([0-9]{4}|[0-9]{2})$"
)
_ISO: Final = r"^([0-9]{4})[/.\-]([0-9]{1,2})[/.\-]([0-9]{1,2})(?:[ T].*)?$"
_EIGHT: Final = r"^[0-9]{8}$"
_SERIAL: Final = r"^[0-9]{5}(?:\.[0-9]+)?$"
_PLACES: Final = {"dmy": ("3", "2", "1"), "mdy": ("3", "1", "2"), "ymd": ("1", "2", "3")}
_TIME: Final = r"[ T]([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?"
_NOTHING: Final = r"^[0/.\-\s:]*$"
_MONTHS: Final = (
    ("jan", "ene"),
    ("fev", "feb"),
    ("mar",),
    ("abr", "apr"),
    ("mai", "may"),
    ("jun",),
    ("jul",),
    ("ago", "aug"),
    ("set", "sep"),
    ("out", "oct"),
    ("nov",),
    ("dez", "dic", "dec"),
)
_MONTHS_A_YEAR: Final = len(_MONTHS)
_FIRST_YEAR: Final = 1990
_LAST_YEAR: Final = 2079  # the last year that two digits are read as: 80 to 99 are 19xx


def is_no_date(raw: pl.Expr) -> pl.Expr:
    """Tell cells that say "no date": blank, `0`, `00/00/0000`, `00000000`."""
    return raw.is_null() | raw.str.contains(_NOTHING)


def guess_date_order(raw: pl.Series) -> DateOrder:
    """Return `mdy` where a month stands first for sure and nowhere a day does; else `dmy`.

    >>> guess_date_order(pl.Series(["01/31/2026", "02/03/2026"]))
    'mdy'
    >>> guess_date_order(pl.Series(["01/02/2026"]))
    'dmy'
    """
    parts = raw.str.strip_chars().str.extract_groups(_PARTED).struct.unnest()
    first, second = (parts.to_series(place).cast(pl.Int64) for place in (0, 1))
    day_first, day_second = ((part > _MONTHS_A_YEAR).any() for part in (first, second))
    return "mdy" if day_second and not day_first else "dmy"


def parse_days(raw: pl.Series, order: DateOrder) -> pl.Series:
    """Return `Date`; null where no day from 1990 to 2079 can be read.

    `order` is that of days without a year of four digits in front. Five digits are the serial
    day of a spreadsheet (day 1 is 1900-01-01, and 1900 counts as a leap year: ECMA-376 part 1,
    18.17.4.1).

    >>> parse_days(pl.Series(["31/01/2026", "2026-01-31", "20260131", "46053", "31-ene-26"]),
    ...            "dmy").unique().to_list()
    [datetime.date(2026, 1, 31)]
    """
    text = pl.col("text")
    frame = pl.DataFrame({"text": raw.str.strip_chars()})
    year, month, day = _PLACES[order]
    iso = pl.coalesce(
        _joined(text, _SHORT if order == "ymd" else _PARTED, year, month, day),
        _joined(text, _ISO, "1", "2", "3"),
        _joined(_month_numbers(text), _PARTED, "3", "2", "1"),
    )
    eight = pl.when(text.str.contains(_EIGHT)).then(text)
    serial = pl.when(text.str.contains(_SERIAL)).then(text).str.extract(r"^([0-9]{5})")
    days = pl.coalesce(
        iso.str.to_date("%Y-%m-%d", strict=False),
        _within(eight.str.to_date("%Y%m%d", strict=False)),
        eight.str.to_date("%m%d%Y" if order == "mdy" else "%d%m%Y", strict=False),
        pl.lit("1899-12-30").str.to_date() + pl.duration(days=serial.cast(pl.Int64)),
    )
    return frame.select(_within(days)).to_series()


def parse_distinct_days(raw: pl.Series, order: DateOrder) -> pl.Series:
    """Return what `parse_days` does; a column of a million rows has some hundred days.

    >>> parse_distinct_days(pl.Series(["31/01/2026", None, "31/01/2026"]), "dmy").null_count()
    1
    """

    def parse(distinct: pl.Series) -> pl.DataFrame:
        return parse_days(distinct, order).to_frame("day")

    return over_distinct(raw, parse).to_series()


def parse_moments(raw: pl.Series, order: DateOrder) -> pl.Series:
    """Return UTC moments; a day without a time is its midnight.

    >>> parse_moments(pl.Series(["2026-01-31T10:05:00Z", "31/01/2026 10:05"]), "dmy").n_unique()
    1
    """
    days = parse_distinct_days(raw, order)
    time = pl.col("text").str.extract_groups(_TIME).struct
    hours, minutes, seconds = (
        time.field(str(part)).cast(pl.Int64).fill_null(0) for part in (1, 2, 3)
    )
    frame = pl.DataFrame({"text": raw, "day": days})
    moment = pl.col("day").cast(pl.Datetime("us")) + pl.duration(
        hours=hours, minutes=minutes, seconds=seconds
    )
    return frame.select(moment.dt.replace_time_zone("UTC").cast(MOMENT)).to_series()


def _joined(text: pl.Expr, pattern: str, year: str, month: str, day: str) -> pl.Expr:
    parts = text.str.extract_groups(pattern).struct
    short = parts.field(year).str.zfill(4)
    century = (
        pl.when(short.str.starts_with("00"))
        .then(pl.when(short > "0079").then(pl.lit("19")).otherwise(pl.lit("20")))
        .otherwise(short.str.head(2))
    )
    return pl.concat_str(
        century + short.str.tail(2),
        parts.field(month).str.zfill(2),
        parts.field(day).str.zfill(2),
        separator="-",
    )


def _month_numbers(text: pl.Expr) -> pl.Expr:
    names = text.str.extract_groups(_NAMED).struct
    number = (
        names.field("2")
        .str.to_lowercase()
        .replace_strict(
            {name: str(place) for place, names_ in enumerate(_MONTHS, 1) for name in names_},
            default=None,
            return_dtype=pl.String,
        )
    )
    return pl.concat_str(names.field("1"), number, names.field("3"), separator="/")


def _within(day: pl.Expr) -> pl.Expr:
    return pl.when(day.dt.year().is_between(_FIRST_YEAR, _LAST_YEAR)).then(day)
