"""CPF, CNPJ and RFC: normalised, verified, and told apart from placeholders."""

from __future__ import annotations

from typing import Final

import polars as pl

from checks.columns import INVISIBLE, over_distinct, said_of
from checks.identity.check_digits import CNPJ_SHAPE, RFC_SHAPE, cnpj_holds, cpf_holds

TAX_IDS: Final = pl.Schema(
    {
        "tax_id": pl.String(),  # without punctuation, upper case; null unless valid
        "tax_kind": pl.String(),  # cpf | cnpj | rfc; null unless valid
        "flag": pl.String(),  # valid | invalid | missing
    },
)
"""What `check_tax_ids` says of each value."""

# A written tax id with its label, mask and the marks of a spreadsheet has under 40 characters;
# anything longer is not one and is not looked at.
_LONGEST: Final = 64
_LABEL: Final = r"^(?:(?:CPF|CNPJ|CPF/CNPJ)[\s:.]+|RFC\s*:\s*)"
_PUNCTUATION: Final = r"""[.\-/_'"=\u{2010}-\u{2015}]"""

# Formally valid, but the example everybody types: 123.456.789-09, 012.345.678-90 and the
# descending one; the CNPJ of many manuals; the RFC of the public in general and of foreigners
# (Anexo 20 of the CFDI); the RFC of the tax authority's own test environment.
_PLACEHOLDERS: Final = (
    "12345678909",
    "01234567890",
    "98765432100",
    "12345678000195",
    "XAXX010101000",
    "XEXX010101000",
    "AAA010101AAA",
)
_SEQUENCES: Final = ("12345678901234", "01234567890123")


def check_tax_ids(raw: pl.Series) -> pl.DataFrame:
    """Return `TAX_IDS`, one row per row of `raw`, in its order.

    Masks, labels (`CPF: ...`) and what spreadsheets leave (`="001..."`, `12345678901.0`) are
    taken off. One or two leading zeros that a spreadsheet dropped are put back where the check
    digits then hold. No digit at all, one character repeated, a run such as 123456789 and generic
    RFCs count as missing. Sources: CPF and CNPJ modulo 11 with the alphanumeric CNPJ of
    IN RFB 2.229/2024; RFC by shape and date, its check character is not required.

    >>> raw = pl.Series(["529.982.247-25", "12.ABC.345/01DE-35", "XAXX010101000", "123"])
    >>> check_tax_ids(pl.concat([raw, pl.Series(["52998224726"])])).rows()
    [('52998224725', 'cpf', 'valid'), ('12ABC34501DE35', 'cnpj', 'valid'),
     (None, None, 'missing'), (None, None, 'missing'), (None, None, 'invalid')]
    """
    return over_distinct(raw, check_distinct_tax_ids)


def check_distinct_tax_ids(distinct: pl.Series) -> pl.DataFrame:
    """Return `TAX_IDS`, one row per row, as `check_tax_ids`, of values that stand once each."""
    clean, cpf, cnpj = pl.col("clean"), pl.col("cpf"), pl.col("cnpj")
    digits = clean.str.contains(r"^[0-9]+$")
    length = clean.str.len_bytes()
    candidates = (
        said_of(distinct, _clean)
        .to_frame("clean")
        .with_columns(
            cpf=pl.when(digits & length.is_between(9, 11)).then(clean.str.zfill(11)),
            cnpj=pl.when(digits & length.is_between(12, 14))
            .then(clean.str.zfill(14))
            .when(clean.str.contains(CNPJ_SHAPE))
            .then(clean),
        )
    )
    missing = _is_missing(clean) | cpf.is_in(_PLACEHOLDERS).fill_null(value=False)
    holds = candidates.select(cpf=cpf_holds(candidates["cpf"]), cnpj=cnpj_holds(candidates["cnpj"]))
    kind = (
        pl.when(missing)
        .then(None)
        .when(holds["cpf"])
        .then(pl.lit("cpf"))
        .when(holds["cnpj"])
        .then(pl.lit("cnpj"))
        .when(clean.str.contains(RFC_SHAPE))
        .then(pl.lit("rfc"))
    )
    judged = candidates.with_columns(tax_kind=kind, missing=missing)
    return judged.select(
        tax_id=pl.when(pl.col("tax_kind").is_not_null()).then(pl.coalesce(cpf, cnpj, clean)),
        tax_kind="tax_kind",
        flag=pl.when("missing")
        .then(pl.lit("missing"))
        .when(pl.col("tax_kind").is_null())
        .then(pl.lit("invalid"))
        .otherwise(pl.lit("valid")),
    )


def _clean(raw: pl.Expr) -> pl.Expr:
    text = raw.str.normalize("NFKC").str.to_uppercase().str.strip_chars()
    bare = (
        text.str.replace(_LABEL, "")
        .str.replace_all(INVISIBLE, "")
        .str.replace(r"^([0-9]+)\.0$", "$1")  # a number column saved as text
        .str.replace_all(_PUNCTUATION, "")
    )
    return (
        pl.when(raw.str.len_bytes() <= _LONGEST)
        .then(bare)
        .when(raw.is_not_null())
        .then(
            pl.lit("0?")  # has a digit and fits no shape: invalid
        )
    )


def _is_missing(clean: pl.Expr) -> pl.Expr:
    nothing = ~clean.str.contains("[0-9]")
    one_character = clean.str.strip_chars(clean.str.head(1)) == ""
    run = pl.any_horizontal(pl.lit(run).str.starts_with(clean) for run in _SEQUENCES)
    return (nothing | one_character | run | clean.is_in(_PLACEHOLDERS)).fill_null(value=True)
