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
Nearness: TypeAlias = Callable[[Sequence[str], Sequence[str]], Levels]
"""From two columns of different texts, row by row, to the level of each row below the top."""

_CHUNK: Final = 500_000  # pairs whose texts exist as Python strings at a time
_WHOLE: Final = 100.0


@dataclass(frozen=True)
class Scale:
    """The levels of a comparison by name, from nothing in common to equal."""

    levels: tuple[str, ...]
    nearness: Nearness

    @property
    def top(self) -> int:
        """The level of equal values."""
        return len(self.levels) - 1


def _similarity(scorer: Callable[..., Any], left: Sequence[str], right: Sequence[str]) -> Any:
    return cpdist(left, right, scorer=scorer, dtype=np.float32)


def _banded(similarity: npt.NDArray[np.float32], bounds: Sequence[float]) -> Levels:
    """Return how many of the rising bounds each similarity reaches."""
    return np.searchsorted(np.asarray(bounds, np.float32), similarity, side="right").astype(np.int8)


def _near_words(left: Sequence[str], right: Sequence[str]) -> Levels:
    near = _banded(_similarity(JaroWinkler.normalized_similarity, left, right), (0.82, 0.92))
    initial = np.fromiter(
        (min(len(a), len(b)) == 1 and a[0] == b[0] for a, b in zip(left, right, strict=True)),
        bool,
        len(left),
    )
    return np.maximum(near, initial.astype(np.int8))


def _near_texts(left: Sequence[str], right: Sequence[str]) -> Levels:
    sorted_words = _similarity(fuzz.token_sort_ratio, left, right) / _WHOLE
    as_written = _similarity(Indel.normalized_similarity, left, right)
    return _banded(np.maximum(sorted_words, as_written), (0.70, 0.85))


def _near_names(left: Sequence[str], right: Sequence[str]) -> Levels:
    sorted_words = _similarity(fuzz.token_sort_ratio, left, right) / _WHOLE
    shared_words = _similarity(fuzz.token_set_ratio, left, right) / _WHOLE
    near = _banded(sorted_words, (0.75, 0.90))
    inside = np.where(shared_words >= 1.0, 2, np.where(shared_words >= 0.85, 1, 0))  # noqa: PLR2004
    return np.maximum(near, inside).astype(np.int8)


def _near_codes(left: Sequence[str], right: Sequence[str]) -> Levels:
    slips = cpdist(left, right, scorer=OSA.distance, dtype=np.uint8, score_cutoff=3)
    return np.where(slips <= 1, 2, np.where(slips == 2, 1, 0)).astype(np.int8)  # noqa: PLR2004


def _never_near(left: Sequence[str], right: Sequence[str]) -> Levels:
    del right
    return np.zeros(len(left), np.int8)


WORD: Final = Scale(("differs", "alike", "near", "equal"), _near_words)
TEXT: Final = Scale(("differs", "alike", "near", "equal"), _near_texts)
NAME: Final = Scale(("differs", "alike", "near", "equal"), _near_names)
CODE: Final = Scale(("differs", "two_slips", "one_slip", "equal"), _near_codes)
CATEGORY: Final = Scale(("differs", "equal"), _never_near)
