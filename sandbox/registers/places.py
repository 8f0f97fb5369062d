"""Where debtors of a register live and by which numbers they are called."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sandbox.draws import distinct, evenly, indices, ranked, some, stream, words
from sandbox.registers.book import Book, surnames, where

_STREETS_EACH: Final = 400  # of a city, per unit of its weight
_STREETS_A_POSTCODE: Final = 20  # in Mexico; in Brazil every street has its own
_STREET_NAMES: Final = 2_000
_HIGHEST_NUMBER: Final = 2_400
_UNITS: Final = 0.35  # of homes: a flat or a part of a house
_SAME_CITY: Final = 0.7  # of those who move
_MOBILE_PRIME: Final = 39_999_983  # below 4 * 10**7
_FIRST_MOBILE: Final = 60_000_000
_FIRST_LANDLINE: Final = 20_000_000

HOME: Final = ("city", "state", "postcode", "street_kind", "street", "number", "unit")


Rows = NDArray[np.int64]


def make_homes(book: Book, neighbours: Rows, seed: int) -> pl.DataFrame:
    """Return a home in the city of each debtor's neighbour, a row of the same register.

    Columns: those of `HOME` and `area`, as text; a unit may be null. Columns with `old_` before
    them hold the home before, for everyone.
    """
    rng = stream(seed, "register homes")
    count = len(neighbours)
    weights = [city[4] for city in book.words["cities"]]
    city = indices(rng, weights, count)[neighbours]
    before = np.where(rng.random(count) < _SAME_CITY, city, indices(rng, weights, count))
    names = _street_names(book, rng)
    now = _homes_in(book, rng, names, city)
    old = _homes_in(book, rng, names, before).select(pl.col(HOME).name.prefix("old_"))
    return pl.concat([now, old], how="horizontal")


def _street_names(book: Book, rng: np.random.Generator) -> pl.DataFrame:
    given = ranked(rng, book.names["first"], _STREET_NAMES)
    person = given + " " + surnames(book, rng, _STREET_NAMES)
    known = evenly(rng, book.words["street_words"], _STREET_NAMES)
    return pl.DataFrame(
        {
            "street_kind": words(rng, book.words["street_kinds"], _STREET_NAMES),
            "street": known.zip_with(some(rng, 0.3, _STREET_NAMES), person),
        }
    )


def _homes_in(
    book: Book,
    rng: np.random.Generator,
    names: pl.DataFrame,
    city: Rows,
) -> pl.DataFrame:
    count = len(city)
    table = pl.DataFrame(
        book.words["cities"], schema=["city", "state", "area", "base", "weight"], orient="row"
    )
    at = table.select(pl.all().gather(city))
    street = (rng.random(count) * _STREETS_EACH * at["weight"].to_numpy()).astype(np.int64)
    base = at["base"].to_numpy()
    code = base * 1_000 + street if book.is_brazil else base + street // _STREETS_A_POSTCODE
    unit = evenly(rng, book.words["unit_words"], count)
    flat = pl.Series(rng.integers(1, 180, count)).cast(pl.String)
    return pl.concat(
        [
            at.select("city", "state", "area"),
            names.select(pl.all().gather((city * 7_919 + street * 31) % _STREET_NAMES)),
            pl.DataFrame(
                {
                    "postcode": pl.Series(code)
                    .cast(pl.String)
                    .str.zfill(8 if book.is_brazil else 5),
                    "number": pl.Series(rng.integers(1, _HIGHEST_NUMBER, count)).cast(pl.String),
                    "unit": where(some(rng, _UNITS, count), unit + " " + flat),
                }
            ),
        ],
        how="horizontal",
    )


def make_phones(book: Book, area: pl.Series, seed: int) -> pl.DataFrame:
    """Return national numbers, digits only: `mobile`, `old_mobile`, `landline`, all different."""
    rng = stream(seed, "register phones")
    count = len(area)
    number = distinct(rng, _MOBILE_PRIME, 2 * count) + _FIRST_MOBILE
    fixed = distinct(rng, _MOBILE_PRIME, count) + _FIRST_LANDLINE
    nine = "9" if book.is_brazil else ""
    return pl.DataFrame(
        {
            "mobile": _number(book, area, number[:count], nine),
            "old_mobile": _number(book, area, number[count:], nine),
            "landline": _number(book, area, fixed, ""),
        }
    )


def _number(book: Book, area: pl.Series, number: Rows, before: str) -> pl.Series:
    """Write area and subscriber; Mexican numbers have ten digits whatever their area's length."""
    digits = pl.Series(number).cast(pl.String)
    if not book.is_brazil:
        digits = digits.str.tail(8).zip_with(area.str.len_chars() == len("55"), digits.str.tail(7))
    return area + before + digits
