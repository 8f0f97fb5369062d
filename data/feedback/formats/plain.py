"""Entrega's own plain form of events: CSV or JSON lines with the columns by name."""

from __future__ import annotations

from typing import Final

import polars as pl

from data.feedback.rows import as_rows
from data.feedback.times import moment_of_iso

COLUMNS: Final = (
    "message_key",
    "email",
    "event",
    "occurred_at",
    "permanence",
    "smtp_code",
    "enhanced",
    "diagnostic",
)
"""The columns of an event file; `message_key` or `email` is enough, the last four may miss."""

_WANTED: Final = (("message_key", "email"), ("event",), ("occurred_at",))


def plain_column(name: str) -> str:
    """Return a column's name as COLUMNS writes it.

    >>> plain_column(" Occurred-At"), plain_column("E-mail")
    ('occurred_at', 'email')
    """
    return name.strip().lower().replace("-", "_").replace(" ", "_").replace("e_mail", "email")


def missing_columns(header: list[str]) -> str:
    """Return which columns a header lacks to be the plain form; empty: none.

    >>> missing_columns(["email", "event"])
    'occurred_at'
    """
    return ", ".join(" or ".join(names) for names in _WANTED if not set(names) & set(header))


def read_plain(table: pl.DataFrame) -> pl.DataFrame:
    """Return ROWS of a table of texts with `line` and any of COLUMNS."""
    moment = moment_of_iso(pl.col("occurred_at").str.strip_chars())
    return as_rows(table.with_columns(occurred_at=moment))
