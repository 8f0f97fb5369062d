"""What of a name tells people and companies apart, once per distinct name."""

from __future__ import annotations

import re
from typing import Final

import polars as pl

from checks.columns import unaccented
from checks.contacts.model import NameWords

NAME_PARTS: Final = pl.Schema(
    {
        "name": pl.String(),
        "kind": pl.String(),
        "name_key": pl.String(),  # words in alphabetical order; null: too little to compare
        "first_key": pl.String(),  # how the first word sounds
        "generation": pl.String(),  # "" or the meaning of a suffix such as Filho
        "numbers": pl.String(),  # words with digits: "Loja 1" is not "Loja 2"
    },
)
"""One row per distinct name and kind."""

_PERSON_WORDS: Final = 2
_COMPANY_LETTERS: Final = 4
_SPELT_LETTERS: Final = 5

_SOUNDS: Final = (  # spellings that Portuguese and Spanish first names share; final vowels stay,
    ("ph", "f"),  # they tell Mario from Maria
    ("th", "t"),
    ("w", "v"),
    ("y", "i"),
    ("k", "c"),
    ("qu", "c"),
    ("z", "s"),
    ("h", ""),
)


def name_parts(names: pl.DataFrame, words: NameWords) -> pl.DataFrame:
    """Return NAME_PARTS of a frame of distinct `name` (not null) and `kind`.

    A person's name needs two words to be worth comparing, a company's one of four letters.
    """
    company = pl.col("kind") == "pj"
    folded = _folded(pl.col("name"))
    trimmed = pl.when(company).then(_without_forms(folded, words)).otherwise(folded)
    tokens = trimmed.str.split(" ").list.eval(
        pl.element().filter(~pl.element().is_in([*words.particles, ""])),
    )
    return (
        names.select("name", "kind", tokens=tokens)
        .with_columns(suffix=_generation(company, words))
        .with_columns(core=_core())
        .select(
            "name",
            "kind",
            name_key=_key_when_telling(company),
            first_key=_first_key(pl.col("core").list.first()),
            generation=pl.col("suffix").fill_null(""),
            numbers=pl.col("core")
            .list.eval(pl.element().filter(pl.element().str.contains(r"\d")))
            .list.sort()
            .list.join(" "),
        )
        .cast(NAME_PARTS)
    )


def _folded(text: pl.Expr) -> pl.Expr:
    """Return lower-case ASCII words, one space apart; other scripts keep their letters."""
    return (
        unaccented(text)
        .str.to_lowercase()
        .str.replace_all(r"[^\p{L}\p{N}]+", " ")
        .str.strip_chars(" ")
    )


def _without_forms(folded: pl.Expr, words: NameWords) -> pl.Expr:
    return folded.str.replace(legal_forms_at_end(words), "")


def legal_forms_at_end(words: NameWords) -> str:
    """Return a pattern of the legal forms at the end of a folded company name.

    Dots have become spaces, so that S.A. de C.V. reads `s a de c v`: letters may stand apart.
    """
    longest_first = sorted(words.legal_forms, key=len, reverse=True)
    forms = "|".join(" ".join(map(_spelt, form.split())) for form in longest_first)
    return rf"(?: (?:{forms}))+$"


def _spelt(word: str) -> str:
    return " ?".join(word) if len(word) <= _SPELT_LETTERS else re.escape(word)


def _generation(company: pl.Expr, words: NameWords) -> pl.Expr:
    """Return the meaning of a last word such as Filho; the first word is never a suffix."""
    last = pl.col("tokens").list.last()
    meaning = last.replace_strict(dict(words.generations), default=None)
    return pl.when(~company & (pl.col("tokens").list.len() > 1)).then(meaning)


def _core() -> pl.Expr:
    tokens = pl.col("tokens")
    return (
        pl.when(pl.col("suffix").is_null())
        .then(tokens)
        .otherwise(tokens.list.head(tokens.list.len() - 1))
    )


def _key_when_telling(company: pl.Expr) -> pl.Expr:
    core = pl.col("core")
    key = core.list.sort().list.join(" ")
    telling = (
        pl.when(company)
        .then(key.str.len_chars() >= _COMPANY_LETTERS)
        .otherwise(core.list.len() >= _PERSON_WORDS)
    )
    return pl.when(telling).then(key)


def _first_key(first: pl.Expr) -> pl.Expr:
    sound = first
    for spelling, as_spoken in _SOUNDS:
        sound = sound.str.replace_all(spelling, as_spoken, literal=True)
    for double in "abcdefgilmnoprstu":
        sound = sound.str.replace_all(double * 2, double, literal=True)
    return sound
