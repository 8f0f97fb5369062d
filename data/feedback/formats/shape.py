"""What a provider's JSON format is made of, and the small expressions they share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

CODE_IN_TEXT: Final = r"(?:^|[;:(])\s{0,3}([245]\d\d)[ -]"
"""Where a diagnostic names an SMTP code: at its begin, or behind what a provider put before it."""

ENHANCED_IN_TEXT: Final = r"(?:^|[\s;:#(-])([245]\.\d{1,3}\.\d{1,3})(?:[\s):;,]|$)"


@dataclass(frozen=True, slots=True)
class JsonFormat:
    """How one provider reports events as JSON objects.

    `marks` tells the provider's objects by their keys and plain values; `schema` lists the keys
    wanted, the rest is not read; `read` turns them into columns of ROWS, keeping `line`;
    `unwrap` takes objects out of an envelope first. `is_signed`: the objects bear signatures.
    """

    name: str
    marks: Callable[[Mapping[str, object]], bool]
    schema: pl.Schema
    read: Callable[[pl.DataFrame], pl.DataFrame]
    unwrap: Callable[[pl.Series], pl.Series] | None = None
    is_signed: bool = False


def listed(words: Mapping[str, str], of: pl.Expr) -> pl.Expr:
    """Return the word that a text stands for; null for one that is not listed."""
    return of.replace_strict(words, default=None, return_dtype=pl.String)


def code_in(text: pl.Expr) -> pl.Expr:
    """Return the first SMTP code that a diagnostic names.

    >>> said = pl.DataFrame({"t": [" RecipientError: 550 5.5.0 no", "550-5.1.1 no", "over 500 KB"]})
    >>> said.select(code_in(pl.col("t")))["t"].to_list()
    ['550', '550', None]
    """
    return text.str.extract(CODE_IN_TEXT)


def status_of(text: pl.Expr) -> pl.Expr:
    """Return the enhanced code that a status field begins with; null for anything else.

    >>> told = pl.DataFrame({"t": ["5.1.1", "5.2.2 (full)", "5.0", "n/a"]})
    >>> told.select(status_of(pl.col("t")))["t"].to_list()
    ['5.1.1', '5.2.2', None, None]
    """
    return text.str.extract(r"^\s*([245]\.\d{1,3}\.\d{1,3})(?:\s|$)")


def enhanced_in(text: pl.Expr) -> pl.Expr:
    """Return the first enhanced code that a diagnostic names (RFC 3463).

    >>> said = pl.DataFrame({"t": ["550-5.1.1 no", "5.7.1", "host 5.1.1.2 is gone"]})
    >>> said.select(enhanced_in(pl.col("t")))["t"].to_list()
    ['5.1.1', '5.7.1', None]
    """
    return text.str.extract(ENHANCED_IN_TEXT)
