"""Check digits of CPF and CNPJ and the date inside an RFC, for whole columns."""

from __future__ import annotations

from typing import Final

import polars as pl

_CPF_WEIGHTS: Final = (10, 9, 8, 7, 6, 5, 4, 3, 2)
_CNPJ_WEIGHTS: Final = (5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)

_LAST_DIGIT: Final = 9
_BASE: Final = 36

CPF_SHAPE: Final = r"^[0-9]{11}$"
CNPJ_SHAPE: Final = r"^[0-9A-Z]{12}[0-9]{2}$"

# Days that exist, month by month; 29 February where the two-digit year can be a leap year (00 is
# read as 2000, which was one).
_DATE: Final = (
    r"(?:[0-9]{2}(?:(?:0[13578]|1[02])(?:0[1-9]|[12][0-9]|3[01])"
    r"|(?:0[469]|11)(?:0[1-9]|[12][0-9]|30)"
    r"|02(?:0[1-9]|1[0-9]|2[0-8]))"
    r"|(?:[02468][048]|[13579][26])0229)"
)
RFC_SHAPE: Final = rf"^[A-ZÑ&]{{3,4}}{_DATE}[0-9A-Z]{{2}}[0-9A]$"
"""Three letters (company) or four (person), a date that exists, homoclave and check character.

The last character is a digit or `A` (10 of the modulo-11 sum); it is not verified, see
`docs/decisions/0101-rfc-check-digit.md`.
"""


def cpf_holds(texts: pl.Series) -> pl.Series:
    """Tell whether both check digits of an 11-digit CPF hold; false for any other shape.

    >>> cpf_holds(pl.Series(["52998224725", "52998224726", "529982247", None])).to_list()
    [True, False, False, False]
    """
    return _holds(texts, CPF_SHAPE, _CPF_WEIGHTS, (11, *_CPF_WEIGHTS))


def cnpj_holds(texts: pl.Series) -> pl.Series:
    """Tell whether both check digits of a 14-character CNPJ, numeric or alphanumeric, hold.

    A character counts `ord - 48`: digits themselves, `A` 17 to `Z` 42 (IN RFB 2.229/2024, annex).

    >>> cnpj_holds(pl.Series(["12ABC34501DE35", "12ABC34501DE45", "11222333000181"])).to_list()
    [True, False, True]
    """
    return _holds(texts, CNPJ_SHAPE, _CNPJ_WEIGHTS, (6, *_CNPJ_WEIGHTS))


def _holds(
    texts: pl.Series, shape: str, first: tuple[int, ...], second: tuple[int, ...]
) -> pl.Series:
    """Work in numbers, step by step: a text per character would take eight times as long."""
    size = len(first)
    text, body = pl.col("text"), pl.col("body")
    values = [pl.col(f"value_{place}") for place in range(size)]
    given = [pl.col("first"), pl.col("second")]
    checked = [_digit(values, first) == given[0], _digit([*values, given[0]], second) == given[1]]
    shaped = texts.to_frame("text").lazy().select(pl.when(text.str.contains(shape)).then("text"))
    return (
        shaped.select(
            # twelve characters of base 36 fit into 63 bits
            body=text.str.head(size).str.to_integer(base=_BASE, strict=False),
            first=text.str.slice(size, 1).str.to_integer(strict=False),
            second=text.str.slice(size + 1, 1).str.to_integer(strict=False),
        )
        .with_columns(
            (body // _BASE ** (size - 1 - place) % _BASE).alias(f"value_{place}")
            for place in range(size)
        )
        # base 36 counts A as 10, the rule as ord("A") - 48 = 17
        .with_columns(value + 7 * (value > _LAST_DIGIT) for value in values)
        .select(pl.all_horizontal(checked).fill_null(value=False))
        .collect()
        .to_series()
    )


def _digit(values: list[pl.Expr], weights: tuple[int, ...]) -> pl.Expr:
    weighted = [value * weight for value, weight in zip(values, weights, strict=True)]
    remainder = pl.sum_horizontal(weighted, ignore_nulls=False) % 11
    return (11 - remainder) % 11 % 10
