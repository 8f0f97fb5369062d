"""How well a mailbox's name agrees with a debtor's: columnar, a slice at a time."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl
from rapidfuzz.distance import Indel
from rapidfuzz.process import cpdist

from checks.score.firms import (
    LEGAL_WORDS,
    LETTERS_OF_A_DOMAIN_WORD,
    LETTERS_OF_A_TOKEN,
    TOKENS_COMPARED,
    folded,
    is_firm,
    is_own_domain,
    is_spelt_out,
    names_another_firm,
    without_legal_form,
)
from checks.score.misspelling import add_near_names, add_swapped
from checks.score.reference import ScoreReference

PARTICLES: Final = ("da", "das", "de", "del", "do", "dos", "e", "la", "las", "los", "y")
"""Words between surnames in Portuguese and Spanish that tell nobody apart."""

SLICE_ROWS: Final = 100_000  # compared at a time: their letters exist as Python strings
LETTERS_OF_ANOTHER_NAME: Final = 4  # "ana" begins "anabela" and "analista"
PUBLIC_ENDING: Final = r"(\.[a-z]{2,4})?\.[a-z]{2,}$"  # .com.br, .com, .net.mx: enough for letters
ALIKE: Final = 0.85  # share of letters in common and in order: two spellings of one name


class NameLevel(StrEnum):
    """How a mailbox's name compares with the debtor's; `rest` is what the debtor's names leave."""

    MISSPELT = "name_misspelt"  # one slip of the keys from one of the debtor's names
    TRADE = "name_trade"  # of a company: another firm's, by its line of business and its surname
    FULL = "name_full"  # two of the debtor's names, or nearly the same letters, and no other's
    PART = "name_part"  # one of the names, perhaps with one of the initials
    MIXED = "name_mixed"  # one of the names, and a surname that is not the debtor's
    RELATIVE = "name_relative"  # one of the names, and a given name or initial of somebody else
    OTHER = "name_other"  # somebody's name, and none of the debtor's
    UNLIKE = "name_unlike"  # a nickname or a word: hardly for or against
    NOTHING = ""  # nothing to compare: no name, or no letters


NAMED: Final = (NameLevel.FULL.value, NameLevel.PART.value)
"""Levels at which a mailbox carries the debtor's name."""


def name_tokens(name: pl.Expr, ignored: tuple[str, ...] = PARTICLES) -> pl.Expr:
    """Return the telling words of a name as a list, in order.

    >>> pl.select(name_tokens(pl.lit("Maria da Silva Souza"))).item().to_list()
    ['maria', 'silva', 'souza']
    """
    words = folded(name).str.split(" ")
    return words.list.filter(~pl.element().is_in(list(ignored)) & (pl.element() != ""))


def add_name_levels(contacts: pl.DataFrame, reference: ScoreReference) -> pl.DataFrame:
    """Add `name_level`, `is_own_domain`, `is_firm`, `is_swapped` to contacts, keeping their order.

    Needs String columns `local, domain, name, kind`, each may be null. Consumer domains are the
    caller's to exclude.
    """
    compared = ["local", "domain", "name", "kind"]
    parts = [
        _compared(part.select(compared), reference) for part in contacts.iter_slices(SLICE_ROWS)
    ]
    levels = pl.concat(parts or [_compared(contacts.select(compared), reference)])
    return contacts.with_columns(levels.get_columns())


def _compared(part: pl.DataFrame, reference: ScoreReference) -> pl.DataFrame:
    name = pl.when("is_firm").then(without_legal_form(pl.col("name"))).otherwise("name")
    compared = (
        part.with_columns(is_firm().alias("is_firm"))
        .with_columns(
            folded(pl.col("local").str.split("+").list.first())
            .str.replace_all(r"[0-9 ]+", "")
            .alias("letters"),
            pl.col("domain")
            .str.replace(PUBLIC_ENDING, "")
            .str.replace_all(r"[^a-z]+", "")
            .alias("label"),
            name_tokens(name).alias("tokens"),
        )
        .with_columns(
            pl.col("tokens").list.filter(~pl.element().is_in(list(LEGAL_WORDS))).alias("telling"),
        )
    )
    alike = pl.Series("alike", _similarity(compared) >= ALIKE)
    known = reference.given_names | reference.surnames | reference.trades
    compared = _without_own_names(
        compared.with_columns(alike), "letters", "rest", "hits", LETTERS_OF_A_TOKEN
    )
    compared = _without_own_names(
        compared, "label", "label_rest", "label_hits", LETTERS_OF_A_DOMAIN_WORD
    )
    return (
        add_swapped(
            add_near_names(compared, sorted(known)), sorted(known | reference.finance_mailboxes)
        )
        .with_columns(_strangers(reference))
        .with_columns(names_another_firm(reference).alias("is_another_firm"))
        .select(_level(), is_own_domain(reference), "is_firm", "is_swapped")
    )


