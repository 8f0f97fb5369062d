"""What is taken from written text for matching: folded words and how they sound."""

from __future__ import annotations

from typing import Final

import polars as pl

from checks.columns import unaccented

# Spellings that Portuguese and Spanish share with another one of the same sound. Final vowels
# stay: they tell Mario from Maria.
_SOUNDS: Final = (
    ("ph", "f"),
    ("th", "t"),
    ("lh", "l"),
    ("nh", "n"),
    ("ch", "x"),
    ("sh", "x"),
    ("w", "v"),
    ("y", "i"),
    ("ce", "se"),
    ("ci", "si"),
    ("ge", "je"),
    ("gi", "ji"),
    ("k", "c"),
    ("q", "c"),
    ("z", "s"),
    ("h", ""),
    ("pt", "t"),
)
_DOUBLED: Final = "abcdefgijlmnoprstuvx"


def folded(text: pl.Expr) -> pl.Expr:
    """Return lower-case words without accents, one blank apart; null where nothing is left.

    >>> frame = pl.DataFrame({"a": ["São  JOSÉ, 12", "--", None]})
    >>> frame.select(folded(pl.col("a")))["a"].to_list()
    ['sao jose 12', None, None]
    """
    plain = (
        unaccented(text)
        .str.to_lowercase()
        .str.replace_all(r"[^\p{L}\p{N}]+", " ")
        .str.strip_chars(" ")
    )
    return pl.when(plain != "").then(plain)


def compact(text: pl.Expr) -> pl.Expr:
    """Return the folded text without blanks; null where nothing is left.

    >>> pl.select(compact(pl.lit("01310-100"))).item()
    '01310100'
    """
    return folded(text).str.replace_all(" ", "", literal=True)


def sound(text: pl.Expr) -> pl.Expr:
    """Return how folded text sounds, roughly; homophones become equal.

    >>> pl.select(sound(pl.lit("thiago baptista"))).item()
    'tiago batista'
    """
    for spelling, spoken in _SOUNDS:
        text = text.str.replace_all(spelling, spoken, literal=True)
    for letter in _DOUBLED:
        text = text.str.replace_all(letter * 2, letter, literal=True)
    return text
