"""How near two values of one kind are: ordered levels, equal texts always being the top."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl
from rapidfuzz import fuzz
from rapidfuzz.distance import OSA, Indel, JaroWinkler
from rapidfuzz.process import cpdist

from checks.contacts.linkage.values import Codes, ValueLists, Values, values_of

Levels: TypeAlias = npt.NDArray[np.int8]
Similarities: TypeAlias = npt.NDArray[np.float32]
Nearness: TypeAlias = Callable[[Values | ValueLists, Codes, Codes], Levels]
"""From pairs of different values, given by their codes, to the level of each below the top."""

TextNearness: TypeAlias = Callable[[Sequence[str], Sequence[str]], Levels]
"""The same from two columns of texts, row by row."""

DIFFERS: Final = 0
ALIKE: Final = 1
NEAR: Final = 2

_WHOLE: Final = 100.0
_AT_ONCE: Final = 400_000  # pairs of values that exist as Python strings at a time
SIDES: Final = pl.Schema({"left": pl.String(), "right": pl.String()})
"""Two columns of texts as a frame."""

WORKERS: Final = 2
"""Threads that compare: fields beside each other, and texts within one."""

MANY_SLIPS: Final = 3
"""What `slips` says of three typing errors and more, which tell nothing apart."""


@dataclass(frozen=True)
class Scale:
    """The levels of a comparison by name, from nothing in common to equal.

    `steady` is how often one person's values are thought to be equal, before a table is looked at.
    """

    levels: tuple[str, ...]
    near: Nearness
    steady: float = 0.8

    @property
    def top(self) -> int:
        """The level of equal values."""
        return len(self.levels) - 1

    def nearness(self, left: Sequence[str], right: Sequence[str]) -> Levels:
        """Return the level of two columns of texts, row by row; no two may be equal."""
        both = values_of(pl.Series([*left, *right], dtype=pl.String))
        return self.near(both, both.codes[: len(left)], both.codes[len(left) :])


def by_text(nearness: TextNearness) -> Nearness:
    """Return how near values are by their texts, of which few are at hand at a time."""

    def near(values: Values | ValueLists, one: Codes, other: Codes) -> Levels:
        found = np.zeros(len(one), np.int8)
        for at in range(0, len(one), _AT_ONCE):
            part = slice(at, at + _AT_ONCE)
            found[part] = nearness(
                values.texts.gather(one[part]).to_list(), values.texts.gather(other[part]).to_list()
            )
        return found

    return near


def banded(similarity: Similarities, bounds: Sequence[float]) -> Levels:
    """Return how many of the rising bounds each similarity reaches.

    >>> banded(np.array([0.5, 0.8, 0.9], np.float32), (0.75, 0.9)).tolist()
    [0, 1, 2]
    """
    return np.searchsorted(np.asarray(bounds, np.float32), similarity, side="right").astype(np.int8)


def similarity(
    scorer: Callable[..., Any], left: Sequence[str], right: Sequence[str], least: float = 0.0
) -> Similarities:
    """Return the similarity of each row by a scorer of rapidfuzz, as float32; 0 below the least."""
    found = cpdist(
        left, right, scorer=scorer, dtype=np.float32, workers=WORKERS, score_cutoff=least
    )
    return np.asarray(found, np.float32)


def slips(left: Sequence[str], right: Sequence[str]) -> npt.NDArray[np.uint8]:
    """Return how many characters were typed wrong, left out, added or swapped; 3 is many.

    >>> slips(["1990", "1990", "1990"], ["1909", "1980", "2055"]).tolist()
    [1, 1, 3]
    """
    return np.asarray(
        cpdist(
            left,
            right,
            scorer=OSA.distance,
            dtype=np.uint8,
            score_cutoff=MANY_SLIPS - 1,
            workers=WORKERS,
        ),
        np.uint8,
    )


def never_near(values: Values | ValueLists, one: Codes, other: Codes) -> Levels:
    """Return that values which are not equal differ."""
    del values, other
    return np.zeros(len(one), np.int8)


def _near_words(left: Sequence[str], right: Sequence[str]) -> Levels:
    near = banded(similarity(JaroWinkler.normalized_similarity, left, right), (0.82, 0.92))
    pairs = pl.DataFrame({"left": left, "right": right}, schema=SIDES)
    one = pl.min_horizontal(pl.all().str.len_chars()) == 1
    begins_alike = pl.col("left").str.head(1) == pl.col("right").str.head(1)
    initial = pairs.select(one & begins_alike).to_series().to_numpy()
    return np.asarray(np.maximum(near, initial), np.int8)


def near_texts(left: Sequence[str], right: Sequence[str]) -> Levels:
    """Return how near texts are, as written or with their words in order."""
    sorted_words = similarity(fuzz.token_sort_ratio, left, right) / _WHOLE
    as_written = similarity(Indel.normalized_similarity, left, right)
    return banded(np.maximum(sorted_words, as_written), (0.70, 0.85))


def near_codes(left: Sequence[str], right: Sequence[str]) -> Levels:
    """Return `NEAR` for one slip, `ALIKE` for two."""
    found = slips(left, right)
    return np.where(found <= 1, NEAR, np.where(found <= NEAR, ALIKE, DIFFERS)).astype(np.int8)


WORD: Final = Scale(("differs", "alike", "near", "equal"), by_text(_near_words))
"""One word of a name: Jaro-Winkler, or an initial for the whole word."""

TEXT: Final = Scale(("differs", "alike", "near", "equal"), by_text(near_texts))
"""Some words in any order."""

CODE: Final = Scale(("differs", "two_slips", "one_slip", "equal"), by_text(near_codes))
"""Digits and letters without meaning: what counts are typing errors."""

CATEGORY: Final = Scale(("differs", "equal"), never_near)
"""One of few values."""
