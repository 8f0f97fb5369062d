"""Reading delivery events of any format: every row is an event or a quarantined row."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from checks.frames import QUARANTINE, empty, shaped
from data.feedback.event_rows import judge_rows
from data.feedback.events import EVENTS
from data.feedback.jobs import DESK, LARGEST_FILE, EventJob, event_limits
from data.feedback.mailboxes import pack_mailbox
from data.feedback.mapping import EventMapping
from data.intake.desk import FAULT_PARTS, INPUT_FILE, ROW_PARTS, read_parts
from data.intake.limits import Limits
from data.intake.staging import source_name, stage_file
from data.intake.tables import FAULTS
from data.tables import EVERY_CREDITOR


def read_events(
    path: Path,
    messages: pl.DataFrame,
    hash_key: bytes,
    *,
    creditor_id: str = EVERY_CREDITOR,
    now: datetime | None = None,
    mapping: EventMapping | None = None,
    signing_key: bytes | None = None,
    limits: Limits | None = None,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return EVENTS and QUARANTINE of an event file; its content tells the format.

    Bounces, complaints and answers as mbox, single message or a folder of messages; SES (also
    by SNS), SendGrid, Mailgun, Postmark and Brevo as JSON; CSV or JSON lines in the plain form, or
    in any by a mapping. The file is read by a limited child process.

    `messages` is MESSAGES of the lists published: it tells whom a message key stands for. A row
    that names an address only belongs to `creditor_id`; of mail it is refused, for anybody can
    write a bounce. With `signing_key` events of formats that bear signatures need a good one.
    Times need a zone; with `now`, one more than a day ahead of it is refused. The same event,
    here or in another file, has the same `event_id`. Raises InputRefusedError for a file that
    cannot be read.
    """
    source = source_name(path)
    with TemporaryDirectory(prefix="entrega-") as name:
        folder = Path(name)
        bounds = _stage(path, folder, limits)
        outcome = DESK.ask(folder, EventJob(source, bounds, mapping))
        parts = zip_longest(read_parts(folder, ROW_PARTS), read_parts(folder, FAULT_PARTS))
        return judge_batches(
            source,
            parts,
            messages,
            hash_key,
            creditor_id=creditor_id,
            now=now,
            signing_key=signing_key if outcome.is_signed else None,
        )


def judge_batches(
    source: str,
    batches: Iterable[tuple[pl.DataFrame | None, pl.DataFrame | None]],
    messages: pl.DataFrame,
    hash_key: bytes,
    *,
    creditor_id: str,
    now: datetime | None,
    signing_key: bytes | None,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return EVENTS and QUARANTINE of batches of ROWS and FAULTS; None is an empty one."""
    events, faults = [empty(EVENTS)], [empty(FAULTS)]
    for rows, unread in batches:
        if unread is not None:
            faults.append(unread)
        if rows is not None:
            found, refused = judge_rows(
                rows,
                messages,
                hash_key,
                creditor_id=creditor_id,
                latest=now,
                signing_key=signing_key,
            )
            events.append(found)
            faults.append(refused)
    quarantine = pl.concat(faults).with_columns(source=pl.lit(source))
    return (
        pl.concat(events).unique(("creditor_id", "event_id")).sort("creditor_id", "event_id"),
        shaped(quarantine, QUARANTINE).sort("line", "reason"),
    )


def _stage(path: Path, folder: Path, limits: Limits | None) -> Limits:
    """Lay a file, or the messages of a folder, before the child; return what it may take."""
    if path.is_dir():
        pack_mailbox(path, folder / INPUT_FILE)
    else:
        stage_file(path, folder, limits or Limits(file_bytes=LARGEST_FILE))
    return limits or event_limits((folder / INPUT_FILE).stat().st_size)
