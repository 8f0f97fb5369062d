"""Names of people and companies taken apart, once per distinct name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl
from rapidfuzz import fuzz
from rapidfuzz.distance import JaroWinkler

from checks.contacts.legal_forms import legal_forms_at_end
from checks.contacts.linkage.scales import (
    Levels,
    Scale,
    Similarities,
    banded,
    never_near,
    similarity,
)
from checks.contacts.linkage.values import Values
from checks.contacts.model import NameWords

NAME_PARTS: Final = pl.Schema(
    {
        "key": pl.String(),  # the words that tell, in order; the whole name where none does
        "generation": pl.String(),  # meaning of a suffix such as Filho; null: none
        "is_company": pl.Boolean(),  # it ends with a legal form, or begins with a register's number
        "is_person": pl.Boolean(),  # a known given name first, a known surname last
    },
)
"""What `name_parts` says of each name."""

_LEVELS: Final = ("contradicts", "differs", "alike", "near", "same_words", "equal")
_CONTRADICTS, _DIFFERS, _ALIKE, _NEAR = range(4)
_SHARE_A_WORD: Final = 0.6  # names below share no whole word, or a short one beside long ones
_INITIAL: Final = 1  # letters that a word of a person's name is cut to
_CUT_SHORT: Final = 3  # and of a company's: Mat. Ind.
_WHOLE: Final = 100.0
_NEAR_SHARE: Final = 0.8  # of the weight of all words that both names must have
_ALIKE_SHARE: Final = 0.5
_SAME_WORD: Final = 0.85  # Jaro-Winkler of two spellings of one word
_REGISTERED: Final = r"^(?:[0-9]{2} [0-9]{3} [0-9]{3}|[0-9]{8}) "
"""The CNPJ root before the name of a one-person company (MEI)."""


def name_parts(names: pl.Series, words: NameWords) -> pl.DataFrame:
    """Return NAME_PARTS, one row per folded name, in order.

    >>> words = NameWords(("de",), (("filho", "filho"),), ("ltda",))
    >>> name_parts(pl.Series(["jose de lima filho", "casa lima l t d a"]), words).rows()
    [('jose lima', 'filho', False, False), ('casa lima', None, True, False)]
    """
    whole = pl.col("name")
    stripped = whole.str.replace(_REGISTERED, "").str.replace(legal_forms_at_end(words), "")
    tokens = stripped.str.split(" ").list.eval(
        pl.element().filter(~pl.element().is_in(words.particles))
    )
    several = pl.col("tokens").list.len() > 1
    last = pl.col("tokens").list.last()
    meaning = last.replace_strict(dict(words.generations), default=None, return_dtype=pl.String)
    return (
        names.to_frame("name")
        .with_columns(tokens=tokens, is_company=stripped != whole)
        .with_columns(generation=pl.when(several & ~pl.col("is_company")).then(meaning))
        .with_columns(
            core=pl.when(pl.col("generation").is_null())
            .then("tokens")
            .otherwise(pl.col("tokens").list.head(pl.col("tokens").list.len() - 1))
            .list.join(" "),
        )
        .select(
            key=pl.when(pl.col("core") != "").then("core").otherwise("name"),
            generation="generation",
            is_company="is_company",
            is_person=~pl.col("is_company")
            & pl.col("core").str.split(" ").list.first().is_in(list(words.given_names))
            & pl.col("core").str.split(" ").list.last().is_in(list(words.surnames))
            & pl.col("core").str.contains(" "),
        )
        .cast(NAME_PARTS)
    )


def _near_people(left: Sequence[str], right: Sequence[str]) -> Levels:
    sorted_words = similarity(fuzz.token_sort_ratio, left, right) / _WHOLE
    shared_words = similarity(fuzz.token_set_ratio, left, right) / _WHOLE
    near = _DIFFERS + np.maximum(
        banded(sorted_words, (0.75, 0.90, 1.0)), banded(shared_words, (0.85, 1.0))
    )
    return _with_words(near.astype(np.int8), shared_words, left, right, _INITIAL)


def _with_words(
    levels: Levels,
    shared_words: Similarities,
    left: Sequence[str],
    right: Sequence[str],
    letters: int,
) -> Levels:
    """Look at the words of names that are not near: one may be cut short, or contradict the other.

    Brothers share a surname and sister companies an owner's name; each has a word of its own.
    """
    open_ = np.flatnonzero((levels < _NEAR) & (shared_words >= _SHARE_A_WORD))
    for row in open_.tolist():
        one, other = left[row], right[row]
        if is_cut_short(one, other, letters) or is_cut_short(other, one, letters):
            levels[row] = _NEAR
        elif is_contradicted(one, other):
            levels[row] = _CONTRADICTS
    return levels


def is_contradicted(one: str, other: str) -> bool:
    """Tell whether each of two names has a whole word that is near to none of the other.

    >>> is_contradicted("ana lima reis", "jose lima reis"), is_contradicted("ana lima", "ana limma")
    (True, False)
    """
    left, right = set(one.split()), set(other.split())
    return _has_own(left - right, right - left) and _has_own(right - left, left - right)


def _has_own(words: set[str], others: set[str]) -> bool:
    return any(
        len(word) > 1
        and not any(
            word.startswith(other) or JaroWinkler.normalized_similarity(word, other) >= _SAME_WORD
            for other in others
        )
        for word in words
    )


def is_cut_short(short: str, long: str, letters: int) -> bool:
    """Tell whether a name is another with words cut, and not only with words left out."""
    left_out = set(short.split()) <= set(long.split())
    return not left_out and is_abbreviated(short, long, letters)


def is_abbreviated(short: str, long: str, letters: int = 1) -> bool:
    """Tell whether the words of one name stand in the other in order, whole or cut short.

    A word cut to one letter, or to `letters` and more, stands for the whole one. One word at least
    must stand there whole.

    >>> is_abbreviated("maria s souza", "maria silva souza"), is_abbreviated("m s", "maria silva")
    (True, False)
    >>> is_abbreviated("casa mat ind", "casa materiais industriais", letters=3)
    True
    """
    rest = iter(long.split())
    words = short.split()
    if not all(any(_stands_for(word, other, letters) for other in rest) for word in words):
        return False
    return not set(words).isdisjoint(long.split())


def _stands_for(word: str, other: str, letters: int) -> bool:
    cut = len(word) == 1 or len(word) >= letters > 1
    return word == other or (cut and other.startswith(word))


PERSON: Final = Scale(_LEVELS, _near_people)
"""A person's full name: words in any order, some left out, initials."""


