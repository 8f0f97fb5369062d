"""The servers' own journals: what really happened, for a referee who trusts no client.

One file a personality, one JSON object a line, appended with one write each. Every event has `at`
(policy epoch), `ns` (monotonic nanoseconds of this machine), `host` (personality), `ip` (server
address), `client`, `session` (unique while one farm runs) and `event`:

- `connect`;
- `banner` with `reply`;
- `command` with `verb`, `arg` and `reply`, written when the reply is sent;
- `early`: bytes came while the server had yet to speak (before the banner, or pipelined);
- `gone`: the caller hung up, and the server was busy with something else: `close` comes later;
- `close` with `by`: quit | server | peer.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import polars as pl

SCHEMA: Final = pl.Schema(
    {
        "at": pl.Float64(),
        "ns": pl.Int64(),
        "host": pl.String(),
        "ip": pl.String(),
        "client": pl.String(),
        "session": pl.String(),
        "event": pl.String(),
        "verb": pl.String(),
        "arg": pl.String(),
        "reply": pl.String(),
        "by": pl.String(),
    },
)
"""Columns of a journal as a frame; what an event does not have is null."""


class JournalWriter:
    """Appends events to `<folder>/<host>.jsonl`; survives its own process's being killed."""

    def __init__(self, folder: Path, now: Callable[[], float]) -> None:
        """Take the folder, which is made, and the policy clock."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._now = now
        self._files: dict[str, int] = {}

    def write(self, host: str, ip: str, client: str, session: str, event: str, **more: str) -> None:
        """Append one event."""
        record = {
            "at": self._now(),
            "ns": time.monotonic_ns(),
            "host": host,
            "ip": ip,
            "client": client,
            "session": session,
            "event": event,
            **more,
        }
        os.write(self._file(host), json.dumps(record).encode() + b"\n")

    def _file(self, host: str) -> int:
        if host not in self._files:
            path = self._folder / f"{host}.jsonl"
            self._files[host] = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        return self._files[host]

    def close(self) -> None:
        """Close all files."""
        for number in self._files.values():
            os.close(number)
        self._files.clear()


def read_journals(folder: Path) -> pl.DataFrame:
    """Return all events under a folder in the order they happened, with SCHEMA's columns."""
    frames = [
        pl.read_ndjson(path, schema=SCHEMA)
        for path in sorted(folder.glob("*.jsonl"))
        if path.stat().st_size
    ]
    if not frames:
        return pl.DataFrame(schema=SCHEMA)
    return pl.concat(frames).sort("ns", "session", maintain_order=True)
