"""How likely one domain was typed for another: edits weighted by the keyboard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from rapidfuzz.distance import OSA
from rapidfuzz.process import cdist

SLIP: Final = 0.5
"""Cost of the usual slips: a neighbouring key, a doubled or undoubled letter, two keys swapped."""

EDIT: Final = 1.0
"""Cost of any other inserted, missing or wrong letter."""

_LENGTH_FOR_EDITS: Final = (5, 7)
"""Letters that a name needs for a first and for a second edit; gmail has 5, hotmail 7."""

# QWERTY, as on ABNT2 and Latin American keyboards: the same letters, digits, dot and hyphen
_KEY_ROWS: Final = ("1234567890-", "qwertyuiop", "asdfghjkl", "zxcvbnm,.")


def _neighbours() -> frozenset[tuple[str, str]]:
    place = {
        key: (row, column + row / 2)  # each row is shifted by about half a key
        for row, keys in enumerate(_KEY_ROWS)
        for column, key in enumerate(keys)
    }
    return frozenset(
        (one, other)
        for one, (row, column) in place.items()
        for other, (other_row, other_column) in place.items()
        if one != other and abs(row - other_row) <= 1 and abs(column - other_column) <= 1
    )


_NEIGHBOURS: Final = _neighbours()


def edits_allowed(meant: str) -> int:
    """Return how many edits may separate a typo from a name of this length.

    Names under five letters (uol, bol, live) have real neighbours at every edit.

    >>> [edits_allowed(name) for name in ("uol", "gmail", "hotmail")]
    [0, 1, 2]
    """
    return sum(len(meant) >= length for length in _LENGTH_FOR_EDITS)


def near_names(written: Sequence[str], meant: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield pairs of positions whose names are within the edits allowed for the meant one.

    Optimal string alignment: a swap of neighbours is one edit.

    >>> list(near_names(["gmial", "empresa"], ["gmail", "hotmail"]))
    [(0, 0)]
    """
    if not written or not meant:
        return
    allowed = np.array([edits_allowed(name) for name in meant])
    distances = cdist(
        written, meant, scorer=OSA.distance, score_cutoff=int(allowed.max()), dtype=np.uint8
    )
    for row, column in np.argwhere(distances <= allowed):
        yield int(row), int(column)


def typing_cost(written: str, meant: str) -> float:
    """Return the least cost of slips and edits that turn `meant` into `written`.

    >>> typing_cost("gmial.com", "gmail.com"), typing_cost("gnail.com", "gmail.com")
    (0.5, 0.5)
    >>> typing_cost("gpail.com", "gmail.com")
    1.0
    """
    rows = [[0.0] * (len(meant) + 1) for _ in range(len(written) + 1)]
    for i in range(len(written) + 1):
        for j in range(len(meant) + 1):
            rows[i][j] = min(_ways(rows, written[:i], meant[:j]), default=0.0)
    return rows[-1][-1]


def _ways(rows: list[list[float]], written: str, meant: str) -> Iterator[float]:
    i, j = len(written), len(meant)
    if i:
        yield rows[i - 1][j] + _repeat_cost(written)
    if j:
        yield rows[i][j - 1] + _repeat_cost(meant)
    if i and j:
        yield rows[i - 1][j - 1] + _key_cost(written[-1], meant[-1])
    if i > 1 and j > 1 and written[-2:] == meant[-1] + meant[-2]:
        yield rows[i - 2][j - 2] + SLIP


def _repeat_cost(name: str) -> float:
    return SLIP if name[-2:] == name[-1] * 2 else EDIT


def _key_cost(written: str, meant: str) -> float:
    if written == meant:
        return 0.0
    return SLIP if (written, meant) in _NEIGHBOURS else EDIT
