"""Names compared by words held as numbers: the same answers as word by word in plain Python."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz import fuzz
from rapidfuzz.distance import JaroWinkler

from checks.contacts.linkage.name_scales import PERSON, company_scale
from checks.contacts.linkage.values import values_of
from checks.contacts.linkage.word_pairs import (
    SAME_WORD,
    WordPairs,
    equal_words,
    is_contradicted,
    is_cut_short,
    sides,
)
from checks.contacts.linkage.words import MOST_WORDS, words_of

WORDS: Final = ("a", "ana", "anna", "an", "lima", "lim", "l", "limas", "reis", "jose", "2", "23")
NAMES: Final = st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map(" ".join)


def asked(one: str, other: str, letters: int = 1) -> tuple[bool, bool]:
    """Tell whether the first name is the other one cut short, and whether they contradict."""
    texts = pl.Series([one, other])
    pairs = WordPairs(words_of(texts), np.array([0]), np.array([1]))
    ((_, left, right),) = sides(pairs)
    equal = equal_words(left, right)
    cut = is_cut_short(pairs.words, left, right, equal, letters)
    return bool(cut[0]), bool(is_contradicted(pairs.words, left, right, equal)[0])


@pytest.mark.parametrize(
    ("short", "long", "letters", "is_short"),
    [
        ("maria s souza", "maria silva souza", 1, True),
        ("m s", "maria silva", 1, False),  # no word stands there whole
        ("maria souza", "maria silva souza", 1, False),  # left out is not cut
        ("s maria souza", "maria silva souza", 1, False),  # not in that order
        ("maria s s souza", "maria silva souza", 1, False),  # one word for each
        ("maria sil souza", "maria silva souza", 1, False),  # people are cut to a letter
        ("casa mat ind", "casa materiais industriais", 3, True),
        ("casa ma ind", "casa materiais industriais", 3, False),
    ],
)
def test_names_cut_short(short: str, long: str, letters: int, *, is_short: bool) -> None:
    assert asked(short, long, letters)[0] is is_short


@pytest.mark.parametrize(
    ("one", "other", "contradict"),
    [
        ("ana lima reis", "jose lima reis", True),
        ("ana lima", "ana limma", False),  # a slip
        ("ana lima", "ana lima reis", False),  # only one has a word of its own
        ("a lima reis", "jose lima reis", False),  # an initial is no word of its own
        ("ana lim", "ana limaverde", False),  # cut short
    ],
)
def test_names_that_contradict(one: str, other: str, *, contradict: bool) -> None:
    assert (asked(one, other)[1], asked(other, one)[1]) == (contradict, contradict)


def word_by_word(one: str, other: str) -> str:
    """Return the level of two people's names by their definition."""
    by_letters = fuzz.token_sort_ratio(one, other) / 100
    shared = fuzz.token_set_ratio(one, other) / 100
    level = max(
        sum(by_letters >= bound for bound in (0.75, 0.90, 1.0)),
        sum(shared >= bound for bound in (0.85, 1.0)),
    )
    if level < 2 and shared >= 0.6:
        if cut_by_word(one, other) or cut_by_word(other, one):
            return "near"
        left, right = set(one.split()), set(other.split())
        if own(left - right, right - left) and own(right - left, left - right):
            return "contradicts"
    return ("differs", "alike", "near", "same_words")[level]


def own(words: set[str], others: set[str]) -> bool:
    return any(
        len(word) > 1
        and not any(
            word.startswith(other) or JaroWinkler.normalized_similarity(word, other) >= SAME_WORD
            for other in others
        )
        for word in words
    )


def cut_by_word(short: str, long: str) -> bool:
    rest = iter(long.split())
    return (
        not set(short.split()) <= set(long.split())
        and not set(short.split()).isdisjoint(long.split())
        and all(
            any(word == other or (len(word) == 1 and other.startswith(word)) for other in rest)
            for word in short.split()
        )
    )


@given(NAMES, NAMES)
@settings(max_examples=120, deadline=None)
def test_people_compare_as_word_by_word(one: str, other: str) -> None:
    # a word that stands twice counts once; so in the definition, which is not of one mind
    one, other = (" ".join(dict.fromkeys(name.split())) for name in (one, other))
    if one != other:
        assert PERSON.levels[PERSON.nearness([one], [other])[0]] == word_by_word(one, other)


@given(st.lists(NAMES, min_size=2, max_size=7, unique=True))
@settings(max_examples=20, deadline=None)
def test_a_pair_compares_the_same_alone_and_among_others(names: list[str]) -> None:
    values = values_of(pl.Series(names))
    one = np.repeat(np.arange(len(names)), len(names))
    other = np.tile(np.arange(len(names)), len(names))
    one, other = one[one != other], other[one != other]
    for scale in (PERSON, company_scale(values)):
        together = scale.near(values, one, other)
        texts = values.texts.to_list()
        apart = [
            scale.nearness([texts[left]], [texts[right]])[0]
            for left, right in zip(one.tolist(), other.tolist(), strict=True)
        ]
        assert together.tolist() == apart


def test_words_beyond_the_bound_are_left_out() -> None:
    words = words_of(pl.Series([" ".join(f"w{place:03d}" for place in range(1_000)), "w000"]))
    assert words.codes.shape == (2, MOST_WORDS)
    assert words.sizes.tolist() == [MOST_WORDS, 1]


def test_words_that_begin_with_another_stand_between_it_and_what_is_beyond() -> None:
    words = words_of(pl.Series(["an ana anna lima", "a ão"]))
    vocabulary = words.vocabulary.to_list()
    for code, word in enumerate(vocabulary):
        begin = [other for other in vocabulary if other.startswith(word)]
        assert vocabulary[code : words.beyond[code]] == begin


def test_no_names_are_no_pairs() -> None:
    empty = values_of(pl.Series([None], dtype=pl.String))
    nobody = np.zeros(0, np.int64)
    assert len(PERSON.near(empty, nobody, nobody)) == 0
    assert len(company_scale(empty).near(empty, nobody, nobody)) == 0