def _without_own_names(
    compared: pl.DataFrame, text: str, rest: str, hits: str, letters: int
) -> pl.DataFrame:
    """Add how many of the debtor's names of so many letters a text holds, and the rest of it."""
    compared = compared.with_columns(pl.lit(0).alias(hits), pl.col(text).alias(rest))
    for position in range(TOKENS_COMPARED):
        token = pl.col("tokens").list.get(position, null_on_oob=True)
        long_enough = token.str.len_chars() >= letters
        start = pl.when(long_enough).then(pl.col(rest).str.find(token, literal=True))
        compared = compared.with_columns(start.alias("start"), token.str.len_bytes().alias("size"))
        found = pl.col("start").is_not_null()
        around = pl.concat_str(
            pl.col(rest).str.slice(0, pl.col("start")),
            pl.lit(" "),
            pl.col(rest).str.slice(pl.col("start") + pl.col("size")),
        )
        compared = compared.with_columns(
            pl.when(found).then(around).otherwise(rest).alias(rest),
            pl.col(hits) + found.cast(pl.Int32),
        )
    return compared.with_columns(pl.col(rest).str.strip_chars())


def _strangers(reference: ScoreReference) -> list[pl.Expr]:
    """Tell whether the rest holds somebody else's given name, surname, initial or trade."""
    given = "|".join(_long(reference.given_names))
    surnames = "|".join(_long(reference.surnames))
    rest = pl.col("rest")
    initials = pl.col("tokens").list.eval(pl.element().str.slice(0, 1))
    return [
        rest.str.contains(rf"\b(?:{given})|(?:{given})\b").alias("has_given"),
        rest.str.contains(rf"\b(?:{surnames})|(?:{surnames})\b").alias("has_surname"),
        rest.str.contains_any(_long(reference.trades)).alias("has_trade"),
        ((rest.str.len_chars() == 1) & ~initials.list.contains(rest)).alias("has_initial"),
    ]


def _long(names: frozenset[str]) -> list[str]:
    return sorted(name for name in names if len(name) >= LETTERS_OF_ANOTHER_NAME)


def _similarity(compared: pl.DataFrame) -> npt.NDArray[np.float32]:
    """Return how alike mailbox letters are to first and last name joined; 0 without either."""
    both = pl.concat_str(
        pl.col("tokens").list.first(),
        pl.col("tokens").list.last(),
        ignore_nulls=False,
    )
    letters = compared["letters"].fill_null("").to_list()
    short = compared.select(both.fill_null("").alias("short"))["short"].to_list()
    return cpdist(letters, short, scorer=Indel.normalized_similarity, dtype=np.float32)


def _level() -> pl.Expr:
    """Return the level; where several fit, the first of this order.

    1. no letters or no name to compare; 2. a slip away from one of the names; 3. a company's: a
    trade that is not its own, or its trade with another's surname; 4. no name of the debtor's:
    somebody's, or a word; 5. another spelling of one; 6. one of the names beside somebody else's
    given name or initial; 7. nearly the letters of first and last name; 8. one beside somebody
    else's surname; 9. two; 10. one. What an initial in the debtor's name may stand for is nobody
    else's: `josecarlos` of José C. Silva.
    """
    comparable = (pl.col("letters").str.len_chars() >= LETTERS_OF_A_TOKEN) & (
        pl.col("tokens").list.len() > 0
    )
    variant, spelt_out = pl.col("is_variant"), is_spelt_out("letters", "rest")
    somebody = (pl.col("has_given") | pl.col("has_surname")) & ~spelt_out
    none = (pl.col("hits") == 0) & ~pl.col("alike") & ~variant & ~_is_initials() & ~spelt_out
    company = pl.col("is_firm")
    one = pl.col("hits") == 1
    relative = (pl.col("has_given") & ~spelt_out) | pl.col("has_initial")
    cases = [
        (~comparable.fill_null(value=False), NameLevel.NOTHING),
        (pl.col("is_misspelt") & ~variant, NameLevel.MISSPELT),
        (company & pl.col("has_trade") & ~spelt_out, NameLevel.TRADE),
        (pl.col("is_another_firm") & ~spelt_out, NameLevel.TRADE),
        (none & somebody, NameLevel.OTHER),
        (none, NameLevel.UNLIKE),
        (variant, NameLevel.FULL),
        (one & relative, NameLevel.RELATIVE),
        (pl.col("alike"), NameLevel.FULL),
        (one & pl.col("has_surname") & ~spelt_out, NameLevel.MIXED),
        (pl.col("hits") > 1, NameLevel.FULL),
    ]
    level = pl.lit(NameLevel.PART.value)
    for holds, name in reversed(cases):
        level = pl.when(holds).then(pl.lit(name.value)).otherwise(level)
    return level.alias("name_level")


def _is_initials() -> pl.Expr:
    """Tell mailboxes like `jcs` of João Carlos Souza."""
    initials = pl.col("tokens").list.eval(pl.element().str.slice(0, 1)).list.join("")
    return (pl.col("letters") == initials).fill_null(value=False)
