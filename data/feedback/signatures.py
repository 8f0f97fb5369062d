"""Signatures that stand in the events themselves, checked where a key is configured."""

from __future__ import annotations

import hmac

import polars as pl


def bears_signature(rows: pl.DataFrame, signing_key: bytes | None) -> pl.Series:
    """Return for each of ROWS whether it may count: signed by the key, or no key is given.

    HMAC-SHA256 in hexadecimal over `signed` (Mailgun: timestamp and token), compared in constant
    time. With a key a row without signature does not count either.

    >>> from data.feedback.rows import as_rows
    >>> digest = hmac.digest(b"key", b"1700000000abc", "sha256").hex()
    >>> rows = as_rows(pl.DataFrame({"line": [1, 2, 3], "signed": ["1700000000abc"] * 3,
    ...     "signature": [digest, digest[::-1], None]}))
    >>> bears_signature(rows, b"key").to_list(), bears_signature(rows, None).to_list()
    ([True, False, False], [True, True, True])
    """
    if signing_key is None:
        return rows["line"].is_not_null()  # every row
    pairs = rows.select("signed", "signature").iter_rows()
    return pl.Series([_is_signed(signing_key, *pair) for pair in pairs], dtype=pl.Boolean)


def _is_signed(key: bytes, signed: str | None, signature: str | None) -> bool:
    if signed is None or signature is None:
        return False
    wanted = hmac.digest(key, signed.encode(), "sha256").hex()
    return hmac.compare_digest(wanted.encode(), signature.encode())
