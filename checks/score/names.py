"""How well a mailbox's name agrees with a debtor's: columnar, a slice at a time."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl
from rapidfuzz.distance import Indel
from rapidfuzz.process import cpdist

from checks.columns import unaccented
from checks.model import DebtorKind
from checks.score.misspelling import add_near_names
from checks.score.reference import ScoreReference

PARTICLES: Final = ("da", "das", "de", "del", "do", "dos", "e", "la", "las", "los", "y")
"""Words between surnames in Portuguese and Spanish that tell nobody apart."""

LEGAL_WORDS: Final = (
    "cia", "com", "comercial", "comercio", "companhia", "compania", "cv", "eireli", "empresa",
    "epp", "grupo", "industria", "ltda", "me", "mei", "rl", "sa", "sapi", "sas", "sc", "serv",
    "servicios", "servicos", "sociedad", "sociedade",
)  # fmt: skip
"""Words of company names that tell legal form or trade, not who the company is."""

SLICE_ROWS: Final = 100_000  # compared at a time: their letters exist as Python strings
TOKENS_COMPARED: Final = 6
LETTERS_OF_A_TOKEN: Final = 3  # shorter pieces occur by accident in any longer word
LETTERS_OF_A_DOMAIN_WORD: Final = 4
LETTERS_OF_ANOTHER_NAME: Final = 4  # "ana" begins "anabela" and "analista"
PUBLIC_ENDING: Final = r"(\.[a-z]{2,4})?\.[a-z]{2,}$"  # .com.br, .com, .net.mx: enough for letters
ALIKE: Final = 0.85  # share of letters in common and in order: two spellings of one name


class NameLevel(StrEnum):
    """How a mailbox's name compares with the debtor's; `rest` is what the debtor's names leave."""

    MISSPELT = "name_misspelt"  # one slip of the keys from one of the debtor's names
    TRADE = "name_trade"  # of a company: a line of business that is not in its name
    FULL = "name_full"  # two of the debtor's names, or nearly the same letters, and no other's
    PART = "name_part"  # one of the names, perhaps with one of the initials
    MIXED = "name_mixed"  # one of the names, and a surname that is not the debtor's
    RELATIVE = "name_relative"  # one of the names, and a given name or initial of somebody else
    OTHER = "name_other"  # somebody's name, and none of the debtor's
    UNLIKE = "name_unlike"  # a nickname or a word: hardly for or against
    NOTHING = ""  # nothing to compare: no name, or no letters


NAMED: Final = (NameLevel.FULL.value, NameLevel.PART.value)
"""Levels at which a mailbox carries the debtor's name."""


def folded(text: pl.Expr) -> pl.Expr:
    """Return lower-case ASCII letters, digits and spaces: accents dropped, the rest as spaces.

    >>> pl.select(folded(pl.lit("José D'Ávila-Peña"))).item()
    'jose d avila pena'
    """
    return unaccented(text.str.to_lowercase()).str.replace_all(r"[^a-z0-9]+", " ").str.strip_chars()


def name_tokens(name: pl.Expr, ignored: tuple[str, ...] = PARTICLES) -> pl.Expr:
    """Return the telling words of a name as a list, in order.

    >>> pl.select(name_tokens(pl.lit("Maria da Silva Souza"))).item().to_list()
    ['maria', 'silva', 'souza']
    """
    words = folded(name).str.split(" ")
    return words.list.filter(~pl.element().is_in(list(ignored)) & (pl.element() != ""))


def add_name_levels(contacts: pl.DataFrame, reference: ScoreReference) -> pl.DataFrame:
    """Add `name_level` and `is_own_domain` to contacts, keeping their order.

    Needs String columns `local, domain, name, kind`, each may be null. A company's own domain is
    known by one telling word of its name, a person's by first and last name; consumer domains are
    the caller's to exclude.
    """
    compared = ["local", "domain", "name", "kind"]
    parts = [
        _compared(part.select(compared), reference) for part in contacts.iter_slices(SLICE_ROWS)
    ]
    levels = pl.concat(parts or [_compared(contacts.select(compared), reference)])
    return contacts.with_columns(levels.get_columns())


