"""Mailboxes that nearly carry the debtor's name: another spelling of it, or a slip of the keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import polars as pl
from rapidfuzz.distance import OSA
from rapidfuzz.process import cpdist

LETTERS_COMPARED: Final = 4  # shorter words are one slip away from too many names
LETTERS_SWAPPED: Final = 3  # but `aan` is no other name than Ana with two letters changed about

DOUBLED: Final = "abcdefgilmnoprstu"
SOUNDS: Final = (("ph", "f"), ("h", ""), ("y", "i"), ("z", "s"), ("w", "v"), ("k", "s"), ("c", "s"))
"""Spellings in which one Portuguese or Spanish name is met: Thiago and Tiago, Souza and Sousa."""


def sounded(word: pl.Expr) -> pl.Expr:
    """Return how a folded word sounds, roughly: equal for spellings of one name.

    >>> pl.select(sounded(pl.lit("phellypp"))).item(), pl.select(sounded(pl.lit("felip"))).item()
    ('felip', 'felip')
    """
    for letter in DOUBLED:
        word = word.str.replace_all(f"{letter}{{2,}}", letter)
    for written, said in SOUNDS:
        word = word.str.replace_all(written, said, literal=True)
    return word


def add_near_names(compared: pl.DataFrame, known: Sequence[str]) -> pl.DataFrame:
    """Add `is_misspelt` and `is_variant`: one slip from a name of the debtor, or a spelling of it.

    Needs `rest` (the letters that the debtor's exact names leave, words by spaces) and `tokens`
    (the debtor's names). Words that are `known` names of somebody are no slips. A slip is one
    letter too many, too few, wrong, or two changed about (optimal string alignment 1).
    """
    rows = compared.with_row_index("row")
    pairs = _pairs(rows)
    near = _near(pairs.select("word", "token").unique(), known)
    found = (
        pairs.join(near, on=["word", "token"], how="inner")
        .group_by("row")
        .agg(pl.col("is_misspelt", "is_variant").any())
    )
    return (
        rows.join(found, on="row", how="left", maintain_order="left")
        .with_columns(pl.col("is_misspelt", "is_variant").fill_null(value=False))
        .drop("row")
    )


def add_swapped(compared: pl.DataFrame, known: Sequence[str]) -> pl.DataFrame:
    """Add `is_swapped`: a word of `local` is a `known` one with two neighbours changed about.

    Other slips are left aside here: `contatos` and `marie` are words of their own.
    """
    rows = compared.with_row_index("row")
    words = (
        rows.select("row", pl.col("local").str.to_lowercase().str.split("+").list.first())
        .with_columns(pl.col("local").str.extract_all(f"[a-z]{{{LETTERS_COMPARED},}}"))
        .explode("local")
        .drop_nulls()
        .rename({"local": "word"})
    )
    told = pl.DataFrame({"token": list(known)}, schema={"token": pl.String()})
    distinct = words.select("word").unique().filter(~pl.col("word").is_in(list(known)))
    pairs = distinct.with_columns(_in_order("word").alias("letters")).join(
        told.with_columns(_in_order("token").alias("letters")), on="letters"
    )
    near = _near(pairs, known)
    swapped = near.filter("is_misspelt").select("word").unique()
    found = words.join(swapped, on="word", how="semi").select("row").unique()
    return (
        rows.join(found.with_columns(is_swapped=True), on="row", how="left", maintain_order="left")
        .with_columns(pl.col("is_swapped").fill_null(value=False))
        .drop("row")
    )


def _in_order(word: str) -> pl.Expr:
    """Return the letters of a word in the order of the alphabet."""
    return pl.col(word).str.split("").list.sort().list.join("")


def _pairs(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the words of the rest, with and without an initial, beside names of their size."""
    words = (
        rows.filter(pl.col("rest").str.len_chars() >= LETTERS_SWAPPED)
        .select("row", "tokens", pl.col("rest").str.split(" ").alias("word"))
        .explode("word")
    )
    without_initial = words.with_columns(pl.col("word").str.slice(1))
    size, other = pl.col("word").str.len_chars(), pl.col("token").str.len_chars()
    long = (size >= LETTERS_COMPARED) & (other >= LETTERS_COMPARED) & ((size - other).abs() <= 1)
    short = (size == LETTERS_SWAPPED) & (_in_order("word") == _in_order("token"))
    return (
        pl.concat([words, without_initial])
        .rename({"tokens": "token"})
        .explode("token")
        .filter(long | short)
    )


def _near(pairs: pl.DataFrame, known: Sequence[str]) -> pl.DataFrame:
    """Tell of distinct pairs of word and name whether they are one slip or one sound apart."""
    slips = cpdist(
        pairs["word"].to_list(),
        pairs["token"].to_list(),
        scorer=OSA.distance,
        score_cutoff=1,
        dtype=np.int32,
    )
    slipped = (pl.col("slips") == 1) & ~pl.col("word").is_in(list(known))
    swapped = slipped & (_in_order("word") == _in_order("token"))  # no way to spell a name
    variant = (sounded(pl.col("word")) == sounded(pl.col("token"))) & ~swapped
    return pairs.with_columns(pl.Series("slips", slips)).select(
        "word",
        "token",
        (slipped & ~variant).alias("is_misspelt"),
        variant.alias("is_variant"),
    )