SUFFIX: Final = Scale(("differs", "equal"), never_near, steady=0.995)
"""Filho, Neto or nothing: father and son share the rest of a name."""


def company_scale(names: Values) -> Scale:
    """Return how near company names are: by the words they share, rare ones counting more.

    >>> from checks.contacts.linkage.values import values_of
    >>> names = pl.Series(["casa lima", "casa reis", "casa lima modas", "casa nova", "loja 1"])
    >>> scale = company_scale(values_of(names))
    >>> scale.nearness(["casa lima", "casa lima"], ["casa lima modas", "casa reis"]).tolist()
    [2, 0]
    """
    return Scale(_LEVELS, _near_companies(_word_weights(names)))


def _word_weights(names: Values) -> Mapping[str, float]:
    """Return the logarithm of how few names hold each word."""
    words = names.texts.str.split(" ").list.unique().explode().drop_nulls()
    total = max(len(names.texts), 1)
    counted = words.value_counts(name="holders").rows()
    return {word: float(np.log(1.0 + total / holders)) for word, holders in counted}


def _near_companies(
    weight: Mapping[str, float],
) -> Callable[[Sequence[str], Sequence[str]], Levels]:
    def nearness(left: Sequence[str], right: Sequence[str]) -> Levels:
        sorted_words = similarity(fuzz.token_sort_ratio, left, right) / _WHOLE
        near = banded(sorted_words, (0.80, 0.92, 1.0))
        overlap = [_overlap(one, other, weight) for one, other in zip(left, right, strict=True)]
        shared = banded(np.array(overlap, np.float32), (_ALIKE_SHARE, _NEAR_SHARE))
        numbered = _numbered_apart(left, right)
        agreed = (_DIFFERS + np.maximum(near, shared)).astype(np.int8)
        words = similarity(fuzz.token_set_ratio, left, right) / _WHOLE
        looked_at = _with_words(agreed, words, left, right, _CUT_SHORT)
        return np.where(numbered, _CONTRADICTS, looked_at).astype(np.int8)

    return nearness


def _overlap(one: str, other: str, weight: Mapping[str, float]) -> float:
    left, right = set(one.split()), set(other.split())
    shared = sum(weight.get(word, 0.0) for word in left & right)
    total = sum(weight.get(word, 0.0) for word in left | right)
    return shared / total if total else 0.0


def _numbered_apart(left: Sequence[str], right: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Tell which rows are numbered differently; few names have a number at all."""
    names = pl.DataFrame(
        {"left": left, "right": right}, schema={"left": pl.String, "right": pl.String}
    )
    both = names.select(pl.all_horizontal(pl.all().str.contains("[0-9]"))).to_series().to_numpy()
    apart = np.zeros(len(left), np.bool_)
    for row in np.flatnonzero(both).tolist():
        apart[row] = _differ_in_numbers(left[row], right[row])
    return apart


def _differ_in_numbers(one: str, other: str) -> bool:
    """Tell whether both names hold numbers, but different ones: Loja 1 is not Loja 2."""
    left, right = (
        {word for word in name.split() if any(map(str.isdigit, word))} for name in (one, other)
    )
    return bool(left and right and left != right)
