"""Files from outside as tables of text: events and suppressions come as CSV, lists, JSON lines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from checks.errors import InputRefusedError
from data.intake.delimited import open_delimited
from data.intake.json_lines import open_json_lines
from data.intake.sniffing import DELIMITERS, SAMPLE_BYTES, refuse_format, sniff_format
from data.intake.staging import source_name
from data.intake.tables import Table
from data.intake.text_lines import detect_codec

LARGEST_FILE: Final = 4 << 30
_BOM: Final = "\ufeff"


def open_outside(path: Path, is_column_name: Callable[[str], bool]) -> Table | None:
    """Open a text table by its content; None for a file that holds nothing but blanks.

    Raises InputRefusedError for anything but text: spreadsheets are read by intake, confined.
    """
    source = source_name(path)
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            sample = file.read(SAMPLE_BYTES)
    except OSError as error:
        problem = f"'{source}' cannot be read ({error.strerror})"
        raise InputRefusedError(problem, "check the path") from None
    if size > LARGEST_FILE:
        problem = f"'{source}' is larger than {LARGEST_FILE >> 30} GiB"
        raise InputRefusedError(problem, "cut it into several files")
    if size == len(sample) and not sample.strip():
        return None
    kind = sniff_format(sample)
    if kind == "jsonl":
        return open_json_lines(source, path, detect_codec(path))
    if kind == "text":
        codec = detect_codec(path)
        delimiter = _delimiter(sample.decode(codec, errors="replace"), is_column_name)
        return open_delimited(source, path, codec, delimiter, is_column_name)
    if kind in {"xlsx", "parquet"}:
        problem = f"'{source}' is a file of kind {kind}"
        raise InputRefusedError(problem, "save it as CSV")
    raise refuse_format(source, kind)


def _delimiter(text: str, is_column_name: Callable[[str], bool]) -> str | None:
    """Return what parts the first line into most columns known; None where it says nothing.

    A file may be a header and one event: too short to tell by how alike its lines are.

    >>> _delimiter("email;event", {"email", "event"}.__contains__)
    ';'
    """
    header = next(filter(str.strip, text.splitlines()), "")
    known = {mark: sum(map(is_column_name, header.lstrip(_BOM).split(mark))) for mark in DELIMITERS}
    best = max(known, key=lambda mark: known[mark])
    return best if known[best] > 1 else None
