"""JSON lines: one object a row, numbers kept as they are written."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import polars as pl

from checks.errors import InputRefusedError
from data.intake.limits import BATCH_ROWS, MAX_COLUMNS
from data.intake.tables import Batch, faults_frame, split_wide_cells
from data.intake.text_lines import LineBlock, read_lines

_DECODER: Final = json.JSONDecoder(parse_int=str, parse_float=str)
_SAMPLE_ROWS: Final = 1_000


@dataclass(frozen=True, slots=True)
class JsonLinesTable:
    """A JSON lines file; the columns are the keys of its first rows."""

    path: Path
    codec: str
    header: Sequence[str]
    headerless: bool = False

    def batches(self, fields: Mapping[str, int]) -> Iterator[Batch]:
        """Return the cells of the wanted keys, in file order."""
        keys = {name: self.header[place] for name, place in fields.items()}
        row = 0
        for block in read_lines(self.path, self.codec):
            for start in range(0, len(block.lines), BATCH_ROWS):
                batch = _to_batch(_part(block, start), keys, row)
                row += batch.rows.height + batch.faults.height
                yield batch


def _part(block: LineBlock, start: int) -> Iterator[tuple[str, str | None]]:
    for place in range(start, min(start + BATCH_ROWS, len(block.lines))):
        fault = block.faults.get(place)
        if fault is not None or block.lines[place].strip():
            yield block.lines[place], fault


def _to_batch(
    lines: Iterator[tuple[str, str | None]],
    keys: Mapping[str, str],
    row: int,
) -> Batch:
    numbers: list[int] = []
    cells: list[list[str | None]] = []
    faults: list[tuple[int, str, str]] = []
    for number, (line, fault) in enumerate(lines, start=row + 1):
        item = None if fault else parse_object(line)
        if item is None:
            faults.append((number, fault or "bad_json", ""))
        else:
            numbers.append(number)
            cells.append([cell_text(item.get(key)) for key in keys.values()])
    frame = pl.DataFrame(cells, schema=dict.fromkeys(keys, pl.String), orient="row")
    lines_column = pl.Series("line", numbers, dtype=pl.Int64)
    split = split_wide_cells(frame.insert_column(0, lines_column))
    return Batch(split.rows, pl.concat([faults_frame(faults), split.faults]))


def parse_object(line: str) -> dict[str, Any] | None:
    """Return the object that a line holds, or None.

    >>> parse_object('{"cpf": 00, "id": "001"}') is None, parse_object('{"id": 1.50}')
    (True, {'id': '1.50'})
    """
    try:
        item = _DECODER.decode(line)
        if "\\u" in line:  # half a surrogate pair is no character
            json.dumps(item, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    return item if isinstance(item, dict) else None


def cell_text(value: object) -> str | None:
    """Return a JSON value as the text of a cell; lists of plain values joined by "; ".

    >>> cell_text("001"), cell_text(["a@x.example", None, "b@x.example"]), cell_text({"a": "b"})
    ('001', 'a@x.example; b@x.example', None)
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "; ".join(item for item in value if isinstance(item, str)) or None
    return value if isinstance(value, str) else None


def open_json_lines(source: str, path: Path, codec: str) -> JsonLinesTable:
    """Take the column names from the first rows; refuse a file without a readable object."""
    names: dict[str, None] = {}
    for block in read_lines(path, codec):
        for line in block.lines[:_SAMPLE_ROWS]:
            names.update(dict.fromkeys(parse_object(line) or ()))
        break
    if not names:
        problem = f"'{source}' holds no readable JSON object in its first rows"
        raise InputRefusedError(problem, "write one object a line (JSON lines)")
    if len(names) > MAX_COLUMNS:
        problem = f"'{source}' has {len(names)} keys, more than {MAX_COLUMNS}"
        raise InputRefusedError(problem, "export only what is needed")
    return JsonLinesTable(path, codec, list(names))
