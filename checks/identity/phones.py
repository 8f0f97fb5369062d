"""Phone numbers in E.164, or nothing where no one could be reached on them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import phonenumbers
import polars as pl

from checks.columns import over_distinct

# A number with its label, area code, carrier code and extension has under 40 characters.
_LONGEST: Final = 64
_EXTENSION: Final = r"(?i)\s*(?:ramal|extensi[oó]n|ext|r|x)[\s.:]*[0-9]{1,5}$"


@dataclass(frozen=True, slots=True)
class _Plan:
    """How a country writes its own numbers: the cuts that leave area code and subscriber."""

    code: str
    cuts: tuple[tuple[str, str], ...]


_PLANS: Final = {
    # Anatel: trunk 0, with or without a two-digit carrier code before the area code; mobile
    # numbers are nine digits beginning with 9 since 2016, so an older eight-digit one (6 to 9,
    # as the company register still prints them) gets its ninth digit.
    "BR": _Plan(
        code="55",
        cuts=(
            (r"^(?:\+55|0055)([0-9]+)$", "${1}"),
            (r"^55([0-9]{10,11})$", "${1}"),
            (r"^0[1-9]{2}([1-9]{2}[0-9]{8,9})$", "${1}"),
            (r"^0([1-9]{2}[0-9]{8,9})$", "${1}"),
            (r"^([1-9]{2})([6-9][0-9]{7})$", "${1}9${2}"),
        ),
    ),
    # IFT, in force since 3 August 2019: ten digits everywhere; 01, 044, 045 and the mobile 1
    # after 52 are gone, though files keep them.
    "MX": _Plan(
        code="52",
        cuts=(
            (r"^(?:\+52|0052)([0-9]+)$", "${1}"),
            (r"^52(1?[0-9]{10})$", "${1}"),
            (r"^(?:1|01|044|045)([0-9]{10})$", "${1}"),
        ),
    ),
}


def check_phones(raw: pl.Series, country: str) -> pl.Series:
    """Return each number in E.164, in the order of `raw`; null where it is none or unusable.

    `country` is ISO 3166 alpha-2 and tells how a number without `+` is read. Lines of a person or
    a company only: no toll-free, no premium rate; no placeholder such as 99999999.

    >>> raw = pl.Series(["(11) 98765-4321", "011 3456-7890", "11 8765-4321", "99999-9999"])
    >>> check_phones(raw, "BR").to_list()
    ['+5511987654321', '+551134567890', '+5511987654321', None]
    >>> check_phones(pl.Series(["044 55 5123 4567", "+52 1 55 5123 4567"]), "MX").to_list()
    ['+525551234567', '+525551234567']
    """

    def check(distinct: pl.Series) -> pl.DataFrame:
        return _check_distinct(distinct, country.upper())

    return over_distinct(raw, check).to_series()


def _check_distinct(distinct: pl.Series, country: str) -> pl.DataFrame:
    digits = distinct.to_frame("raw").select(digits=_dialled(pl.col("raw")))
    plan = _PLANS.get(country)
    if plan is None:
        return digits.select(phone=_by_library(pl.col("digits"), country))
    own = ~pl.col("digits").str.starts_with("+") | pl.col("digits").str.starts_with(f"+{plan.code}")
    national = pl.col("digits")
    for pattern, kept in plan.cuts:
        national = national.str.replace(pattern, kept)
    usable = national.str.contains(_national_pattern(country)) & ~_is_placeholder(national)
    here = pl.when(usable).then(pl.lit(f"+{plan.code}") + national)
    abroad = pl.when(~own).then(pl.col("digits"))
    return digits.select(phone=pl.when(own).then(here).otherwise(_by_library(abroad, country)))


def _dialled(raw: pl.Expr) -> pl.Expr:
    text = raw.str.normalize("NFKC").str.strip_chars()
    dialled = (
        text.str.replace(r"\.0$", "")  # a number column saved as text
        .str.replace(_EXTENSION, "")
        .str.replace_all(r"[^0-9+]", "")
    )
    return pl.when(raw.str.len_bytes() <= _LONGEST).then(dialled)


def _is_placeholder(national: pl.Expr) -> pl.Expr:
    same = national.str.tail(7).str.strip_chars(national.str.tail(1)) == ""
    return same | national.str.ends_with("12345678")


@cache
def _national_pattern(country: str) -> str:
    # the library's own numbering plan, so that a whole column is judged by one expression
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(country)
    kinds = (metadata.fixed_line, metadata.mobile) if metadata else ()
    patterns = [kind.national_number_pattern for kind in kinds if kind]
    return "^(?:" + "|".join(pattern for pattern in patterns if pattern) + ")$"


def _by_library(digits: pl.Expr, country: str) -> pl.Expr:
    def parse(text: str) -> str | None:
        try:
            number = phonenumbers.parse(text, country)
        except phonenumbers.NumberParseException:
            return None
        if not phonenumbers.is_valid_number(number):
            return None
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)

    # rare: numbers of other countries, each distinct value once
    return digits.map_elements(parse, return_dtype=pl.String(), skip_nulls=True)
