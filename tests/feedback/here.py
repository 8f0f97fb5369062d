"""Reading event files in this process: what the limited child does, without its half a second."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import polars as pl

from data.feedback import MESSAGES
from data.feedback.mapping import EventMapping
from data.feedback.opening import open_events
from data.feedback.reading import judge_batches
from tests.feedback.mails import KEY, OTHER_KEY

NOW: Final = datetime(2026, 11, 21, 12, tzinfo=UTC)
HASH_KEY: Final = b"k" * 32
PUBLISHED: Final = pl.DataFrame(
    [
        ("loja", KEY, "list", "d1", "ana@a.test", False),
        ("banco", OTHER_KEY, "list", "d2", "rui@b.test", False),
    ],
    schema=MESSAGES,
    orient="row",
)
"""Two messages that were sent, of two creditors."""


@dataclass(frozen=True, slots=True)
class Read:
    """What a file was read to."""

    events: pl.DataFrame
    quarantine: pl.DataFrame

    @property
    def event(self) -> dict[str, Any]:
        """The only event; empty where there is none or several."""
        return self.events.row(0, named=True) if self.events.height == 1 else {}

    @property
    def reasons(self) -> list[str]:
        """Why rows are no events."""
        return self.quarantine["reason"].to_list()


def read_here(
    path: Path,
    messages: pl.DataFrame = PUBLISHED,
    key: bytes = HASH_KEY,
    *,
    mapping: EventMapping | None = None,
    signing_key: bytes | None = None,
) -> Read:
    """Read an event file as `read_events` does, but in this process."""
    opened = open_events(path.name, path, mapping)
    return Read(
        *judge_batches(
            path.name,
            opened.batches,
            messages,
            key,
            creditor_id="*",
            now=NOW,
            signing_key=signing_key if opened.is_signed else None,
        )
    )
