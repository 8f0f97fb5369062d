"""CSV as systems really write it: lines without quotes column by column, the rest one by one."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from checks.errors import InputRefusedError
from data.intake.limits import BATCH_ROWS, MAX_COLUMNS, MAX_RECORD_BYTES, MAX_RECORD_LINES
from data.intake.sniffing import looks_like_data, sniff_delimiter
from data.intake.tables import Batch, column_names, faults_frame
from data.intake.text_lines import LineBlock, read_lines

_SAMPLE_LINES: Final = 200
_NO_DELIMITER: Final = "\x1f"  # the ASCII unit separator: nobody's text
_QUOTE: Final = '"'
BLANKS: Final = " \t\v\f\xa0"
"""What a line may hold and still count as blank; spelt out, so that all readers agree."""


def parse_record(lines: Sequence[str], start: int, delimiter: str) -> tuple[list[str] | None, int]:
    r"""Return the cells of the record that begins at a line, and how many lines it takes.

    No cells: the quotes do not balance within `MAX_RECORD_LINES`, or text follows a closing
    quote (RFC 4180 section 2). A quote inside an unquoted cell is a character like any other.

    >>> parse_record(['1;"Rua A', 'casa 2";x'], 0, ";")
    (['1', 'Rua A\ncasa 2', 'x'], 2)
    >>> parse_record(['1;"Rua A;x'], 0, ";")
    (None, 1)
    """
    if _QUOTE not in lines[start]:
        return lines[start].split(delimiter), 1
    for window in (1, MAX_RECORD_LINES):
        ended = (line + "\n" for line in lines[start : start + window])
        reader = csv.reader(ended, delimiter=delimiter, strict=True)
        try:
            cells = next(reader)
        except csv.Error:
            continue
        return cells, reader.line_num
    return None, 1


def fit_width(cells: Sequence[str], width: int) -> list[str] | None:
    """Return exactly `width` cells, or None; empty cells too many at the end are no harm.

    >>> fit_width(["a", "b", ""], 2), fit_width(["a"], 2)
    (['a', 'b'], None)
    """
    if len(cells) < width or any(cells[width:]):
        return None
    return list(cells[:width])


@dataclass(frozen=True, slots=True)
class DelimitedTable:
    """A delimited text file; `skip` lines at its top are blank or the header."""

    path: Path
    codec: str
    delimiter: str
    header: Sequence[str]
    headerless: bool
    skip: int

    def batches(self, fields: Mapping[str, int]) -> Iterator[Batch]:
        """Return the cells of the wanted fields, in file order."""
        scanner = _Scanner(self.delimiter, len(self.header), dict(fields))
        skip = self.skip
        for block in read_lines(self.path, self.codec):
            scanner.take(_without_top(block, skip))
            skip = max(0, skip - len(block.lines))
            if scanner.waiting >= BATCH_ROWS:
                yield scanner.emit()
        yield scanner.emit()


def open_delimited(
    source: str,
    path: Path,
    codec: str,
    delimiter: str | None,
    is_column_name: Callable[[str], bool],
) -> DelimitedTable:
    """Open a delimited file or a plain list; refuse one without a readable header.

    A first row that is data (an address, a run of digits) is no header. Nor is the first line of
    a list of addresses unless its text is known as a column's name: it may be a bad address.
    """
    sample = _sample(path, codec)
    lines = sample.lines
    filled = [place for place, line in enumerate(lines) if line.strip(BLANKS)]
    top = min([*filled[:1], *sample.faults], default=None)
    if top is None:
        problem = f"'{source}' holds no rows"
        raise InputRefusedError(problem, "export it again")
    mark = delimiter or sniff_delimiter(lines[top:]) or _NO_DELIMITER
    cells, taken = (None, 1) if top in sample.faults else parse_record(lines, top, mark)
    cells = _judged_header(source, cells)
    addresses = sum("@" in line for line in lines[top + 1 :])
    is_list = len(cells) == 1 and 2 * addresses > len(filled) - 1 > 0
    headerless = looks_like_data(cells) or (is_list and not is_column_name(cells[0]))
    header = column_names(len(cells)) if headerless else [cell.strip() for cell in cells]
    return DelimitedTable(path, codec, mark, header, headerless, top if headerless else top + taken)


def _judged_header(source: str, cells: list[str] | None) -> list[str]:
    if cells is None or not any(cell.strip() for cell in cells):
        problem = f"the first row of '{source}' cannot be read as column names"
        raise InputRefusedError(
            problem, "put the column names in its first row, or name the delimiter under [intake]"
        )
    if len(cells) > MAX_COLUMNS:
        problem = f"'{source}' has {len(cells)} columns, more than {MAX_COLUMNS}"
        raise InputRefusedError(problem, "export only the columns that are needed")
    return cells


def _sample(path: Path, codec: str) -> LineBlock:
    block = next(read_lines(path, codec))
    faults = {place: reason for place, reason in block.faults.items() if place < _SAMPLE_LINES}
    return LineBlock(block.lines[:_SAMPLE_LINES], faults)


def _without_top(block: LineBlock, skip: int) -> LineBlock:
    if not skip:
        return block
    faults = {place - skip: reason for place, reason in block.faults.items() if place >= skip}
    return LineBlock(block.lines[skip:], faults, last=block.last)


def _joined(carried: LineBlock, block: LineBlock) -> LineBlock:
    shift = len(carried.lines)
    faults = {place + shift: reason for place, reason in block.faults.items()}
    return LineBlock(carried.lines + block.lines, carried.faults | faults, last=block.last)


@dataclass(frozen=True, slots=True)
class _Record:
    """A record looked at alone: its first line and the one after it; no cells: a fault."""

    place: int
    beyond: int
    cells: list[str] | None
    reason: str


class _Scanner:
    """Turns blocks of lines into rows and faults, numbering rows from 1 over the whole file."""

    def __init__(self, delimiter: str, width: int, fields: dict[str, int]) -> None:
        self._delimiter = delimiter
        self._width = width
        self._fields = fields
        self._row = 0
        self._carried = LineBlock([])
        self._frames: list[pl.DataFrame] = []
        self._faults: list[tuple[int, str, str]] = []
        self.waiting = 0

    def take(self, block: LineBlock) -> None:
        """Read one block; a record that may go on in the next one is carried over."""
        whole = _joined(self._carried, block) if self._carried.lines else block
        records, done = self._records_apart(whole)
        self._carried = _without_top(whole, done)
        self._take_lines(whole.lines[:done], records)
        self.waiting = sum(frame.height for frame in self._frames) + len(self._faults)

    def emit(self) -> Batch:
        """Return what was read since the last time."""
        rows = pl.concat(self._frames) if self._frames else self._frame([], [])
        batch = Batch(rows, faults_frame(self._faults))
        self._frames, self._faults, self.waiting = [], [], 0
        return batch

    def _records_apart(self, block: LineBlock) -> tuple[list[_Record], int]:
        """Return the records that begin with a quoted or faulty line, and how many lines are done.

        Each line of the others is a record of its own.
        """
        quoted = (place for place, line in enumerate(block.lines) if _QUOTE in line)
        found: list[_Record] = []
        for place in sorted({*quoted, *block.faults}):
            if found and place < found[-1].beyond:
                continue
            cells, taken = self._cells(block, place)
            if cells is None and not block.last and len(block.lines) - place < MAX_RECORD_LINES:
                return found, place
            reason = block.faults.get(place, "unbalanced_quote")
            found.append(_Record(place, place + taken, cells, reason))
        return found, len(block.lines)

    def _take_lines(self, lines: list[str], records: list[_Record]) -> None:
        """Take lines column by column; those of `records`, and of another width, one by one."""
        for record in records:
            lines[record.place : record.beyond] = [""] * (record.beyond - record.place)
        text, cells = pl.col("text"), pl.col("cells")
        filled = text.str.strip_chars(BLANKS) != ""
        begins = filled | pl.col("place").is_in([record.place for record in records])
        every = (
            pl.DataFrame({"text": lines}, schema={"text": pl.String})
            .with_row_index("place")
            .with_columns(begins=begins)
            .with_columns(line=pl.col("begins").cum_sum().cast(pl.Int64) + self._row)
        )
        rows = every.filter(filled)
        right = (text.str.count_matches(self._delimiter, literal=True) == self._width - 1) & (
            text.str.strip_chars(BLANKS + self._delimiter) != ""
        )
        self._frames.append(
            rows.filter(right)
            .with_columns(cells=text.str.split(self._delimiter))
            .select(
                "line", **{name: cells.list.get(place) for name, place in self._fields.items()}
            ),
        )
        odd = rows.filter(~right).select("line", "text").iter_rows()
        self._add_records([(line, row.split(self._delimiter)) for line, row in odd])
        numbers = every["line"].gather([record.place for record in records])
        self._add_apart(numbers.to_list(), records)
        self._row += int(every["begins"].sum())

    def _add_apart(self, numbers: list[int], records: list[_Record]) -> None:
        numbered = list(zip(numbers, records, strict=True))
        self._faults += [(line, each.reason, "") for line, each in numbered if each.cells is None]
        self._add_records([(line, each.cells) for line, each in numbered if each.cells is not None])

    def _cells(self, block: LineBlock, place: int) -> tuple[list[str] | None, int]:
        if place in block.faults:
            return None, 1
        cells, taken = parse_record(block.lines, place, self._delimiter)
        if taken == 1 or cells is None:
            return cells, taken
        # a stray quote that happens to meet another one lines below swallows the rows between:
        # only its own line is given up, then
        whole = sum(map(len, cells)) <= MAX_RECORD_BYTES
        return (cells, taken) if whole and fit_width(cells, self._width) else (None, 1)

    def _add_records(self, records: list[tuple[int, list[str]]]) -> None:
        lines: list[int] = []
        kept: list[list[str]] = []
        for line, cells in records:
            fitted = fit_width(cells, self._width)
            if fitted is None:
                detail = f"{len(cells)} columns instead of {self._width}"
                self._faults.append((line, "wrong_column_count", detail))
            elif not any(cell.strip(BLANKS) for cell in fitted):
                self._faults.append((line, "empty_row", ""))
            else:
                lines.append(line)
                kept.append(fitted)
        if kept:
            self._frames.append(self._frame(lines, kept))

    def _frame(self, lines: list[int], cells: list[list[str]]) -> pl.DataFrame:
        columns = list(zip(*cells, strict=True)) if cells else [()] * self._width
        return pl.DataFrame(
            {"line": lines} | {name: columns[place] for name, place in self._fields.items()},
            schema={"line": pl.Int64} | dict.fromkeys(self._fields, pl.String),
        )
