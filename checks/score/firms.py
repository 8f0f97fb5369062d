"""What names of companies carry beside who they are: legal forms, lines of business, initials."""

from __future__ import annotations

from typing import Final

import polars as pl

from checks.columns import unaccented
from checks.model import DebtorKind
from checks.score.reference import ScoreReference

LEGAL_WORDS: Final = (
    "cia", "com", "comercial", "comercio", "companhia", "compania", "cv", "eireli", "empresa",
    "epp", "grupo", "industria", "ltda", "me", "mei", "rl", "sa", "sapi", "sas", "sc", "serv",
    "servicios", "servicos", "sociedad", "sociedade",
)  # fmt: skip
"""Words of company names that tell legal form or trade, not who the company is."""

BUSINESS_WORDS: Final = ("comercio", "industria", "servicios", "servicos")
"""Those of them that begin mailboxes of firms; `comercial` is also the name of a department."""

LEGAL_ENDING: Final = r"( limitada| ltda| eireli| epp| me| s ?a| s ?c| (s ?a|s de r ?l) de c ?v)+$"
"""How folded names of companies end, one form or several."""

TOKENS_COMPARED: Final = 6
LETTERS_OF_A_TOKEN: Final = 3  # shorter pieces occur by accident in any longer word
LETTERS_OF_A_DOMAIN_WORD: Final = 4
LETTERS_SPELT_OUT: Final = 4  # what an initial may stand for


def folded(text: pl.Expr) -> pl.Expr:
    """Return lower-case ASCII letters, digits and spaces: accents dropped, the rest as spaces.

    >>> pl.select(folded(pl.lit("José D'Ávila-Peña"))).item()
    'jose d avila pena'
    """
    return unaccented(text.str.to_lowercase()).str.replace_all(r"[^a-z0-9]+", " ").str.strip_chars()


def without_legal_form(name: pl.Expr) -> pl.Expr:
    """Return a company's name folded, without the legal form at its end.

    >>> pl.select(without_legal_form(pl.lit("Padaria Central S.A. de C.V."))).item()
    'padaria central'
    """
    return folded(name).str.replace(LEGAL_ENDING, "")


def is_firm() -> pl.Expr:
    """Tell companies, and debtors of unknown kind (`kind`) whose `name` ends in a legal form.

    Only names are compared by it; the rules keep the stricter reading of an unknown kind.
    """
    by_name = (pl.col("kind") == DebtorKind.UNKNOWN) & folded(pl.col("name")).str.contains(
        LEGAL_ENDING
    )
    return ((pl.col("kind") == DebtorKind.COMPANY) | by_name).fill_null(value=False)


def is_own_domain(reference: ScoreReference) -> pl.Expr:
    """Tell whether the letters of a domain, `label`, carry the debtor's own name.

    A person's carries first and last name. A company's carries two words of its name; or one that
    is neither a surname nor a line of business, or is all there is, beside no other business:
    `silva-contabil` is not the bakery Silva's. `label_hits` words of the name were found and cut
    out of it, and `label_rest` is left.
    """
    telling = pl.col("telling")
    words = [telling.list.get(at, null_on_oob=True) for at in range(TOKENS_COMPARED)]
    common = sorted(reference.surnames | reference.trades | reference.given_names)
    carried = [(word, carries("label", word, LETTERS_OF_A_DOMAIN_WORD)) for word in words]
    distinct = pl.any_horizontal([here & ~word.is_in(common) for word, here in carried])
    whole = pl.any_horizontal([here & (pl.col("label") == word) for word, here in carried])
    foreign = pl.col("label").str.contains_any(sorted(reference.accountant_words))
    foreign |= pl.col("label_rest").str.contains_any(sorted(reference.trades))
    several = (pl.col("label_hits") > 1) | is_spelt_out("label", "label_rest")
    firm = several | whole | (distinct & ~foreign)
    first = carries("label", telling.list.first(), LETTERS_OF_A_TOKEN)
    last = carries("label", telling.list.last(), LETTERS_OF_A_TOKEN)
    person = first & last & (telling.list.len() > 1)
    return (
        pl.when("is_firm")
        .then(firm)
        .otherwise(person)
        .fill_null(value=False)
        .alias("is_own_domain")
    )


def is_spelt_out(text: str, rest: str) -> pl.Expr:
    """Tell texts that spell out an initial of the name, after its first word or its initial.

    José C. Silva is `josecarlos` and Padaria S. Vieira is `psilva`; `rest` is the text without the
    words of the name.
    """
    tokens, left = pl.col("tokens"), pl.col(rest)
    first = tokens.list.first()
    initials = tokens.list.slice(1).list.filter(pl.element().str.len_chars() == 1)
    one, two = left.str.slice(0, 1), left.str.slice(1, 1)
    by_name = carries(text, first, LETTERS_OF_A_TOKEN) & initials.list.contains(one)
    by_initial = (one == first.str.slice(0, 1)) & initials.list.contains(two)
    word = left.str.contains(f"^[a-z]{{{LETTERS_SPELT_OUT},}}$")
    return (word & (by_name | by_initial)).fill_null(value=False)


def names_another_firm(reference: ScoreReference) -> pl.Expr:
    """Tell whether a mailbox carries a business and somebody's surname, and no name of the firm's.

    `comercio.leal` is not the mailbox of Comércio Silva Ribeiro.
    """
    telling = pl.col("telling")
    words = [telling.list.get(at, null_on_oob=True) for at in range(TOKENS_COMPARED)]
    trades = sorted(reference.trades)
    named = pl.any_horizontal(
        [carries("letters", word, LETTERS_OF_A_TOKEN) & ~word.is_in(trades) for word in words]
    )
    business = pl.col("letters").str.contains_any([*trades, *BUSINESS_WORDS])
    return pl.col("is_firm") & business & pl.col("has_surname") & ~named


def carries(text: str, token: pl.Expr, letters: int) -> pl.Expr:
    """Tell whether a column's text contains a token of at least so many letters."""
    long_enough = token.str.len_chars() >= letters
    found = pl.col(text).str.contains(token, literal=True)
    return (long_enough & found).fill_null(value=False)
