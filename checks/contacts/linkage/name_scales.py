"""How near names of people and of companies are, by letters and by words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from rapidfuzz import fuzz
from rapidfuzz.distance import Indel

from checks.contacts.linkage.scales import (
    Levels,
    Nearness,
    Scale,
    Similarities,
    banded,
    never_near,
    similarity,
)
from checks.contacts.linkage.values import Codes, ValueLists, Values
from checks.contacts.linkage.word_pairs import (
    Side,
    Weights,
    WordPairs,
    equal_words,
    is_contradicted,
    is_cut_short,
    sides,
    weight_of,
)
from checks.contacts.linkage.words import Marks, Words

_LEVELS: Final = ("contradicts", "differs", "alike", "near", "same_words", "equal")
_CONTRADICTS, _DIFFERS, _ALIKE, _NEAR = range(4)
_SHARE_A_WORD: Final = 0.6  # names below share no whole word, or a short one beside long ones
_LEAST_LETTERS: Final = 0.59  # a little below, because of rounding
_WHOLE: Final = 100.0
_INITIAL: Final = 1  # letters that a word of a person's name is cut to
_CUT_SHORT: Final = 3  # and of a company's: Mat. Ind.
_PERSON_BOUNDS: Final = (0.75, 0.90, 1.0)  # of sorted words: alike, near, the same
_PERSON_SET: Final = 0.85  # with words in common counted once: alike
_COMPANY_BOUNDS: Final = (0.80, 0.92, 1.0)
_NEAR_SHARE: Final = 0.8  # of the weight of all words that both names must have
_ALIKE_SHARE: Final = 0.5
_AT_ONCE: Final = 400_000  # pairs of names that exist as Python strings at a time


@dataclass(frozen=True)
class _Shared:
    """What the words in common say of pairs of names (p).

    `within`: all words of one are the other's. `least` and `most`: how similar the names are if
    the words in common are counted once and nothing, or all that can be, of the rest is alike.
    """

    any: Marks
    within: Marks
    least: Similarities
    most: Similarities


def _near_people(values: Values | ValueLists, one: Codes, other: Codes) -> Levels:
    pairs = WordPairs(values.words, one, other)
    by_letters = _by_letters(pairs)
    shared = _shared(pairs)
    levels = _DIFFERS + banded(by_letters, _PERSON_BOUNDS)
    levels = np.where(shared.within, np.maximum(levels, _NEAR), levels)
    bounds = (_SHARE_A_WORD, _PERSON_SET)
    similar = _similar(pairs, shared, by_letters, levels < _NEAR, bounds)
    levels = np.maximum(levels, _DIFFERS + banded(similar, (_PERSON_SET,)))
    return _looked_at(pairs, levels, similar, _INITIAL)


def company_scale(names: Values) -> Scale:
    """Return how near company names are: by the words they share, rare ones counting more.

    >>> from checks.contacts.linkage.values import values_of
    >>> names = pl.Series(["casa lima", "casa reis", "casa lima modas", "casa nova", "loja 1"])
    >>> scale = company_scale(values_of(names))
    >>> scale.nearness(["casa lima", "casa lima"], ["casa lima modas", "casa reis"]).tolist()
    [2, 0]
    """
    return Scale(_LEVELS, _near_companies(_rareness(names.words)))


def _rareness(words: Words) -> pl.DataFrame:
    """Return each `word` with the logarithm of how few texts hold it, as `weight`."""
    holders = np.bincount(words.codes[words.first], minlength=len(words.vocabulary))
    weight = np.log(1.0 + max(len(words.texts), 1) / np.maximum(holders, 1))
    return pl.DataFrame({"word": words.vocabulary, "weight": weight})


def _near_companies(rareness: pl.DataFrame) -> Nearness:
    def near(values: Values | ValueLists, one: Codes, other: Codes) -> Levels:
        pairs = WordPairs(values.words, one, other)
        by_letters = _by_letters(pairs)
        overlap, apart = _in_common(pairs, _weights(rareness, pairs.words))
        levels = _DIFFERS + np.maximum(
            banded(by_letters, _COMPANY_BOUNDS), banded(overlap, (_ALIKE_SHARE, _NEAR_SHARE))
        )
        bounds = (_SHARE_A_WORD,)
        similar = _similar(pairs, _shared(pairs), by_letters, levels < _NEAR, bounds)
        levels = _looked_at(pairs, levels, similar, _CUT_SHORT)
        return np.where(apart, _CONTRADICTS, levels).astype(np.int8)

    return near


def _weights(rareness: pl.DataFrame, words: Words) -> Weights:
    """Return the weight of each word (v); nothing for unknown ones and for `NO_WORD`, the last."""
    known = words.vocabulary.to_frame("word").join(
        rareness, on="word", how="left", maintain_order="left"
    )
    return np.append(known["weight"].fill_null(0.0).to_numpy(), 0.0)


def _by_letters(pairs: WordPairs) -> Similarities:
    """Return how many letters of the words in alphabetical order are alike; 0 where too few."""
    found = np.zeros(len(pairs), np.float32)
    for at in range(0, len(pairs), _AT_ONCE):
        part = slice(at, at + _AT_ONCE)
        texts = pairs.texts(part)
        found[part] = similarity(Indel.normalized_similarity, *texts, least=_LEAST_LETTERS)
    return found


def _shared(pairs: WordPairs) -> _Shared:
    marks = np.zeros((2, len(pairs)), np.bool_)
    bounds = np.zeros((2, len(pairs)), np.float32)
    for rows, left, right in sides(pairs):
        equal = equal_words(left, right)
        both = left.first & equal.any(axis=1)
        sizes = [
            _length(pairs.words, side, chosen)
            for side, chosen in (
                (left, both),
                (left, left.first & ~both),
                (right, right.first & ~equal.any(axis=0)),
            )
        ]
        marks[:, rows] = both.any(axis=0), (sizes[1] == 0) | (sizes[2] == 0)
        bounds[:, rows] = _bounds(*sizes)
    return _Shared(marks[0], marks[0] & marks[1], bounds[0], bounds[1])


def _length(words: Words, side: Side, chosen: Marks) -> Weights:
    """Return how long the chosen words of each name (p) are, one blank apart."""
    letters = np.where(chosen, words.letters[side.codes], 0).sum(axis=0)
    return np.asarray(np.maximum(letters + chosen.sum(axis=0) - 1, 0), np.float64)


def _bounds(both: Weights, left: Weights, right: Weights) -> tuple[Weights, Weights]:
    """Return the least and the most that `token_set_ratio` of rapidfuzz can be.

    It takes the words in common (`both` letters) against those and the rest of either side, which
    needs lengths alone, and the two sides with their rest against each other.
    """
    ones = [1.0 - (rest + 1.0) / (2.0 * both + rest + 1.0) for rest in (left, right)]
    whole = 2.0 * both + left + right + 2.0
    least = np.maximum(*ones)
    return least, np.maximum(least, 1.0 - np.abs(left - right) / whole)


def _similar(
    pairs: WordPairs,
    shared: _Shared,
    by_letters: Similarities,
    asked: Marks,
    bounds: tuple[float, ...],
) -> Similarities:
    """Return how similar names are with the words in common counted once.

    Exact only where asked for and where that decides whether one of the bounds is reached.
    """
    found = np.where(shared.any, np.where(shared.within, 1.0, shared.least), by_letters)
    open_ = [(shared.least < bound) & (shared.most >= bound) for bound in bounds]
    decides = np.logical_or.reduce(open_) & shared.any & ~shared.within
    rows = np.flatnonzero(decides & asked)
    found[rows] = similarity(fuzz.token_set_ratio, *pairs.texts(rows)) / _WHOLE
    return found.astype(np.float32)


def _looked_at(pairs: WordPairs, levels: Levels, similar: Similarities, letters: int) -> Levels:
    """Look at the words of names that are not near: one may be cut short, or contradict the other.

    Brothers share a surname and sister companies an owner's name; each has a word of its own.
    """
    found = levels.astype(np.int8)
    open_ = np.flatnonzero((levels < _NEAR) & (similar >= np.float32(_SHARE_A_WORD)))
    words = pairs.words
    for part, left, right in sides(pairs.taken(open_)):
        equal = equal_words(left, right)
        back = equal.transpose(1, 0, 2)
        cut = is_cut_short(words, left, right, equal, letters)
        cut |= is_cut_short(words, right, left, back, letters)
        apart = is_contradicted(words, left, right, equal)
        rows = open_[part]
        found[rows] = np.where(cut, _NEAR, np.where(apart, _CONTRADICTS, found[rows]))
    return found


def _in_common(pairs: WordPairs, weights: Weights) -> tuple[Similarities, Marks]:
    """Return the share of the weight of all words that both have, and who are numbered apart.

    Numbered apart: both hold numbers, but different ones. Loja 1 is not Loja 2.
    """
    overlap, apart = np.zeros(len(pairs), np.float32), np.zeros(len(pairs), np.bool_)
    for rows, left, right in sides(pairs):
        equal = equal_words(left, right)
        both = left.first & equal.any(axis=1)
        shared = weight_of(weights, left.codes, both)
        total = sum(weight_of(weights, side.codes, side.first) for side in (left, right)) - shared
        overlap[rows] = shared / np.where(total > 0.0, total, 1.0)
        numbers = [pairs.words.numbered[side.codes] & side.first for side in (left, right)]
        counts = [marks.sum(axis=0) for marks in (*numbers, numbers[0] & both)]
        same = (counts[0] == counts[2]) & (counts[1] == counts[2])
        apart[rows] = (counts[0] > 0) & (counts[1] > 0) & ~same
    return overlap, apart


PERSON: Final = Scale(_LEVELS, _near_people)
"""A person's full name: words in any order, some left out, initials."""


SUFFIX: Final = Scale(("differs", "equal"), never_near, steady=0.995)
"""Filho, Neto or nothing: father and son share the rest of a name."""
