"""CSV for people: in their locale, and safe to open in a spreadsheet."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from data.files import replaced_file

DANGEROUS_START: Final = r"^[=+\-@\t\r\n\x00\x{FF1D}\x{FF0B}\x{FF0D}\x{FF20}]"
"""What a spreadsheet takes for the start of a formula, or strips to find one.

OWASP "CSV Injection"; ASVS 5.0 requirement 1.2.10; full-width forms are folded by some imports.
"""

_INVISIBLE: Final = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"


@dataclass(frozen=True, slots=True)
class Locale:
    """How a spreadsheet in a language expects its CSV."""

    separator: str
    decimal: str
    date: str
    moment: str  # in UTC


_DAY_FIRST: Final = ("%d/%m/%Y", "%d/%m/%Y %H:%M:%S")
_LOCALES: Final = {
    "pt-BR": Locale(";", ",", *_DAY_FIRST),
    "es-MX": Locale(",", ".", *_DAY_FIRST),
    "en": Locale(",", ".", "%Y-%m-%d", "%Y-%m-%d %H:%M:%S"),
}


def write_people_csv(frame: pl.DataFrame, path: Path, language: str) -> None:
    """Write a frame as CSV for a language's spreadsheet, whole or not at all.

    UTF-8 with BOM, for without it Excel reads another encoding; texts that a spreadsheet might
    run get an apostrophe in front, control characters become U+FFFD.
    """
    locale = _LOCALES[language]
    with replaced_file(path) as aside:
        safe_for_spreadsheets(frame).write_csv(
            aside,
            include_bom=True,
            separator=locale.separator,
            decimal_comma=locale.decimal == ",",
            line_terminator="\r\n",
            date_format=locale.date,
            datetime_format=locale.moment,
        )


def safe_for_spreadsheets(frame: pl.DataFrame) -> pl.DataFrame:
    r"""Return the frame with lists joined to texts, and every text made harmless.

    >>> frame = pl.DataFrame({"a": ["=1+1", "+55119", "ok", "\x00x", None], "n": [-1, 2, 3, 4, 5]})
    >>> safe_for_spreadsheets(frame)["a"].to_list()
    ["'=1+1", "'+55119", 'ok', "'�x", None]
    """
    joined = frame.with_columns(pl.col(pl.List(pl.String)).list.join(", "))
    text = pl.col(pl.String)
    dangerous = text.str.contains(DANGEROUS_START)
    return joined.with_columns(
        pl.when(dangerous)
        .then(pl.lit("'") + text)
        .otherwise(text)
        .str.replace_all(_INVISIBLE, "�")
        .name.keep()
    )
