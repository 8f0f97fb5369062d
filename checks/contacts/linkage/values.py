"""Columns as numbers: each distinct value has a code, so that it is looked at only once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

Codes: TypeAlias = npt.NDArray[np.int64]
Counts: TypeAlias = npt.NDArray[np.int64]

MISSING: Final = -1


@dataclass(frozen=True)
class Values:
    """One value per record: `codes` (n) point into `texts` (k, sorted), `MISSING` where none."""

    codes: Codes
    texts: pl.Series

    @cached_property
    def counts(self) -> Counts:
        """How many records hold each value (k)."""
        known = self.codes[self.codes != MISSING]
        return np.bincount(known, minlength=len(self.texts))

    @cached_property
    def known(self) -> int:
        """How many records hold a value at all."""
        return int(self.counts.sum())

    @property
    def spread(self) -> float:
        """How many values a record that holds any holds on average."""
        return 1.0


@dataclass(frozen=True)
class ValueLists:
    """Several values per record: those of record r are `codes[starts[r]:starts[r + 1]]`, sorted."""

    codes: Codes
    starts: Codes  # n + 1
    texts: pl.Series

    @cached_property
    def counts(self) -> Counts:
        """How many records hold each value (k)."""
        return np.bincount(self.codes, minlength=len(self.texts))

    @cached_property
    def known(self) -> int:
        """How many records hold a value at all."""
        return int((np.diff(self.starts) > 0).sum())

    @property
    def spread(self) -> float:
        """How many values a record that holds any holds on average."""
        return len(self.codes) / max(self.known, 1)

    def at(self, place: int) -> Codes:
        """Return the code (n) that each record holds at a place of its list, `MISSING` past it.

        >>> value_lists_of(pl.Series([["b", "a"], [], ["b"]])).at(1).tolist()
        [1, -1, -1]
        """
        held = np.diff(self.starts) > place
        codes = np.full(len(held), MISSING)
        codes[held] = self.codes[self.starts[:-1][held] + place]
        return codes

    @cached_property
    def holders(self) -> Codes:
        """The record that holds each of `codes`."""
        return np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))


def values_of(texts: pl.Series) -> Values:
    """Return a String column as values; null is missing.

    >>> values = values_of(pl.Series(["b", None, "a", "b"]))
    >>> values.codes.tolist(), values.texts.to_list(), values.counts.tolist()
    ([1, -1, 0, 1], ['a', 'b'], [1, 2])
    """
    distinct = texts.drop_nulls().unique().sort()
    return Values(_codes_in(texts, distinct), distinct)


def values_through(raw: pl.Series, read: Callable[[pl.Series], pl.Series]) -> Values:
    """Return a column as values of what `read` makes of each distinct text of it.

    >>> values_through(pl.Series(["A", "a", None]), lambda texts: texts.str.to_lowercase()).codes
    array([ 0,  0, -1])
    """
    written = values_of(raw.cast(pl.String))
    said = values_of(read(written.texts))
    return Values(of_each(written.codes, said.codes), said.texts)


def value_lists_of(lists: pl.Series) -> ValueLists:
    """Return a List(String) column as value lists; a value that stands twice counts once.

    >>> lists = value_lists_of(pl.Series([["b", "a"], [], None, ["b", "b"]]))
    >>> lists.codes.tolist(), lists.starts.tolist()
    ([0, 1, 1], [0, 2, 2, 2, 3])
    """
    tidy = lists.list.drop_nulls().list.unique().list.sort()
    sizes = tidy.list.len().fill_null(0).cast(pl.Int64).to_numpy()
    flat = tidy.filter(tidy.list.len().fill_null(0) > 0).explode()
    distinct = flat.unique().sort()
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])
    return ValueLists(_codes_in(flat, distinct), starts, distinct)


def sharing_texts(*values: Values) -> tuple[Values, ...]:
    """Return the values with their codes pointing into one series of texts, so that they compare.

    >>> one, other = sharing_texts(values_of(pl.Series(["b"])), values_of(pl.Series(["a", "b"])))
    >>> one.codes.tolist(), other.codes.tolist()
    ([1], [0, 1])
    """
    texts = pl.concat([each.texts for each in values]).unique().sort()
    return tuple(
        Values(of_each(each.codes, _codes_in(each.texts, texts)), texts) for each in values
    )


def of_each(codes: Codes, of_value: Codes) -> Codes:
    """Return for every record what `of_value` (k) says of its value; `MISSING` stays missing.

    >>> of_each(np.array([1, -1, 0]), np.array([5, 7])).tolist()
    [7, -1, 5]
    """
    if not len(of_value):
        return np.full(len(codes), MISSING)
    return np.where(codes == MISSING, MISSING, of_value[codes])


def _codes_in(texts: pl.Series, distinct: pl.Series) -> Codes:
    numbers = pl.DataFrame({"text": distinct.cast(pl.String)}).with_row_index("code")
    coded = pl.DataFrame({"text": texts.cast(pl.String)}).join(
        numbers, on="text", how="left", maintain_order="left"
    )
    return coded["code"].cast(pl.Int64).fill_null(MISSING).to_numpy()
