"""email-validator's verdict on the few addresses that the ordinary grammar leaves open."""

from __future__ import annotations

import unicodedata
from typing import Final

import polars as pl
from email_validator import validate_email

from checks.columns import over_distinct

ACCEPTED: Final = pl.Schema(
    {
        "address": pl.String(),  # NFC, lower case, domain as A-labels; null: refused
        "domain": pl.String(),  # A-labels; null: refused
        "unicode_domain": pl.String(),  # as a reader sees it; null: refused
    },
)
"""What `ask_library` says of each text."""

_REFUSED: Final = (None, None, None)


def ask_library(texts: pl.Series) -> pl.DataFrame:
    """Return `ACCEPTED`, one row per row of `texts`, in its order.

    `texts` are no longer than `shape.ADDRESS_BYTES`: what `idna` costs grows with the length
    (CVE-2024-3651).

    >>> ask_library(pl.Series(["Info@BÜCHER.test", "ana@xn--0.test"])).rows()
    [('info@xn--bcher-kva.test', 'xn--bcher-kva.test', 'bücher.test'), (None, None, None)]
    """
    return over_distinct(
        texts,
        lambda distinct: pl.DataFrame(map(_ask, distinct), schema=ACCEPTED, orient="row"),
    )


def _ask(text: str) -> tuple[str, str, str] | tuple[None, None, None]:
    try:
        found = validate_email(text, check_deliverability=False, test_environment=True)
    except ValueError:  # EmailNotValidError, and what idna and unicodedata may raise below it
        return _REFUSED
    domain = found.ascii_domain
    local = unicodedata.normalize("NFC", found.local_part.lower())
    return f"{local}@{domain}", domain, found.domain
