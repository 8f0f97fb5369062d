"""Amounts as people write them: `R$ 1.234,56`, `$1,234.56`, `(10,00)`, `1234.5`."""

from __future__ import annotations

from typing import Final

import polars as pl

from checks.frames import MONEY
from data.intake.settings import DecimalMark

_CURRENCY_SIGNS: Final = r"(?i)R\$|US\$|MX\$|M\.?N\.?$|\$|BRL|MXN|USD|EUR|€"
_BLANKS: Final = r"[\s\u{a0}\u{202f}']"
_NUMBER: Final = (
    r"^(?:[0-9]+|[0-9]*[.,][0-9]{1,9}"
    r"|[0-9]{1,3}(?:\.[0-9]{3})+(?:,[0-9]{1,9})?"
    r"|[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]{1,9})?)$"
)
_AMBIGUOUS: Final = r"^[0-9]{1,3}[.,][0-9]{3}$"
_MARKED: Final = r"^(?:[0-9]*|[0-9]{1,3}(?:X[0-9]{3})*)MARK(?:[0-9]{1,2}|[0-9]{4,9})$"
_MOST_DIGITS: Final = 15  # Decimal(18, 2) holds 16 before the mark


def guess_decimal_mark(raw: pl.Series, otherwise: DecimalMark) -> DecimalMark:
    """Return the mark that most amounts with a telling shape use; `otherwise` on a tie.

    >>> guess_decimal_mark(pl.Series(["1.234", "10,50"]), otherwise=".")
    ','
    """
    text = _bare(raw)
    votes = text.to_frame("text").select(
        comma=pl.col("text").str.contains(_marked(",")).sum(),
        point=pl.col("text").str.contains(_marked(".")).sum(),
    )
    comma, point = votes.row(0)
    if comma == point:
        return otherwise
    return "," if comma > point else "."


def parse_amounts(raw: pl.Series, mark: DecimalMark) -> pl.Series:
    """Return `Decimal(18, 2)`, halves away from zero; null where no amount can be read.

    The mark decides only where the shape does not: `1.234` is 1234 under a decimal comma and
    1.23 under a point, while `1.234,56` and `1234.5` read the same under both.

    >>> written = pl.Series(["R$ 1.234,56", "$1,234.56", "(10,00)", "1.234", "12x"])
    >>> [str(amount) for amount in parse_amounts(written, ",")]
    ['1234.56', '1234.56', '-10.00', '1234.00', 'None']
    """
    text = pl.col("text")
    point, comma = text.str.find(r"\.[^.]*$"), text.str.find(r",[^,]*$")
    one_kind = point.is_null() | comma.is_null()
    several = text.str.count_matches("[.,]") > 1
    last_is_point = point.fill_null(0) >= comma.fill_null(0)
    last_parts_decimals = (
        pl.when(~one_kind)
        .then(pl.lit(value=True))
        .when(text.str.contains(_AMBIGUOUS))
        .then(last_is_point == (mark == "."))
        .otherwise(~several)
    )
    grouped = text.str.replace_all("[.,]", "")
    parted = text.str.replace(r"[.,]([0-9]*)$", "#$1").str.replace_all("[.,]", "")
    plain = pl.when(last_parts_decimals).then(parted.str.replace("#", ".")).otherwise(grouped)
    negative = pl.col("raw").str.contains(r"^\s*\(.*\)\s*$|^[^0-9]*-|-\s*$")
    size = plain.str.extract(r"^([0-9]*)").str.strip_chars_start("0").str.len_bytes()
    readable = text.str.contains(_NUMBER) & (size <= _MOST_DIGITS)
    digits = pl.when(readable).then(pl.lit("0") + plain)
    exact = digits.cast(pl.Decimal(38, 9), strict=False)
    cents = exact.round(2, mode="half_away_from_zero").cast(MONEY)
    frame = pl.DataFrame({"raw": raw, "text": _bare(raw)})
    return frame.select(pl.when(negative).then(-cents).otherwise(cents).cast(MONEY)).to_series()


def _bare(raw: pl.Series) -> pl.Series:
    return (
        raw.str.replace_all(_BLANKS, "")
        .str.replace_all(_CURRENCY_SIGNS, "")
        .str.replace(r"^\((.*)\)$", "$1")
        .str.replace(r"^[-+]|[-+]$", "")
    )


def _marked(mark: DecimalMark) -> str:
    other = r"\." if mark == "," else ","
    return _MARKED.replace("X", other).replace("MARK", "," if mark == "," else r"\.")
