"""Tax ids as evidence: equal, near, a part in common, or in conflict."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import polars as pl

from checks.columns import said_of
from checks.contacts.linkage.scales import MANY_SLIPS, SIDES, Levels, Scale, by_text, slips
from checks.contacts.linkage.texts import compact
from checks.identity import check_distinct_tax_ids
from checks.identity.check_digits import RFC_SHAPE

TAX_KEYS: Final = pl.Schema(
    {
        "text": pl.String(),  # what is compared; a valid id begins with "="; null: none
        "root": pl.String(),  # CNPJ without branch, RFC without homoclave; null: no such part
        "identity": pl.String(),  # two different ones are two persons; null: unsure
        "is_company": pl.Boolean(),  # null: unknown
    },
)
"""What `tax_keys` says of each value of a column."""

VALID: Final = "="
_KNOWN_SHARE: Final = 0.3  # of a column that must be valid; a check digit holds by chance for 1 %
_CHECKED_SHARE: Final = 0.5  # of RFCs whose last character must hold before it is relied on
_COMPANY_RFC: Final = 12
_PERSON_RFC: Final = 13
_CPF: Final = 11
_CNPJ: Final = 14
_CNPJ_ROOT: Final = 8
_HOMOCLAVE: Final = 3
_RFC_ALPHABET: Final = "0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ Ñ"
_MODULUS: Final = 11

_LEVELS: Final = ("conflict", "differs", "two_slips", "one_slip", "part", "equal")
_CONFLICT, _DIFFERS, _TWO_SLIPS, _ONE_SLIP, _PART = range(5)


def tax_keys(raw: pl.Series) -> pl.DataFrame:
    """Return TAX_KEYS, one row per row of `raw`, in order; no value may stand twice.

    In a column of which few values are valid as CPF, CNPJ or RFC, ids are of no known kind:
    plain codes, equal or not, that never keep two records apart.

    >>> tax_keys(pl.Series(["11.222.333/0001-81", "11.222.333/0001-82", "111"])).rows()
    [('=11222333000181', '11222333', '11222333000181', True), ('11222333000182', None, None, True),
     (None, None, None, None)]
    >>> tax_keys(pl.Series(["AB-1", "ab2", None, "77"]))["text"].to_list()
    ['ab1', 'ab2', None, '77']
    """
    checked = check_distinct_tax_ids(raw).with_columns(plain=said_of(raw, compact))
    given = int(checked["plain"].is_not_null().sum())
    valid = int((checked["flag"] == "valid").sum())
    if valid < _KNOWN_SHARE * max(given, 1):
        codes = checked.select(text="plain")
        return codes.with_columns(
            pl.lit(None, dtype).alias(name) for name, dtype in TAX_KEYS.items() if name != "text"
        )
    return _of_known_kind(checked)


def _shape_of_company(text: pl.Expr) -> pl.Expr:
    """Tell by its length whose id it is though it is wrong; null for any other length."""
    digits = text.str.contains("^[0-9]+$")
    return (
        pl.when(digits & (text.str.len_chars() == _CNPJ))
        .then(pl.lit(value=True))
        .when(digits & (text.str.len_chars() == _CPF))
        .then(pl.lit(value=False))
    )


def _of_known_kind(checked: pl.DataFrame) -> pl.DataFrame:
    tax_id, kind = pl.col("tax_id"), pl.col("tax_kind")
    length = tax_id.str.len_chars()
    partial = pl.col("plain").str.to_uppercase()
    any_rfc = bool((checked["tax_kind"] == "rfc").any())
    judged = checked.with_columns(
        holds=(kind != "rfc") | (_rfc_character_holds(tax_id) if any_rfc else pl.lit(value=True)),
        text=pl.when(pl.col("flag") == "valid")
        .then(pl.lit(VALID) + tax_id)
        .when(pl.col("flag") == "invalid")
        .then(partial),
    )
    rfcs = judged.filter(kind == "rfc")["holds"]
    relied_on = len(rfcs) > 0 and float(rfcs.sum()) >= _CHECKED_SHARE * len(rfcs)
    return judged.select(
        text="text",
        root=pl.when(kind == "cnpj")
        .then(tax_id.str.head(_CNPJ_ROOT))
        .when(kind == "rfc")
        .then(tax_id.str.head(length - _HOMOCLAVE))
        .when(partial.str.contains(RFC_SHAPE[: RFC_SHAPE.rindex("[0-9A-Z]{2}")] + "$"))
        .then(partial),
        identity=pl.when(pl.col("holds") | pl.lit(not relied_on)).then(tax_id),
        is_company=pl.when(tax_id.is_not_null())
        .then((kind == "cnpj") | ((kind == "rfc") & (length == _COMPANY_RFC)))
        .when(pl.col("flag") == "invalid")
        .then(_shape_of_company(partial)),
    )


def _rfc_character_holds(tax_id: pl.Expr) -> pl.Expr:
    """Tell whether an RFC's last character is its modulo-11 check (SAT, Anexo 1 of the RMF).

    >>> frame = pl.DataFrame({"rfc": ["GODE561231GR8", "GODE561231GR9"]})
    >>> frame.select(_rfc_character_holds(pl.col("rfc"))).to_series().to_list()
    [True, False]
    """
    padded = tax_id.str.pad_start(_PERSON_RFC, " ")
    values = {character: place for place, character in enumerate(_RFC_ALPHABET)}
    total = pl.sum_horizontal(
        padded.str.slice(place, 1).replace_strict(values, default=0) * (_PERSON_RFC - place)
        for place in range(_PERSON_RFC - 1)
    )
    due = (_MODULUS - total % _MODULUS) % _MODULUS
    return padded.str.tail(1).replace_strict(values, default=-1) == due


def _near_tax_ids(left: Sequence[str], right: Sequence[str]) -> Levels:
    pairs = pl.DataFrame({"left": left, "right": right}, schema=SIDES)
    bare = pairs.select(pl.all().str.strip_prefix(VALID))
    found = slips(bare["left"].to_list(), bare["right"].to_list())
    nearness = np.where(
        found <= 1,
        _ONE_SLIP,
        np.where(found < MANY_SLIPS, _TWO_SLIPS, _DIFFERS),
    )
    part = bare.select(_share_a_part(pl.col("left"), pl.col("right"))).to_series().to_numpy()
    both = pairs.select(pl.all_horizontal(pl.all().str.starts_with(VALID))).to_series().to_numpy()
    conflict = both & (nearness != _ONE_SLIP)
    return np.where(part, _PART, np.where(conflict, _CONFLICT, nearness)).astype(np.int8)


def _share_a_part(one: pl.Expr, other: pl.Expr) -> pl.Expr:
    """Tell whether two ids are of one root: branches of a CNPJ, an RFC without its homoclave."""
    sizes = [each.str.len_bytes() for each in (one, other)]
    short, long = pl.min_horizontal(sizes), pl.max_horizontal(sizes)
    branches = (
        (short == _CNPJ)
        & (long == _CNPJ)
        & (one.str.head(_CNPJ_ROOT) == other.str.head(_CNPJ_ROOT))
    )
    root = long - _HOMOCLAVE
    partly = (
        long.is_in([_COMPANY_RFC, _PERSON_RFC])
        & (short >= root)
        & (one.str.head(root) == other.str.head(root))
    )
    return branches | partly


TAX_ID: Final = Scale(_LEVELS, by_text(_near_tax_ids))
"""An id of a known kind: two valid ones that differ are a conflict, not just no evidence."""
