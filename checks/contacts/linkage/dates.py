"""Dates of birth in any common writing, as one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import polars as pl

from checks.contacts.linkage.scales import (
    ALIKE,
    DIFFERS,
    NEAR,
    SIDES,
    Levels,
    Scale,
    by_text,
    near_codes,
)

_YEAR_FIRST: Final = r"^(\d{4})[-/. ]?(\d{1,2})[-/. ]?(\d{1,2})(?:[T ].*)?$"
_YEAR_LAST: Final = r"^(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4})(?: .*)?$"
_PACKED_YEAR_LAST: Final = r"^(\d{2})(\d{2})((?:19|20)\d{2})$"
_MONTHS: Final = 12
_PARTS: Final = ((0, 4), (4, 2), (6, None))  # where year, month and day stand in yyyymmdd


def day_of(raw: pl.Series) -> pl.Series:
    """Return dates as `yyyymmdd`; what is no date keeps its digits and letters.

    Where the year stands last, the column itself tells whether day or month comes first: the
    place in which numbers above twelve stand more often is the day's. Undecided, the day is
    first, as in Brazil and Mexico.

    >>> day_of(pl.Series(["1980-02-28", "28/02/1980", "3.2.1980", "about 1980"])).to_list()
    ['19800228', '19800228', '19800203', 'about1980']
    >>> day_of(pl.Series(["02/28/1980", "02/03/1980"])).to_list()
    ['19800228', '19800203']
    """
    text = pl.col("raw").str.strip_chars()
    frame = (
        raw.cast(pl.String)
        .to_frame("raw")
        .select(
            plain=text.str.to_lowercase().str.replace_all(r"[^0-9a-z]", "").replace("", None),
            packed=text.str.contains(r"^\d{8}$"),
            first=pl.concat_list(text.str.extract(_YEAR_FIRST, group) for group in (1, 2, 3)),
            last=pl.coalesce(
                pl.when(text.str.contains(pattern)).then(
                    pl.concat_list(text.str.extract(pattern, group) for group in (1, 2, 3))
                )
                for pattern in (_YEAR_LAST, _PACKED_YEAR_LAST)
            ),
        )
    )
    place = _day_place(frame["last"])
    first, last = pl.col("first"), pl.col("last")
    months = first.list.get(1).cast(pl.Int64, strict=False)
    year_first = first.list.get(0).is_not_null() & ~(pl.col("packed") & (months > _MONTHS))
    return frame.select(
        pl.when(year_first)
        .then(_joined(first.list.get(0), first.list.get(1), first.list.get(2)))
        .when(last.is_not_null())
        .then(_joined(last.list.get(2), last.list.get(1 - place), last.list.get(place)))
        .otherwise("plain")
    ).to_series()


def _day_place(last: pl.Series) -> int:
    """Return where the day stands in dates that end with the year: 0 or 1."""
    numbers = [last.list.get(place).cast(pl.Int64, strict=False) for place in (0, 1)]
    first, second = (int((each > _MONTHS).sum()) for each in numbers)
    return int(second > first)


def _joined(year: pl.Expr, month: pl.Expr, day: pl.Expr) -> pl.Expr:
    return pl.concat_str(year, month.str.zfill(2), day.str.zfill(2))


def _near_days(left: Sequence[str], right: Sequence[str]) -> Levels:
    pairs = pl.DataFrame({"left": left, "right": right}, schema=SIDES)
    one, other = ([pl.col(side).str.slice(*part) for part in _PARTS] for side in SIDES)
    same_year = one[0] == other[0]
    turned = same_year & (one[1] == other[2]) & (one[2] == other[1])
    begins = same_year & (pl.min_horizontal(pl.all().str.len_bytes()) == len("1980"))
    found = pairs.select(pl.when(turned).then(NEAR).when(begins).then(ALIKE).otherwise(DIFFERS))
    return np.asarray(np.maximum(near_codes(left, right), found.to_series().to_numpy()), np.int8)


DAY: Final = Scale(("differs", "two_slips", "near", "equal"), by_text(_near_days))
"""A day: a typing error or day and month in each other's place is near; a year alone is alike."""
