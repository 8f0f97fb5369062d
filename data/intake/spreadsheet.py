"""XLSX: the container is judged before any reader may unpack it, then read by calamine."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import fastexcel
import polars as pl

from checks.errors import InputRefusedError, SettingError
from data.intake.limits import BATCH_ROWS, MAX_COLUMNS, MIB, Limits
from data.intake.sniffing import looks_like_data
from data.intake.tables import Batch, column_names, split_wide_cells
from data.intake.typed_cells import as_text

_CHUNK: Final = 4 * MIB
_OVERLAP: Final = 256  # longer than any tag's beginning that the patterns look for
_LETTERS: Final = re.compile(rb'<c [^>]{0,80}?r="([A-Z]{1,8})[0-9]')
_ROWS: Final = re.compile(rb'<(?:row|c) [^>]{0,80}?r="[A-Z]{0,8}([0-9]{1,9})"')
_SMALL: Final = 8 * MIB  # below this a high ratio costs nothing


@dataclass(slots=True)
class _Extent:
    """How far a worksheet's cells reach, found while it is unpacked once."""

    cells: int = 0
    rows: int = 0
    letters: set[bytes] = field(default_factory=set)

    def take(self, chunk: bytes) -> None:
        self.cells += chunk.count(b"<c ") + chunk.count(b"<c>")
        self.letters.update(_LETTERS.findall(chunk))
        self.rows = max(self.rows, *map(int, {*_ROWS.findall(chunk), b"0"}))

    @property
    def columns(self) -> int:
        return max(map(column_number, self.letters), default=1)


def column_number(letters: bytes) -> int:
    """Return the number of a column from its letters, from 1.

    >>> column_number(b"A"), column_number(b"XFD")
    (1, 16384)
    """
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def inspect_container(source: str, path: Path, limits: Limits) -> None:
    """Refuse a container that is cut, swollen, nested, or whose cells lie too far apart.

    Declared sizes are not believed: every member is unpacked once, in pieces, and counted.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _judge_members(source, path, archive, limits)
    except InputRefusedError:
        raise
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
        ValueError,
    ):
        problem = f"'{source}' is no whole XLSX file (cut or damaged)"
        raise InputRefusedError(problem, "save it again as XLSX or CSV") from None


def _judge_members(source: str, path: Path, archive: zipfile.ZipFile, limits: Limits) -> None:
    members = archive.infolist()
    if len(members) > limits.spreadsheet_entries:
        raise _too_much(source, f"holds {len(members)} parts")
    if not any(member.filename.startswith("xl/") for member in members):
        problem = f"'{source}' is an archive but no XLSX"
        raise InputRefusedError(problem, "give the file inside it")
    packed = path.stat().st_size
    total = 0
    for member in members:
        extent = _Extent()
        for chunk in _unpacked(archive, member):
            total += len(chunk) - _OVERLAP
            if total > min(
                limits.spreadsheet_bytes, max(_SMALL, packed * limits.spreadsheet_ratio)
            ):
                raise _too_much(source, f"unpacks to more than {total // MIB} MiB")
            if b"<!DOCTYPE" in chunk:
                raise _too_much(source, "declares a document type")
            if member.filename.startswith("xl/worksheets/"):
                extent.take(chunk)
        _judge_extent(source, extent, limits)


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """Return pieces that overlap, so that no pattern is cut in two."""
    tail = b" " * _OVERLAP
    with archive.open(member) as stream:
        while piece := stream.read(_CHUNK):
            chunk = tail + piece
            tail = chunk[-_OVERLAP:]
            yield chunk


def _judge_extent(source: str, extent: _Extent, limits: Limits) -> None:
    if extent.columns > MAX_COLUMNS:
        raise _too_much(source, f"has a cell in column {extent.columns}")
    area = extent.columns * extent.rows
    if area > limits.spreadsheet_cells and area > 4 * extent.cells:
        raise _too_much(source, f"spreads {extent.cells} cells over {extent.rows} rows")


def _too_much(source: str, what: str) -> InputRefusedError:
    return InputRefusedError(
        f"'{source}' {what}",
        "copy the filled rows and columns into a new sheet, or save it as CSV",
    )


@dataclass(frozen=True, slots=True)
class SpreadsheetTable:
    """One sheet, read at once; blank rows are no rows."""

    header: Sequence[str]
    cells: pl.DataFrame
    headerless: bool

    def batches(self, fields: Mapping[str, int]) -> Iterator[Batch]:
        """Return the wanted columns as text, in sheet order."""
        columns = self.cells.columns
        for start in range(0, self.cells.height, BATCH_ROWS):
            part = self.cells.slice(start, BATCH_ROWS)
            lines = pl.int_range(start + 1, start + part.height + 1, eager=True)
            cells = [
                as_text(part.get_column(columns[place])).alias(name)
                for name, place in fields.items()
            ]
            yield split_wide_cells(pl.DataFrame([lines.alias("line"), *cells]))


def open_spreadsheet(
    source: str,
    path: Path,
    sheet: str | None,
    limits: Limits,
) -> SpreadsheetTable:
    """Read one sheet (the named one, else the first visible with cells)."""
    inspect_container(source, path, limits)
    try:
        reader = fastexcel.read_excel(path)
        name = _sheet_name(source, reader, sheet)
        loaded = reader.load_sheet(name, schema_sample_rows=None)
        header = list(pl.DataFrame(loaded).columns)
        headerless = looks_like_data(header)
        if headerless:
            loaded = reader.load_sheet(name, header_row=None, schema_sample_rows=None)
        cells = pl.DataFrame(loaded)
    except fastexcel.FastExcelError as error:
        problem = f"'{source}' is no readable XLSX file ({type(error).__name__})"
        raise InputRefusedError(problem, "save it again as XLSX or CSV") from None
    if cells.width > MAX_COLUMNS:
        raise _too_much(source, f"has {cells.width} columns")
    names = column_names(cells.width) if headerless else header
    filled = cells.filter(~pl.all_horizontal(pl.all().is_null()))
    if not names:
        problem = f"'{source}' holds no rows"
        raise InputRefusedError(problem, "name the sheet under [intake] sheet")
    return SpreadsheetTable(names, filled, headerless)


def _sheet_name(source: str, reader: fastexcel.ExcelReader, sheet: str | None) -> str:
    names: list[str] = reader.sheet_names
    if sheet is None:
        if not names:
            problem = f"'{source}' has no sheet"
            raise InputRefusedError(problem, "save it again")
        return names[0]
    if sheet not in names:
        problem = (
            f"'{source}' has no sheet '{sheet}'; sheets found: {', '.join(map(repr, names[:20]))}"
        )
        raise SettingError(problem, "write the name under [intake] sheet")
    return sheet
