"""Texts taken apart into words, once per distinct text, so that words compare as numbers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

MOST_WORDS: Final = 16
"""Words of a text that are looked at; no name has more."""

NO_WORD: Final = -1

_LAST_LETTER: Final = "\U0010ffff"

WordCodes = npt.NDArray[np.int32]
Marks = npt.NDArray[np.bool_]
Counts = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Words:
    """The words of some texts (k): `codes` (k, most) into `vocabulary` (v), then `NO_WORD`.

    `texts` (k) are the same words in alphabetical order, one blank apart. The vocabulary is
    sorted, so that the words which begin with another follow it: from its own code up to
    `beyond` (v).
    """

    codes: WordCodes
    vocabulary: pl.Series
    texts: pl.Series

    @cached_property
    def sizes(self) -> Counts:
        """How many words each text has (k)."""
        return np.asarray((self.codes != NO_WORD).sum(axis=1), np.int32)

    @cached_property
    def first(self) -> Marks:
        """Which words have not stood in their text before (k, most)."""
        marks: Marks = self.codes != NO_WORD
        for place in range(1, self.codes.shape[1]):
            for before in range(place):
                marks[:, place] &= self.codes[:, place] != self.codes[:, before]
        return marks

    @cached_property
    def letters(self) -> Counts:
        """How many letters each word has (v); nothing for `NO_WORD`, the last."""
        return np.append(self.vocabulary.str.len_chars().to_numpy(), 0).astype(np.int32)

    @cached_property
    def beyond(self) -> WordCodes:
        """The first word after each that does not begin with it (v); `NO_WORD` for itself."""
        bounds = self.vocabulary.search_sorted(self.vocabulary + _LAST_LETTER)
        return np.append(np.asarray(bounds), NO_WORD).astype(np.int32)

    @cached_property
    def numbered(self) -> Marks:
        """Which words hold a digit (v); `NO_WORD`, the last, does not."""
        return np.append(self.vocabulary.str.contains("[0-9]").to_numpy(), [False])


def words_of(texts: pl.Series) -> Words:
    """Return the words of texts (k), which stand one blank apart; there is no null.

    >>> words = words_of(pl.Series(["lima ana", "ana"]))
    >>> words.codes.tolist(), words.vocabulary.to_list(), words.texts.to_list()
    ([[1, 0], [0, -1]], ['ana', 'lima'], ['ana lima', 'ana'])
    """
    lists = texts.str.split(" ").list.head(MOST_WORDS)
    sizes = lists.list.len().to_numpy().astype(np.int64)
    words = lists.explode(empty_as_null=False)
    vocabulary = words.unique().sort()
    numbers = pl.DataFrame({"word": vocabulary}).with_row_index("code")
    coded = words.to_frame("word").join(numbers, on="word", how="left", maintain_order="left")
    text = np.repeat(np.arange(len(texts)), sizes)
    place = np.arange(len(words)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    codes = np.full((len(texts), int(sizes.max(initial=1))), NO_WORD, np.int32)
    codes[text, place] = coded["code"].to_numpy()
    return Words(codes, vocabulary, lists.list.eval(pl.element().sort()).list.join(" "))
