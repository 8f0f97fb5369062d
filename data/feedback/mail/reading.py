"""Messages to rows: each kind of report has its file, here it is chosen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import astuple, fields
from itertools import islice
from pathlib import Path
from typing import Final

import polars as pl

from data.feedback.mail.answers import read_answer
from data.feedback.mail.bounces import KINDS, read_bounce
from data.feedback.mail.complaints import KIND, read_complaint
from data.feedback.mail.mbox import MESSAGE_BYTES, split_mbox
from data.feedback.mail.parts import (
    Fields,
    MailRefusedError,
    Part,
    read_fields,
    split_head,
    split_message,
)
from data.feedback.mail.told import Told
from data.feedback.rows import ROWS, as_rows
from data.intake.tables import faults_frame

NOT_A_REPORT: Final = "not_a_report"
"""A message that is neither bounce nor complaint nor an answer to one of ours."""

_RETURNED: Final = frozenset(
    {"message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers"}
)
_BATCH_MESSAGES: Final = 20_000
_COLUMNS: Final = [field.name for field in fields(Told)]
_SCHEMA: Final = pl.Schema({name: ROWS[name] for name in ("line", *_COLUMNS)})


def read_mail(path: Path, *, is_mbox: bool) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    """Return ROWS and FAULTS of an mbox or a single message, some messages at a time."""
    with path.open("rb") as file:
        messages = split_mbox(file) if is_mbox else iter([file.read(MESSAGE_BYTES)])
        numbered = enumerate(messages, start=1)
        while batch := list(islice(numbered, _BATCH_MESSAGES)):
            yield _read_batch(batch)


def read_message(message: bytes) -> list[Told]:
    """Return what a message tells; empty: nothing. Raises MailRefusedError beyond the caps."""
    report, parts = split_message(message)
    returned = _returned(parts)
    told: list[Told] = []
    for part in parts:
        if part.kind in KINDS:
            told.extend(read_bounce(report, part, returned))
        elif part.kind == KIND:
            told.append(read_complaint(report, part, returned))
    if told or report.first("content-type").lower().startswith("multipart/report"):
        return told
    answer = read_answer(report)
    return [] if answer is None else [answer]


def _returned(parts: Iterable[Part]) -> Fields:
    """Return the fields of the message that came back with the report (RFC 6522 section 3)."""
    part = next((each for each in parts if each.kind in _RETURNED), None)
    return Fields(()) if part is None else read_fields(split_head(part.body.lstrip())[0])


def _read_batch(batch: list[tuple[int, bytes]]) -> tuple[pl.DataFrame, pl.DataFrame]:
    rows: list[tuple[object, ...]] = []
    faults: list[tuple[int, str, str]] = []
    for line, message in batch:
        try:
            told = read_message(message)
        except MailRefusedError as error:
            faults.append((line, error.fault.value, ""))
            continue
        rows.extend((line, *astuple(each)) for each in told)
        if not told:
            faults.append((line, NOT_A_REPORT, ""))
    frame = pl.DataFrame(rows, schema=_SCHEMA, orient="row")
    return as_rows(frame.with_columns(needs_key=pl.lit(value=True))), faults_frame(faults)
