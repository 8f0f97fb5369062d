"""How near two values of one kind are: ordered levels, equal texts always being the top."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
from rapidfuzz import fuzz
from rapidfuzz.distance import OSA, Indel, JaroWinkler
from rapidfuzz.process import cpdist

Levels: TypeAlias = npt.NDArray[np.int8]
Similarities: TypeAlias = npt.NDArray[np.float32]
Nearness: TypeAlias = Callable[[Sequence[str], Sequence[str]], Levels]
"""From two columns of different texts, row by row, to the level of each row below the top."""

DIFFERS: Final = 0
ALIKE: Final = 1
NEAR: Final = 2

_WHOLE: Final = 100.0
_WORKERS: Final = 2
MANY_SLIPS: Final = 3
"""What `slips` says of three typing errors and more, which tell nothing apart."""


@dataclass(frozen=True)
class Scale:
    """The levels of a comparison by name, from nothing in common to equal.

    `steady` is how often one person's values are thought to be equal, before a table is looked at.
    """

    levels: tuple[str, ...]
    nearness: Nearness
    steady: float = 0.8

    @property
    def top(self) -> int:
        """The level of equal values."""
        return len(self.levels) - 1


def banded(similarity: Similarities, bounds: Sequence[float]) -> Levels:
    """Return how many of the rising bounds each similarity reaches.

    >>> banded(np.array([0.5, 0.8, 0.9], np.float32), (0.75, 0.9)).tolist()
    [0, 1, 2]
    """
    return np.searchsorted(np.asarray(bounds, np.float32), similarity, side="right").astype(np.int8)


def similarity(
    scorer: Callable[..., Any], left: Sequence[str], right: Sequence[str]
) -> Similarities:
    """Return the similarity of each row by a scorer of rapidfuzz, as float32."""
    found = cpdist(left, right, scorer=scorer, dtype=np.float32, workers=_WORKERS)
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
            workers=_WORKERS,
        ),
        np.uint8,
    )


def never_near(left: Sequence[str], right: Sequence[str]) -> Levels:
    """Return that values which are not equal differ."""
    del right
    return np.zeros(len(left), np.int8)


def _near_words(left: Sequence[str], right: Sequence[str]) -> Levels:
    near = banded(similarity(JaroWinkler.normalized_similarity, left, right), (0.82, 0.92))
    initial = np.fromiter(
        (
            min(len(one), len(other)) == 1 and one[0] == other[0]
            for one, other in zip(left, right, strict=True)
        ),
        bool,
        len(left),
    )
    return np.maximum(near, initial.astype(np.int8))


def _near_texts(left: Sequence[str], right: Sequence[str]) -> Levels:
    sorted_words = similarity(fuzz.token_sort_ratio, left, right) / _WHOLE
    as_written = similarity(Indel.normalized_similarity, left, right)
    return banded(np.maximum(sorted_words, as_written), (0.70, 0.85))


def near_codes(left: Sequence[str], right: Sequence[str]) -> Levels:
    """Return `NEAR` for one slip, `ALIKE` for two."""
    found = slips(left, right)
    return np.where(found <= 1, NEAR, np.where(found <= NEAR, ALIKE, DIFFERS)).astype(np.int8)


WORD: Final = Scale(("differs", "alike", "near", "equal"), _near_words)
"""One word of a name: Jaro-Winkler, or an initial for the whole word."""

TEXT: Final = Scale(("differs", "alike", "near", "equal"), _near_texts)
"""Some words in any order."""

CODE: Final = Scale(("differs", "two_slips", "one_slip", "equal"), near_codes)
"""Digits and letters without meaning: what counts are typing errors."""

CATEGORY: Final = Scale(("differs", "equal"), never_near)
"""One of few values."""
