"""Events and messages to judge."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from data.feedback import EVENTS, MESSAGES
from tests.feedback.here import Read, read_here

KEY = b"k" * 32
AT = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)

Reader = Callable[..., Read]
MakeEvent = Callable[..., dict[str, object]]


@pytest.fixture
def key() -> bytes:
    return KEY


@pytest.fixture
def make_event() -> MakeEvent:
    """Return a row of EVENTS: a hard bounce of one address, but for what is named."""

    def make(**changes: object) -> dict[str, object]:
        row: dict[str, object] = {
            "creditor_id": "c",
            "message_key": None,
            "address": "ana@x.example",
            "event": "bounced",
            "occurred_at": AT,
            "permanence": "hard",
            "smtp_code": 550,
            "enhanced": "5.1.1",
            "diagnostic": None,
        } | changes
        return {"event_id": repr(sorted(row.items(), key=str))} | row

    return make


@pytest.fixture
def make_events() -> Callable[[list[dict[str, object]]], pl.DataFrame]:
    return lambda rows: pl.DataFrame(rows, schema=EVENTS)


@pytest.fixture
def messages() -> pl.DataFrame:
    rows = [
        ("banco-7", "a" * 32, "list", "D1", "ana@x.example", False),
        ("banco-8", "b" * 32, "list", "D2", "rui@y.example", True),
    ]
    return pl.DataFrame(rows, schema=MESSAGES, orient="row")


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str | bytes], Path]:
    def write_file(content: str | bytes) -> Path:
        path = tmp_path / "file.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_file


@pytest.fixture
def read(tmp_path: Path) -> Reader:
    """Write content to a file whose name tells nothing, and read it in this process."""

    def read_content(content: object, **options: Any) -> Read:  # noqa: ANN401 - handed on
        path = tmp_path / "events"
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
        return read_here(path, **options)

    return read_content
