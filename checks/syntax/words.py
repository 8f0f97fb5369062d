"""Word lists as patterns over lower-case addresses."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

import polars as pl

_BETWEEN_WORDS: Final = r"[\s._/-]*"
_ACCENTED: Final = {
    "a": "[aáàâãä]",
    "c": "[cç]",
    "e": "[eéèê]",
    "i": "[ií]",
    "n": "[nñ]",
    "o": "[oóôõö]",
    "u": "[uúü]",
}


def any_of(words: Collection[str], *, accents: bool = False) -> str:
    r"""Return a regex group for any of the words, longest first, with or without separators.

    `accents` lets Portuguese and Spanish accents match too; an empty collection matches nothing.

    >>> any_of({"nao tem", "sem"})
    '(?:nao[\\s._/-]*tem|sem)'
    """
    if not words:
        return r"(?:[^\s\S])"  # no character is neither space nor anything else
    longest_first = sorted(words, key=lambda word: (-len(word), word))
    return "(?:" + "|".join(_pattern(word, accents=accents) for word in longest_first) + ")"


def has_role(address: pl.Expr, words: Collection[str]) -> pl.Expr:
    """Tell whether the local part is one of the role names, a number or `+tag` after it aside.

    `address` is lower case, as `check_syntax` returns it.

    >>> frame = pl.DataFrame({"x": ["contas-a-pagar2@a.test", "contasjoao@a.test"]})
    >>> frame.select(has_role(pl.col("x"), {"contas a pagar", "contas"})).to_series().to_list()
    [True, False]
    """
    return address.str.contains(rf"^{any_of(words)}[._-]?[0-9]{{0,2}}(?:\+[^@]*)?@")


def _pattern(word: str, *, accents: bool) -> str:
    letters = _ACCENTED if accents else {}
    return _BETWEEN_WORDS.join(
        "".join(letters.get(letter, re.escape(letter)) for letter in part)
        for part in word.split(" ")
    )