def _compared(part: pl.DataFrame, reference: ScoreReference) -> pl.DataFrame:
    compared = part.with_columns(
        folded(pl.col("local").str.split("+").list.first())
        .str.replace_all(r"[0-9 ]+", "")
        .alias("letters"),
        pl.col("domain")
        .str.replace(PUBLIC_ENDING, "")
        .str.replace_all(r"[^a-z]+", "")
        .alias("label"),
        name_tokens(pl.col("name")).alias("tokens"),
    ).with_columns(
        pl.col("tokens").list.filter(~pl.element().is_in(list(LEGAL_WORDS))).alias("telling"),
    )
    alike = pl.Series("alike", _similarity(compared) >= ALIKE)
    known = reference.given_names | reference.surnames | reference.trades
    return (
        add_near_names(_without_own_names(compared.with_columns(alike)), sorted(known))
        .with_columns(_strangers(reference))
        .select(_level(), _is_own_domain())
    )


def _without_own_names(compared: pl.DataFrame) -> pl.DataFrame:
    """Add `hits`, how many of the debtor's names the letters hold, and the `rest` without them."""
    compared = compared.with_columns(pl.lit(0).alias("hits"), pl.col("letters").alias("rest"))
    for position in range(TOKENS_COMPARED):
        token = pl.col("tokens").list.get(position, null_on_oob=True)
        long_enough = token.str.len_chars() >= LETTERS_OF_A_TOKEN
        start = pl.when(long_enough).then(pl.col("rest").str.find(token, literal=True))
        compared = compared.with_columns(start.alias("start"), token.str.len_bytes().alias("size"))
        found = pl.col("start").is_not_null()
        around = pl.concat_str(
            pl.col("rest").str.slice(0, pl.col("start")),
            pl.lit(" "),
            pl.col("rest").str.slice(pl.col("start") + pl.col("size")),
        )
        compared = compared.with_columns(
            pl.when(found).then(around).otherwise("rest").alias("rest"),
            pl.col("hits") + found.cast(pl.Int32),
        )
    return compared.with_columns(pl.col("rest").str.strip_chars())


def _carries(text: str, token: pl.Expr, letters: int) -> pl.Expr:
    """Tell whether a column's text contains a token of at least so many letters."""
    long_enough = token.str.len_chars() >= letters
    found = pl.col(text).str.contains(token, literal=True)
    return (long_enough & found).fill_null(value=False)


def _is_own_domain() -> pl.Expr:
    telling = pl.col("telling")
    words = [telling.list.get(at, null_on_oob=True) for at in range(TOKENS_COMPARED)]
    one = pl.any_horizontal([_carries("label", word, LETTERS_OF_A_DOMAIN_WORD) for word in words])
    first = _carries("label", telling.list.first(), LETTERS_OF_A_TOKEN)
    last = _carries("label", telling.list.last(), LETTERS_OF_A_TOKEN)
    several = telling.list.len() > 1
    company = pl.col("kind") == DebtorKind.COMPANY
    return (
        pl.when(company)
        .then(one)
        .otherwise(first & last & several)
        .fill_null(value=False)
        .alias("is_own_domain")
    )


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
    trade that is not its own; 4. no name of the debtor's: somebody's, or a word; 5. another
    spelling of one; 6. one of the names beside somebody else's given name or initial; 7. nearly
    the letters of first and last name; 8. one beside somebody else's surname; 9. two; 10. one.
    """
    comparable = (pl.col("letters").str.len_chars() >= LETTERS_OF_A_TOKEN) & (
        pl.col("tokens").list.len() > 0
    )
    somebody = pl.col("has_given") | pl.col("has_surname")
    variant = pl.col("is_variant")
    none = (pl.col("hits") == 0) & ~pl.col("alike") & ~variant & ~_is_initials()
    company = pl.col("kind") == DebtorKind.COMPANY
    one = pl.col("hits") == 1
    cases = [
        (~comparable.fill_null(value=False), NameLevel.NOTHING),
        (pl.col("is_misspelt") & ~variant, NameLevel.MISSPELT),
        (company & pl.col("has_trade"), NameLevel.TRADE),
        (none & somebody, NameLevel.OTHER),
        (none, NameLevel.UNLIKE),
        (variant, NameLevel.FULL),
        (one & (pl.col("has_given") | pl.col("has_initial")), NameLevel.RELATIVE),
        (pl.col("alike"), NameLevel.FULL),
        (one & pl.col("has_surname"), NameLevel.MIXED),
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
