"""Working on whole columns: each distinct value once, invisible characters aside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import polars as pl

INVISIBLE: Final = r"[\p{Cc}\p{Cf}\p{Z}\u{115F}\u{1160}\u{3164}\u{FFA0}]"
"""Controls, format characters (zero width, bidi), every space, and the Hangul fillers.

A regex for polars; Unicode general categories Cc, Cf and Z, plus letters that print nothing.
"""


def over_distinct(raw: pl.Series, check: Callable[[pl.Series], pl.DataFrame]) -> pl.DataFrame:
    """Run `check` on the distinct values of `raw` and return one row per row of `raw`, in order.

    `check` takes a series of distinct values and returns one row for each, in the same order.

    >>> def shout(words: pl.Series) -> pl.DataFrame:
    ...     return pl.DataFrame({"shout": words.str.to_uppercase()})
    >>> over_distinct(pl.Series(["a", None, "b", "a"]), shout)["shout"].to_list()
    ['A', None, 'B', 'A']
    """
    value = "\x00value"
    distinct = raw.cast(pl.String()).rename(value).unique().sort()
    found = check(distinct)
    rows = raw.cast(pl.String()).rename(value).to_frame()
    keyed = found.with_columns(distinct)
    return rows.join(keyed, on=value, how="left", nulls_equal=True, maintain_order="left").drop(
        value
    )


def said_of(texts: pl.Series, say: Callable[[pl.Expr], pl.Expr]) -> pl.Series:
    """Return what an expression says of each text, in order.

    Asked lazily, so that a part which stands in it several times is worked out once.

    >>> said_of(pl.Series(["a", None]), lambda text: text.str.to_uppercase()).to_list()
    ['A', None]
    """
    return texts.to_frame("text").lazy().select(say(pl.col("text"))).collect().to_series()


def unaccented(text: pl.Expr) -> pl.Expr:
    """Return the text decomposed (NFKD) and without its marks: the letters that people type.

    >>> pl.select(unaccented(pl.lit("José Peña"))).item()
    'Jose Pena'
    """
    return text.str.normalize("NFKD").str.replace_all(r"\p{M}+", "")
