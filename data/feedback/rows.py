"""What every format is read into: rows that say what happened, not yet judged."""

from __future__ import annotations

from typing import Final

import polars as pl

from checks.frames import MOMENT

ROWS: Final = pl.Schema(
    {
        "line": pl.Int64(),  # row, object or message in the source, from 1
        "message_key": pl.String(),  # as the dispatcher echoed it; null: not given
        "email": pl.String(),  # null: not given
        "event": pl.String(),  # a word of EVENT_TYPES, or what the source said instead; null
        "occurred_at": MOMENT,  # null: missing or unreadable
        "permanence": pl.String(),  # hard | soft | none; null: not told
        "smtp_code": pl.String(),
        "enhanced": pl.String(),
        "diagnostic": pl.String(),  # what the last server said, addresses included
        "link": pl.String(),  # what was clicked
        "provider_id": pl.String(),  # the provider's own name of the event
        "needs_key": pl.Boolean(),  # anybody can write such a row: it counts by its key alone
        "signed": pl.String(),  # the text that `signature` is of
        "signature": pl.String(),  # null: the format has none
    },
)
"""One row per thing that happened; only `line` is always there."""


def as_rows(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a format's columns as ROWS: what it does not tell is null.

    >>> as_rows(pl.DataFrame({"line": [1], "event": ["opened"]})).select("event", "email").row(0)
    ('opened', None)
    """
    absent = [pl.lit(None, dtype).alias(name) for name, dtype in ROWS.items() if name not in frame]
    return frame.with_columns(absent).select(
        pl.col(name).cast(dtype) for name, dtype in ROWS.items()
    )
