"""Check digits of CPF and CNPJ and the date inside an RFC, as column expressions."""

from __future__ import annotations

from typing import Final

import polars as pl

_CPF_WEIGHTS: Final = (10, 9, 8, 7, 6, 5, 4, 3, 2)
_CNPJ_WEIGHTS: Final = (5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)

_LAST_DIGIT: Final = 9

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


def cpf_holds(text: pl.Expr) -> pl.Expr:
    """Tell whether both check digits of an 11-digit CPF hold; false for any other shape.

    >>> frame = pl.DataFrame({"x": ["52998224725", "52998224726", "529982247", None]})
    >>> frame.select(cpf_holds(pl.col("x"))).to_series().to_list()
    [True, False, False, False]
    """
    return _holds(text, CPF_SHAPE, _CPF_WEIGHTS, (11, *_CPF_WEIGHTS))


def cnpj_holds(text: pl.Expr) -> pl.Expr:
    """Tell whether both check digits of a 14-character CNPJ, numeric or alphanumeric, hold.

    A character counts `ord - 48`: digits themselves, `A` 17 to `Z` 42 (IN RFB 2.229/2024, annex).

    >>> frame = pl.DataFrame({"x": ["12ABC34501DE35", "12ABC34501DE45", "11222333000181"]})
    >>> frame.select(cnpj_holds(pl.col("x"))).to_series().to_list()
    [True, False, True]
    """
    return _holds(text, CNPJ_SHAPE, _CNPJ_WEIGHTS, (6, *_CNPJ_WEIGHTS))


def _holds(text: pl.Expr, shape: str, first: tuple[int, ...], second: tuple[int, ...]) -> pl.Expr:
    shaped = pl.when(text.str.contains(shape)).then(text)
    digits = [
        _digit(shaped, weights) == _value(shaped, len(weights)) for weights in (first, second)
    ]
    return pl.all_horizontal(digits).fill_null(value=False)


def _digit(text: pl.Expr, weights: tuple[int, ...]) -> pl.Expr:
    weighted = [_value(text, place) * weight for place, weight in enumerate(weights)]
    remainder = pl.sum_horizontal(weighted, ignore_nulls=False) % 11
    return (11 - remainder) % 11 % 10


def _value(text: pl.Expr, place: int) -> pl.Expr:
    # base 36 counts A as 10, the rule as ord("A") - 48 = 17
    base36 = text.str.slice(place, 1).str.to_integer(base=36, strict=False)
    return base36 + 7 * (base36 > _LAST_DIGIT)
