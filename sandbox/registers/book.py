"""What registers of a country are made of: the tables of registers.toml and names.toml."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sandbox.draws import evenly, ranked, some
from sandbox.market import Country, Table, read_table

EPOCH: Final = dt.date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Book:
    """Shares that hold for every register, and one country's words."""

    country: Country
    shares: Table
    words: Table
    names: Table

    @property
    def is_brazil(self) -> bool:
        """Whether debtors have CPF and CNPJ; otherwise they have an RFC."""
        return self.country == "BR"


def open_book(country: Country) -> Book:
    """Return the book of that country.

    >>> open_book("MX").is_brazil
    False
    """
    tables = read_table("registers/registers.toml")
    return Book(country, tables, tables[country], read_table("names.toml")[country])


def given_names(book: Book, rng: np.random.Generator, size: int) -> pl.Series:
    """Draw given names: common ones by rank, and a long tail of rare ones."""
    rare = book.shares["persons"]["rare_given"]
    return _with_tail(rng, book.names["first"], book.words["tail_given"], rare, size)


def surnames(book: Book, rng: np.random.Generator, size: int) -> pl.Series:
    """Draw surnames: common ones by rank, and a long tail of rare ones."""
    rare = book.shares["persons"]["rare_surname"]
    return _with_tail(rng, book.names["last"], book.words["tail_surnames"], rare, size)


def compound(rng: np.random.Generator, parts: list[list[str]], size: int) -> pl.Series:
    """Draw words made of a first and a last part.

    >>> compound(np.random.default_rng(1), [["Sol"], ["lar"]], 1).item()
    'Sollar'
    """
    return evenly(rng, parts[0], size) + evenly(rng, parts[1], size)


def _with_tail(
    rng: np.random.Generator, common: list[str], tail: list[list[str]], share: float, size: int
) -> pl.Series:
    often, rarely = ranked(rng, common, size), compound(rng, tail, size)
    return rarely.zip_with(some(rng, share, size), often)


def where(mask: pl.Series, values: pl.Series) -> pl.Series:
    """Return the values where the mask holds, null elsewhere.

    >>> where(pl.Series([True, False]), pl.Series(["a", "b"])).to_list()
    ['a', None]
    """
    return values.zip_with(mask, pl.Series([None], dtype=values.dtype).new_from_index(0, len(mask)))


def days(years: NDArray[np.float64]) -> pl.Series:
    """Return the days that lie so many years after 1970, as dates."""
    return pl.Series((years * 365.25).astype(np.int32)).cast(pl.Date)
