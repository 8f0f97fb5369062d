"""Text to address: valid or not and the normal form, exactly as email-validator judges."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from checks.columns import INVISIBLE
from checks.syntax.library import ask_library
from checks.syntax.scripts import is_mixed
from checks.syntax.shape import ADDRESS_BYTES, ORDINARY_BYTES, is_impossible, is_ordinary


@dataclass(frozen=True, slots=True)
class ReadAddresses:
    """The distinct texts of a column, by what they turned out to be; each text is in one frame."""

    ordinary: pl.DataFrame
    """`email_raw, address, domain, is_mixed` of plain addresses; never of mixed scripts."""

    others: pl.DataFrame
    """The same of addresses that the library accepted: other scripts, punycode, great lengths."""

    refused: pl.DataFrame
    """`email_raw, text` of what is no address; `text` is trimmed if that was asked."""


def read_addresses(email_raw: pl.Series, *, trim: bool = False) -> ReadAddresses:
    """Read the distinct non-null texts of a column.

    `address` is lower case, NFC, with the domain as A-labels; `trim` takes invisible characters
    off both ends first.

    >>> read = read_addresses(pl.Series(["Ana@Uol.com.br", "ana@uol", "ana@bücher.example"]))
    >>> read.ordinary["address"].item(), read.others["domain"].item(), read.refused["text"].item()
    ('ana@uol.com.br', 'xn--bcher-kva.example', 'ana@uol')
    """
    rows = _distinct(email_raw).to_frame("email_raw")
    text = _trimmed(pl.col("email_raw")) if trim else pl.col("email_raw")
    # lengths are cut before any pattern is tried
    short = pl.when(text.str.len_bytes() <= ORDINARY_BYTES).then(text)
    rows = rows.select("email_raw", text=text, address=short.str.to_lowercase())
    ordinary = is_ordinary(pl.col("address")).fill_null(value=False)
    rows = rows.with_columns(ordinary=ordinary)
    others, refused = _read_others(rows.filter(~pl.col("ordinary")).select("email_raw", "text"))
    plain = rows.filter("ordinary").select("email_raw", "address")
    return ReadAddresses(
        ordinary=plain.with_columns(domain=_domain(), is_mixed=pl.lit(value=False)),
        others=others,
        refused=refused,
    )


def _distinct(email_raw: pl.Series) -> pl.Series:
    texts = email_raw.cast(pl.String()).drop_nulls()
    # equal texts have equal hashes: as many hashes as texts prove that none is repeated
    return texts if texts.hash().n_unique() == len(texts) else texts.unique()


def _trimmed(text: pl.Expr) -> pl.Expr:
    return text.str.replace(rf"^{INVISIBLE}+", "").str.replace(rf"{INVISIBLE}+$", "")


def _domain() -> pl.Expr:
    # in bytes, which is where find counts; twice as fast as splitting
    address = pl.col("address")
    after_at = address.str.find("@", literal=True) + 1
    return address.cast(pl.Binary()).bin.slice(after_at).cast(pl.String())


def _read_others(rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Split rows of `email_raw, text` into what the library accepts and what is no address."""
    fits = pl.col("text").str.len_bytes() <= ADDRESS_BYTES
    lowered = pl.when(fits).then("text").str.to_lowercase()
    rows = rows.with_columns(is_open=(fits & ~is_impossible(lowered)).fill_null(value=False))
    asked = rows.filter("is_open")
    asked = pl.concat([asked, ask_library(asked["text"])], how="horizontal")
    accepted = asked.filter(pl.col("address").is_not_null()).select(
        "email_raw",
        "address",
        "domain",
        is_mixed=is_mixed(pl.col("address"), pl.col("unicode_domain")),
    )
    refused = asked.filter(pl.col("address").is_null())
    closed = rows.filter(~pl.col("is_open"))
    return accepted, pl.concat(frame.select("email_raw", "text") for frame in (closed, refused))
