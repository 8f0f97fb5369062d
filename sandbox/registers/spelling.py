"""How the name of one debtor comes out on its records."""

from __future__ import annotations

import numpy as np
import polars as pl

from sandbox.draws import evenly, kinds, stream, words
from sandbox.registers.book import Book, where

_CUT_AT = 24  # characters that a narrow field keeps


def write_names(book: Book, records: pl.DataFrame, seed: int) -> pl.Series:
    """Return the name cell of each record; `records` holds its debtor's columns and `is_late`."""
    persons = _write_persons(book, records, seed)
    companies = _write_companies(book, records, seed)
    written = companies.zip_with(records["is_company"], persons)
    return in_some_case(book, written, stream(seed, "register case"))


def in_some_case(book: Book, text: pl.Series, rng: np.random.Generator) -> pl.Series:
    """Return the texts as systems keep them: most in upper case, most of those without accents."""
    case = words(rng, book.shares["cells"]["case"], len(text))
    plain = unaccented(text)
    upper = text.str.to_uppercase().zip_with(case == "upper", plain.str.to_uppercase())
    kept = plain.zip_with(case == "title_plain", text).zip_with(
        case.is_in(["title", "title_plain"]), text.str.to_lowercase()
    )
    return upper.zip_with(case.is_in(["upper", "upper_plain"]), kept)


def unaccented(text: pl.Series) -> pl.Series:
    """Return the texts without accents.

    >>> unaccented(pl.Series(["João"])).item()
    'Joao'
    """
    return text.str.normalize("NFKD").str.replace_all(r"\p{M}", "")


def mistyped(rng: np.random.Generator, text: pl.Series) -> pl.Series:
    """Return the texts with one slip: two letters swapped, one lost, doubled or another.

    >>> mistyped(np.random.default_rng(1), pl.Series(["Souza"])).item() != "Souza"
    True
    """
    size = len(text)
    length = text.str.len_chars().cast(pl.Int64)
    at = (
        pl.Series((rng.random(size) * (length.fill_null(2).to_numpy() - 2).clip(1)).astype(int)) + 1
    )
    frame = pl.DataFrame(
        {
            "text": text,
            "at": at,
            "slip": evenly(rng, ["swapped", "lost", "other", "doubled"], size),
            "letter": evenly(rng, list("aeiorsnlmtc"), size),
        }
    )
    whole, here = pl.col("text"), pl.col("at")
    before, letter = whole.str.slice(0, here), whole.str.slice(here, 1)
    next_one, after = whole.str.slice(here + 1, 1), whole.str.slice(here + 1)
    return frame.select(
        pl.when((pl.col("slip") == "swapped") & (letter != next_one))
        .then(before + next_one + letter + whole.str.slice(here + 2))
        .when(pl.col("slip") == "lost")
        .then(before + after)
        .when((pl.col("slip") == "other") & (pl.col("letter") != letter))
        .then(before + pl.col("letter") + after)
        .otherwise(before + letter + letter + after)
    ).to_series()


def _write_persons(book: Book, records: pl.DataFrame, seed: int) -> pl.Series:
    rng = stream(seed, "register person names")
    size = records.height
    edit = kinds(rng, book.shares["person_names"], size)
    short = pl.col("generation").replace_strict(
        book.words["generations_short"], return_dtype=pl.String
    )
    abbreviates = pl.Series(rng.integers(0, 3, size) == 0)
    frame = records.select(
        "given",
        "second",
        "surname1",
        "particle",
        pl.when(pl.col("is_late") & pl.col("new_surname").is_not_null())
        .then("new_surname")
        .otherwise("surname2")
        .alias("surname2"),
        pl.when(abbreviates).then(short).otherwise("generation").alias("generation"),
        edit.alias("edit"),
        evenly(rng, book.words["titles"], size).alias("title"),
        pl.col("given")
        .replace_strict(book.words["nicknames"], default=pl.col("given"))
        .alias("nickname"),
    )
    full = frame.select(_person_text("surname2" if book.is_brazil else "surname1")).to_series()
    return _spoilt(rng, full, edit)


def _person_text(family: str) -> pl.Expr:
    edit = pl.col("edit")
    initial = pl.col("second").str.head(1) + "."
    surname_initial = pl.col("surname1").str.head(1) + "."

    def joined(*parts: pl.Expr | str) -> pl.Expr:
        return pl.concat_str(*parts, separator=" ", ignore_nulls=True)

    return (
        pl.when(edit == "initials")
        .then(joined("given", initial, surname_initial, "particle", "surname2", "generation"))
        .when(edit == "short")
        .then(joined("given", family, "generation"))
        .when(edit == "inverted")
        .then(
            joined(
                "surname1",
                "particle",
                "surname2",
                "generation",
                pl.lit(","),
                "given",
                "second",
            ).str.replace(" ,", ",", literal=True)
        )
        .when(edit == "no_particle")
        .then(joined("given", "second", "surname1", "surname2", "generation"))
        .when(edit == "nickname")
        .then(joined("nickname", "surname1", "particle", "surname2", "generation"))
        .when(edit == "title")
        .then(joined("title", "given", "second", "surname1", "particle", "surname2", "generation"))
        .when(edit == "without_second")
        .then(joined("given", "surname1", "particle", "surname2", "generation"))
        .otherwise(joined("given", "second", "surname1", "particle", "surname2", "generation"))
    )


def _write_companies(book: Book, records: pl.DataFrame, seed: int) -> pl.Series:
    rng = stream(seed, "register company names")
    size = records.height
    edit = kinds(rng, book.shares["company_names"], size)
    form, core = records["form"], records["core"]
    other = pl.Series([None] * size, dtype=pl.String)
    for right, variants in book.words["forms_written"].items():
        other = evenly(rng, variants, size).zip_with((form == right).fill_null(value=False), other)
    written = where(edit != "no_form", other.zip_with(edit == "other_form", form))
    short = core.str.replace_many(book.words["abbreviations"])
    name = short.zip_with(edit == "abbreviated", core)
    full = pl.select(pl.concat_str(name, written, separator=" ", ignore_nulls=True)).to_series()
    by_trade = (edit == "trade_name") & records["trade"].is_not_null()
    return _spoilt(rng, records["trade"].zip_with(by_trade, full), edit)


def _spoilt(rng: np.random.Generator, text: pl.Series, edit: pl.Series) -> pl.Series:
    """Mistype or cut the texts whose edit says so."""
    slipped = mistyped(rng, text).zip_with(edit == "slip", text)
    return slipped.str.head(_CUT_AT).str.strip_chars().zip_with(edit == "cut", slipped)
