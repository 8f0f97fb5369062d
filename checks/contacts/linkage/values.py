"""Columns as numbers: each distinct value has a code, so that it is looked at only once."""

from __future__ import annotations

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


def values_of(texts: pl.Series) -> Values:
    """Return a String column as values; null is missing.

    >>> values = values_of(pl.Series(["b", None, "a", "b"]))
    >>> values.codes.tolist(), values.texts.to_list(), values.counts.tolist()
    ([1, -1, 0, 1], ['a', 'b'], [1, 2])
    """
    distinct = texts.drop_nulls().unique().sort()
    return Values(_codes_in(texts, distinct), distinct)


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


def _codes_in(texts: pl.Series, distinct: pl.Series) -> Codes:
    numbers = pl.DataFrame({"text": distinct}).with_row_index("code")
    coded = pl.DataFrame({"text": texts}).join(
        numbers, on="text", how="left", maintain_order="left"
    )
    return coded["code"].cast(pl.Int64).fill_null(MISSING).to_numpy()
