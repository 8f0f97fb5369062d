"""Persons of a register: a quarter of them is somebody's relative or namesake."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from sandbox.draws import evenly, some, stream, words
from sandbox.market import read_table
from sandbox.registers.book import Book, days, given_names, surnames, where
from sandbox.tax_ids import cpf, rfc_of_day

_UNSEEMLY: Final = tuple(read_table("names.toml")["unseemly_initials"])
_ADULTS: Final = (-20.0, 36.0)  # born 1950 to 2005, in years from 1970
_CHILD_LATER: Final = (19.0, 30.0)  # years between a parent and the child of the same name
_LAST_PARENT: Final = 1977  # born later, a parent has no grown child yet: it is a sibling
_SIBLING_LATER: Final = (-8.0, 8.0)


def make_persons(book: Book, count: int, seed: int) -> pl.DataFrame:
    """Return `count` persons.

    Columns: `relation` (null: nobody's), `anchor` (Int64, the row of the other; null likewise),
    `given`, `second`, `surname1`, `particle`, `surname2`, `generation`, `new_surname` (taken
    between two records), `birth`, `tax_id`; what a person has not is null.
    """
    alone = _strangers(book, count, seed)
    related = _related(book, alone, seed)
    initials = _initials(related) if not book.is_brazil else None
    rng = stream(seed, "register tax ids")
    if initials is None:
        tax_id = cpf(rng, count)
    else:
        number = related["birth"].dt.strftime("%y%m%d").cast(pl.Int64).to_numpy()
        tax_id = rfc_of_day(rng, initials, number)
    return related.with_columns(tax_id.alias("tax_id"))


def _strangers(book: Book, count: int, seed: int) -> pl.DataFrame:
    rng = stream(seed, "register persons")
    shares = book.shares["persons"]
    renamed = shares["renamed"] if book.is_brazil else 0.0  # Mexicans keep their names for life
    return pl.DataFrame(
        {
            "given": given_names(book, rng, count),
            "second": where(
                some(rng, shares["second_given"], count), given_names(book, rng, count)
            ),
            "surname1": surnames(book, rng, count),
            "particle": where(
                some(rng, shares["particle"], count), evenly(rng, book.names["particles"], count)
            ),
            "surname2": surnames(book, rng, count),
            "generation": pl.Series([None] * count, dtype=pl.String),
            "new_surname": where(some(rng, renamed, count), surnames(book, rng, count)),
            "birth": days(rng.uniform(*_ADULTS, count)),
        }
    )


def _related(book: Book, alone: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Let the last of the persons be relatives and namesakes of the others."""
    rng = stream(seed, "register relatives")
    shares = book.shares["relatives"]
    count = alone.height
    relatives = int(count * shares["share"])
    first = count - relatives
    anchor = rng.integers(0, max(first, 1), count)
    is_relative = np.arange(count) >= first
    relation = where(pl.Series(is_relative), words(rng, shares["kinds"], count))
    other = alone[anchor].rename(lambda name: f"other_{name}")
    frame = pl.concat([alone, other], how="horizontal").with_columns(
        relation.alias("relation"),
        where(pl.Series(is_relative), pl.Series(anchor)).alias("anchor"),
        evenly(rng, book.words["generations"], count).alias("drawn_generation"),
        some(rng, shares["spouse_takes_surname"], count).alias("takes_surname"),
        pl.Series("child_later", (rng.uniform(*_CHILD_LATER, count) * 365).astype(np.int32)),
        pl.Series("sibling_later", (rng.uniform(*_SIBLING_LATER, count) * 365).astype(np.int32)),
    )
    too_young = (pl.col("relation") == "namesake_child") & (
        pl.col("other_birth").dt.year() > _LAST_PARENT
    )
    frame = frame.with_columns(
        pl.when(too_young).then(pl.lit("sibling")).otherwise("relation").alias("relation")
    )
    return frame.with_columns(**_family_names(book), birth=_births()).select(
        "relation", "anchor", *alone.columns
    )


def _family_names(book: Book) -> dict[str, pl.Expr]:
    """Return which parts of a name go from one person to the other.

    A Mexican child has its mother's first surname for its second, so father and son of one name
    differ there; in Brazil a word like Filho tells them apart.
    """
    relation = pl.col("relation")
    namesake = relation.is_in(["namesake_child", "homonym"])
    born_to_both = relation.is_in(["twin", "sibling", "homonym"])
    if book.is_brazil:
        born_to_both |= relation == "namesake_child"
    spouse = (relation == "spouse") & pl.col("takes_surname")
    second_surname = born_to_both | spouse if book.is_brazil else born_to_both
    parts = {
        "given": namesake,
        "second": namesake,
        "surname1": born_to_both | (relation == "namesake_child"),
        "particle": born_to_both,
        "surname2": second_surname,
    }
    family = {
        name: pl.when(taken).then(f"other_{name}").otherwise(name) for name, taken in parts.items()
    }
    child = (relation == "namesake_child") if book.is_brazil else pl.lit(value=False)
    return {
        **family,
        "generation": pl.when(child).then("drawn_generation"),
        "new_surname": pl.when(relation.is_null()).then("new_surname"),
    }


def _births() -> pl.Expr:
    relation = pl.col("relation")
    other = pl.col("other_birth")
    return (
        pl.when(relation == "twin")
        .then(other)
        .when(relation == "namesake_child")
        .then(other + pl.duration(days="child_later"))
        .when(relation == "sibling")
        .then(other + pl.duration(days="sibling_later"))
        .otherwise("birth")
    )


def _initials(persons: pl.DataFrame) -> pl.Series:
    """Return the letters an RFC begins with: two of the first surname, one each of the others."""
    plain = {
        name: persons[name].str.normalize("NFKD").str.replace_all(r"[^A-Za-z]", "")
        for name in ("surname1", "surname2", "given")
    }
    vowel = plain["surname1"].str.slice(1).str.extract("([aeiou])").fill_null("x")
    letters = (
        plain["surname1"].str.head(1)
        + vowel
        + plain["surname2"].str.head(1)
        + plain["given"].str.head(1)
    ).str.to_uppercase()
    return (letters.str.head(3) + "X").zip_with(letters.is_in(_UNSEEMLY), letters)
