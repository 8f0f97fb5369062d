"""Pairs of texts compared word by word: what they share, cut short, or contradict.

Every question is one of numbers: words are codes in a sorted vocabulary, and a word that begins
with another stands between it and the first that does not (`Words.beyond`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import JaroWinkler

from checks.contacts.linkage.scales import similarity
from checks.contacts.linkage.values import Codes, distinct_of
from checks.contacts.linkage.words import NO_WORD, Marks, WordCodes, Words

SAME_WORD: Final = 0.85
"""Jaro-Winkler of two spellings of one word."""

Weights = npt.NDArray[np.float64]

_AT_ONCE: Final = 20_000  # pairs whose words are laid out against each other
_WIDTHS: Final = (4, 8)  # words of most texts; longer ones cost their square


@dataclass(frozen=True)
class WordPairs:
    """Pairs of texts (p), given by their numbers among those that `words` are of."""

    words: Words
    one: Codes
    other: Codes

    def __len__(self) -> int:
        """Return how many pairs there are."""
        return len(self.one)

    def taken(self, rows: Codes) -> WordPairs:
        """Return the pairs of these rows."""
        return WordPairs(self.words, self.one[rows], self.other[rows])

    def texts(self, rows: Codes | slice) -> tuple[list[str], list[str]]:
        """Return the words of both sides in alphabetical order, as texts."""
        texts = self.words.texts
        return texts.gather(self.one[rows]).to_list(), texts.gather(self.other[rows]).to_list()


@dataclass(frozen=True)
class Side:
    """One side of pairs of texts: `codes` (w, p) of their words, and which are the `first` such.

    Pairs come last, because what is asked of them is summed up over their few words.
    """

    codes: WordCodes
    first: Marks


def sides(pairs: WordPairs) -> Iterator[tuple[Codes, Side, Side]]:
    """Yield rows of pairs with both sides, as wide as their words ask for."""
    words, one, other = pairs.words, pairs.one, pairs.other
    sizes = np.maximum(words.sizes[one], words.sizes[other])
    most = words.codes.shape[1]
    widths = [*(width for width in _WIDTHS if width < most), most]
    for narrower, width in zip([-1, *widths], widths, strict=False):
        rows = np.flatnonzero((sizes > narrower) & (sizes <= width))
        for at in range(0, len(rows), _AT_ONCE):
            part = rows[at : at + _AT_ONCE]
            left, right = (_side(words, side[part], width) for side in (one, other))
            yield part, left, right


def _side(words: Words, texts: Codes, width: int) -> Side:
    codes, first = words.codes[texts, :width], words.first[texts, :width]
    return Side(np.ascontiguousarray(codes.T), np.ascontiguousarray(first.T))


def equal_words(left: Side, right: Side) -> Marks:
    """Return which words of each pair are equal (w of the left, w of the right, p)."""
    equal = left.codes[:, None, :] == right.codes[None, :, :]
    equal &= (left.codes != NO_WORD)[:, None, :]
    return np.asarray(equal)


def is_cut_short(words: Words, short: Side, long: Side, equal: Marks, letters: int) -> Marks:
    """Tell which texts (p) are the other one with words cut, and not only with words left out.

    The words of the short one stand in the long one in order. A word cut to one letter, or to
    `letters` and more, stands for the whole one; one word at least must stand there whole.
    """
    found = equal.any(axis=1)
    known = short.codes != NO_WORD
    rows = np.flatnonzero((known & ~found).any(axis=0) & found.any(axis=0))
    one, other = short.codes[:, rows], long.codes[:, rows]
    sizes = words.letters[one]
    cut = (sizes == 1) | ((sizes >= letters) & (letters > 1))
    begins = _begins(words, other[None, :, :], one[:, None, :])
    marks = np.zeros(len(known[0]), np.bool_)
    marks[rows] = _in_order(equal[:, :, rows] | (begins & cut[:, None, :]), known[:, rows])
    return marks


def _begins(words: Words, word: WordCodes, beginning: WordCodes) -> Marks:
    """Tell which words begin with another one."""
    begins = (word >= beginning) & (word < words.beyond[beginning])
    return np.asarray(begins & (beginning != NO_WORD))


def _in_order(stands_for: Marks, known: Marks) -> Marks:
    """Tell where all known words find theirs on the other side, each after that of the one before.

    Taking the first that will do leaves most to the words that follow.
    """
    places = np.arange(stands_for.shape[1])[:, None]
    at = np.full(known.shape[1], -1)
    holds = np.ones(known.shape[1], np.bool_)
    for word, asked in zip(stands_for, known, strict=True):
        open_ = word & (places > at)
        holds &= open_.any(axis=0) | ~asked
        at = np.where(asked, open_.argmax(axis=0), at)
    return holds


def is_contradicted(words: Words, left: Side, right: Side, equal: Marks) -> Marks:
    """Tell in which pairs (p) each text has a whole word that is near to none of the other's own.

    Brothers share a surname and sister companies an owner's name; each has a word of its own.
    """
    own_left = (left.codes != NO_WORD) & ~equal.any(axis=1)
    own_right = (right.codes != NO_WORD) & ~equal.any(axis=0)
    whole_left = own_left & (words.letters[left.codes] > 1)
    whole_right = own_right & (words.letters[right.codes] > 1)
    rows = np.flatnonzero(whole_left.any(axis=0) & whole_right.any(axis=0))
    one, other = left.codes[:, None, rows], right.codes[None, :, rows]
    both = own_left[:, None, rows] & own_right[None, :, rows]
    spelt_alike = _spelt_alike(words, one[:, 0], other[0], both)
    near_left = ((spelt_alike | _begins(words, one, other)) & both).any(axis=1)
    near_right = ((spelt_alike | _begins(words, other, one)) & both).any(axis=0)
    own = (whole_left[:, rows] & ~near_left, whole_right[:, rows] & ~near_right)
    marks = np.zeros(equal.shape[2], np.bool_)
    marks[rows] = own[0].any(axis=0) & own[1].any(axis=0)
    return marks


def _spelt_alike(words: Words, one: WordCodes, other: WordCodes, asked: Marks) -> Marks:
    """Tell which of the words asked for are spellings of one; each two words are looked at once."""
    left, right, rows = np.nonzero(asked)
    first, second = one[left, rows].astype(np.int64), other[right, rows].astype(np.int64)
    size = max(len(words.vocabulary), 1)
    pairs, place = distinct_of(np.minimum(first, second) * size + np.maximum(first, second))
    spelt = [words.vocabulary.gather(codes).to_list() for codes in divmod(pairs, size)]
    found = similarity(JaroWinkler.normalized_similarity, spelt[0], spelt[1])
    marks = np.zeros(asked.shape, np.bool_)
    marks[left, right, rows] = (found >= np.float32(SAME_WORD))[place]
    return marks


def weight_of(weights: Weights, codes: WordCodes, chosen: Marks) -> Weights:
    """Return the sum of the weights (v + 1) of the chosen words of each text (p)."""
    return np.asarray(np.where(chosen, weights[codes], 0.0).sum(axis=0))
