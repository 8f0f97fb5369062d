"""Columns as numbers: each distinct value has a code, so that it is looked at only once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from checks.contacts.linkage.words import Words, words_of

Codes: TypeAlias = npt.NDArray[np.int64]
Counts: TypeAlias = npt.NDArray[np.int64]

MISSING: Final = -1

FOUND: Final = pl.Schema({"cell": pl.Int64(), "text": pl.String()})
"""What stands in cells, a row per value: the place of its cell, rising, and the value."""

_BITS: Final = 63  # of a number that is not negative


class _Worded:
    """Values whose texts are taken apart into words when that is first asked for."""

    texts: pl.Series

    @cached_property
    def words(self) -> Words:
        """The words of each value (k)."""
        return words_of(self.texts)


@dataclass(frozen=True)
class Values(_Worded):
    """One value per record: `codes` (n) point into `texts` (k, sorted), `MISSING` where none."""

    codes: Codes
    texts: pl.Series
    worded: _Worded | None = None  # others with the same texts, whose words these are

    @cached_property
    def words(self) -> Words:
        """The words of each value (k)."""
        return self.worded.words if self.worded else words_of(self.texts)

    def only(self, kept: npt.NDArray[np.bool_]) -> Values:
        """Return the values of the records (n) to be kept, missing with all others."""
        return Values(np.where(kept, self.codes, MISSING), self.texts, self.worded or self)

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
class ValueLists(_Worded):
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


def written_in(raw: pl.Series) -> Values:
    """Return a column as values that are in no order yet: they are still to be read, each once."""
    texts = raw.cast(pl.String)
    distinct = texts.drop_nulls().unique()
    return Values(_codes_in(texts, distinct), distinct)


def values_through(raw: pl.Series, read: Callable[[pl.Series], pl.Series]) -> Values:
    """Return a column as values of what `read` makes of each distinct text of it.

    >>> values_through(pl.Series(["A", "a", None]), lambda texts: texts.str.to_lowercase()).codes
    array([ 0,  0, -1])
    """
    written = written_in(raw)
    said = values_of(read(written.texts))
    return Values(of_each(written.codes, said.codes), said.texts)


def value_lists_through(
    columns: Sequence[pl.Series], read: Callable[[pl.Series], pl.DataFrame]
) -> ValueLists:
    """Return columns as value lists of what `read` finds in each distinct cell, as FOUND.

    A value that stands twice with one record counts once.

    >>> def words(texts: pl.Series) -> pl.DataFrame:
    ...     return found_in(texts, pl.col("text").str.split(" "))
    >>> cells = pl.Series(["b a", None, "b b"])
    >>> lists = value_lists_through([cells, cells], words)
    >>> lists.texts.to_list(), lists.codes.tolist(), lists.starts.tolist()
    (['a', 'b'], [0, 1, 1], [0, 2, 2, 3])
    """
    written = [written_in(column) for column in columns]
    found = [read(each.texts) for each in written]
    texts = pl.concat([each["text"] for each in found]).unique().sort()
    held = [
        _held(cells.codes, each["cell"].to_numpy(), _codes_in(each["text"], texts), len(texts))
        for cells, each in zip(written, found, strict=True)
    ]
    pairs = each_once(np.concatenate(held))
    width = max(len(texts), 1)
    sizes = np.bincount(pairs // width, minlength=len(columns[0]))
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])
    return ValueLists(pairs % width, starts, texts)


def found_in(cells: pl.Series, lists: pl.Expr) -> pl.DataFrame:
    """Return FOUND of lists that an expression makes of each cell, `text`.

    >>> found_in(pl.Series(["a b", None]), pl.col("text").str.split(" ")).rows()
    [(0, 'a'), (0, 'b')]
    """
    rows = cells.to_frame("text").with_row_index("cell").with_columns(lists.alias("text"))
    return rows.explode("text").drop_nulls().cast(FOUND)


def _held(codes: Codes, cell: Codes, value: Codes, width: int) -> Codes:
    """Return what each record holds, record and value as one number."""
    held = np.bincount(cell, minlength=int(codes.max(initial=0)) + 1)
    first = np.cumsum(held) - held
    sizes = np.where(codes == MISSING, 0, held[codes])
    holders = np.repeat(np.arange(len(codes)), sizes)
    place = np.arange(len(holders)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return np.asarray(holders * max(width, 1) + value[np.repeat(first[codes], sizes) + place])


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


def each_once(numbers: Codes) -> Codes:
    """Return the numbers sorted, each once, and sort them in place.

    Sorting beats the hash table of numpy.unique on many millions.

    >>> each_once(np.array([3, 1, 3])).tolist()
    [1, 3]
    """
    numbers.sort()
    first = np.ones(len(numbers), np.bool_)
    np.not_equal(numbers[1:], numbers[:-1], out=first[1:])
    return numbers[first]


def in_order(numbers: Codes) -> tuple[Codes, Codes]:
    """Return the places of numbers as they rise, equal ones in theirs, and the numbers so sorted.

    Number and place as one, where they fit, sort several times faster than by argsort.

    >>> in_order(np.array([5, 2, 5]))
    (array([1, 0, 2]), array([2, 5, 5]))
    """
    bits = len(numbers).bit_length()
    if int(numbers.max(initial=0)).bit_length() + bits >= _BITS:
        order = np.argsort(numbers, kind="stable")
        return order, numbers[order]
    packed = (numbers << bits) | np.arange(len(numbers))
    packed.sort()
    return packed & ((1 << bits) - 1), packed >> bits


def distinct_of(numbers: Codes) -> tuple[Codes, Codes]:
    """Return the numbers sorted, each once, and where among them each stands.

    >>> distinct_of(np.array([5, 2, 5]))
    (array([2, 5]), array([1, 0, 1]))
    """
    order, rising = in_order(numbers)
    first = np.diff(rising, prepend=MISSING) != 0
    places = np.empty(len(numbers), np.int64)
    places[order] = np.cumsum(first) - 1
    return rising[first], places


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
