"""Looking for what must not be there any more, in files of every kind that a run leaves."""

from __future__ import annotations

import html
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Protocol

import polars as pl

_BLOCK: Final = 1 << 20
_OVERLAP: Final = 1 << 10  # longer than any address or name


class Readable(Protocol):
    """A file or a member of an archive."""

    def read(self, size: int, /) -> bytes:
        """Return at most so many bytes, none at the end."""


def files_with(folder: Path, texts: frozenset[str]) -> list[Path]:
    """Return the files under a folder in which one of the texts stands, sorted.

    Parquet is read as a table and a workbook unpacked, for both are compressed; of the others the
    bytes are searched, as UTF-8 and as a page would write them.
    """
    if not texts:
        return []
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return [path for path in paths if _has(path, texts)]


def _has(path: Path, texts: frozenset[str]) -> bool:
    if path.suffix == ".parquet":
        return _table_has(pl.read_parquet(path), texts)
    needles = _needles(texts)
    if path.suffix == ".xlsx":
        with zipfile.ZipFile(path) as book:
            return any(_stream_has(book.open(name), needles) for name in book.namelist())
    with path.open("rb") as file:
        return _stream_has(file, needles)


def _table_has(frame: pl.DataFrame, texts: frozenset[str]) -> bool:
    known = pl.Series(sorted(texts), dtype=pl.String).implode()
    columns = [
        pl.col(name).list.explode() if dtype == pl.List(pl.String) else pl.col(name)
        for name, dtype in frame.schema.items()
        if dtype in (pl.String, pl.List(pl.String))
    ]
    return any(bool(frame.select(column.is_in(known).any()).item()) for column in columns)


def _needles(texts: frozenset[str]) -> re.Pattern[bytes]:
    """Return a pattern of whole texts: neither a longer address nor a longer name matches."""
    forms = sorted({form for text in texts for form in (text, html.escape(text))}, key=len)
    return re.compile(b"|".join(_whole(form) for form in reversed(forms)))


def _whole(text: str) -> bytes:
    letters = rb"[\w\x80-\xff.+-]"
    before, after = rb"(?<!" + letters + rb")", rb"(?![\w\x80-\xff-]|\.[\w\x80-\xff])"
    if "@" not in text:  # a name stands alone in its cell, or is a part of a namesake's
        before += rb"(?<!" + letters + rb" )"
        after += rb"(?! " + letters + rb")"
    return before + re.escape(text.encode()) + after


def _stream_has(file: Readable, pattern: re.Pattern[bytes]) -> bool:
    return any(pattern.search(window) for window in _windows(file))


def _windows(file: Readable) -> Iterator[bytes]:
    """Yield the file in blocks, each with the end of the one before."""
    tail = b""
    while block := file.read(_BLOCK):
        yield tail + block
        tail = block[-_OVERLAP:]
