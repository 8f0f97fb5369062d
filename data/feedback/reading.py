"""Reading delivery events in their plain form: every row is an event or a quarantined row."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import polars as pl

from checks.errors import InputRefusedError
from checks.frames import QUARANTINE, shaped
from data.feedback.event_rows import COLUMNS, judge_rows
from data.feedback.outside import open_outside
from data.intake.staging import source_name
from data.tables import EVERY_CREDITOR


def read_events(
    path: Path,
    messages: pl.DataFrame,
    hash_key: bytes,
    *,
    creditor_id: str = EVERY_CREDITOR,
    now: datetime | None = None,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return EVENTS and QUARANTINE of a plain event file (CSV or JSON lines).

    `messages` is MESSAGES of the lists published: it tells whom a message key stands for. A row
    that names an address only belongs to `creditor_id`. Times need a zone; with `now`, one more
    than a day ahead of it is refused. The same row, here or in another file, has the same
    `event_id`. Raises InputRefusedError for a file without the columns.
    """
    source = source_name(path)
    table = open_outside(path, lambda name: _column(name) in COLUMNS)
    if table is None:
        problem = f"event file '{source}' holds nothing"
        raise InputRefusedError(problem, "export it again")
    header = [_column(name) for name in table.header]
    if missing := _missing(header):
        problem = f"event file '{source}' has no column {missing}"
        raise InputRefusedError(problem, f"name its columns {', '.join(COLUMNS)}")
    places: dict[str, int] = {name: header.index(name) for name in COLUMNS if name in header}
    batches = list(table.batches(places))
    rows = pl.concat([batch.rows for batch in batches])
    events, refused = judge_rows(rows, messages, hash_key, creditor_id=creditor_id, latest=now)
    faults = pl.concat([*(batch.faults for batch in batches), refused])
    quarantine = faults.filter(pl.col("reason") != "empty_row").with_columns(source=pl.lit(source))
    return events, shaped(quarantine, QUARANTINE).sort("line")


def _column(name: str) -> str:
    return name.strip().lower().replace("-", "_").replace(" ", "_").replace("e_mail", "email")


def _missing(header: list[str]) -> str:
    wanted = [("message_key", "email"), ("event",), ("occurred_at",)]
    return ", ".join(" or ".join(names) for names in wanted if not set(names) & set(header))
