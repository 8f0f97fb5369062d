"""How well a mailbox's name agrees with a debtor's: columnar, once per distinct pair."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl
from rapidfuzz.distance import Indel
from rapidfuzz.process import cpdist

from checks.model import DebtorKind

PARTICLES: Final = ("da", "das", "de", "del", "do", "dos", "e", "la", "las", "los", "y")
"""Words between surnames in Portuguese and Spanish that tell nobody apart."""

LEGAL_WORDS: Final = (
    "cia", "com", "comercial", "comercio", "companhia", "compania", "cv", "eireli", "empresa",
    "epp", "grupo", "industria", "ltda", "me", "mei", "rl", "sa", "sapi", "sas", "sc", "serv",
    "servicios", "servicos", "sociedad", "sociedade",
)  # fmt: skip
"""Words of company names that tell legal form or trade, not who the company is."""

TOKENS_COMPARED: Final = 6
LETTERS_OF_A_TOKEN: Final = 3  # shorter pieces occur by accident in any longer word
LETTERS_OF_A_DOMAIN_WORD: Final = 4
PUBLIC_ENDING: Final = r"(\.[a-z]{2,4})?\.[a-z]{2,}$"  # .com.br, .com, .net.mx: enough for letters
ALIKE: Final = 0.85  # share of letters in common and in order: two spellings of one name


class NameLevel(StrEnum):
    """How a mailbox's name compares with the debtor's."""

    FULL = "name_full"  # two of the debtor's names, or all letters nearly alike
    PART = "name_part"  # one of the names, or initial and surname
    UNLIKE = "name_unlike"  # letters that are none of the debtor's names
    NOTHING = ""  # nothing to compare: no name, or no letters


def folded(text: pl.Expr) -> pl.Expr:
    """Return lower-case ASCII letters, digits and spaces: accents dropped, the rest as spaces.

    >>> pl.select(folded(pl.lit("José D'Ávila-Peña"))).item()
    'jose d avila pena'
    """
    plain = text.str.to_lowercase().str.normalize("NFKD").str.replace_all(r"\p{M}", "")
    return plain.str.replace_all(r"[^a-z0-9]+", " ").str.strip_chars()


def name_tokens(name: pl.Expr, ignored: tuple[str, ...] = PARTICLES) -> pl.Expr:
    """Return the telling words of a name as a list, in order.

    >>> pl.select(name_tokens(pl.lit("Maria da Silva Souza"))).item().to_list()
    ['maria', 'silva', 'souza']
    """
    words = folded(name).str.split(" ")
    return words.list.filter(~pl.element().is_in(list(ignored)) & (pl.element() != ""))


def compare_names(contacts: pl.DataFrame) -> pl.DataFrame:
    """Return the distinct `local, domain, name, kind` with `name_level` and `is_own_domain`.

    All four columns are String and may be null. A company's own domain is known by one telling
    word of its name, a person's by first and last name; consumer domains are the caller's to
    exclude.
    """
    key = ["local", "domain", "name", "kind"]
    compared = (
        contacts.select(key)
        .unique()
        .with_columns(
            folded(pl.col("local").str.split("+").list.first())
            .str.replace_all(r"[0-9 ]+", "")
            .alias("letters"),
            pl.col("domain")
            .str.replace(PUBLIC_ENDING, "")
            .str.replace_all(r"[^a-z]+", "")
            .alias("label"),
            name_tokens(pl.col("name")).alias("tokens"),
        )
        .with_columns(
            pl.col("tokens").list.filter(~pl.element().is_in(list(LEGAL_WORDS))).alias("telling"),
        )
    )
    alike = pl.Series("alike", _similarity(compared) >= ALIKE)
    return (
        compared.with_columns(alike, _hits().alias("hits"))
        .with_columns(_level(), _is_own_domain())
        .select(*key, "name_level", "is_own_domain")
        .sort(key, nulls_last=True)
    )


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


def _hits() -> pl.Expr:
    """Count how many different names of the debtor occur in the mailbox's letters."""
    tokens = [pl.col("tokens").list.get(at, null_on_oob=True) for at in range(TOKENS_COMPARED)]
    found = [_carries("letters", token, LETTERS_OF_A_TOKEN).cast(pl.Int64) for token in tokens]
    return pl.sum_horizontal(found)


def _has_initial_and_surname() -> pl.Expr:
    """Tell mailboxes like `jsilva` and `silvaj` of José Silva."""
    initial = pl.col("tokens").list.first().str.slice(0, 1)
    surname = pl.col("tokens").list.last()
    letters = pl.col("letters")
    return (
        (surname.str.len_chars() >= LETTERS_OF_A_TOKEN)
        & ((letters == initial + surname) | (letters == surname + initial))
    ).fill_null(value=False)


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
    comparable = (pl.col("letters").str.len_chars() >= LETTERS_OF_A_TOKEN) & (
        pl.col("tokens").list.len() > 0
    )
    return (
        pl.when(~comparable.fill_null(value=False))
        .then(pl.lit(NameLevel.NOTHING.value))
        .when((pl.col("hits") > 1) | pl.col("alike"))
        .then(pl.lit(NameLevel.FULL.value))
        .when((pl.col("hits") == 1) | _has_initial_and_surname())
        .then(pl.lit(NameLevel.PART.value))
        .otherwise(pl.lit(NameLevel.UNLIKE.value))
        .alias("name_level")
    )
