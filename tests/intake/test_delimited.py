"""Delimited text: what is read, what is a fault, and that the two always add up."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.intake.delimited import DelimitedTable, open_delimited
from data.intake.limits import MAX_RECORD_BYTES, MAX_RECORD_LINES
from data.intake.text_lines import read_lines

FIELDS = {"a": 0, "b": 1}


def scan(content: bytes, codec: str = "utf-8", delimiter: str = ";") -> tuple[list[Any], list[Any]]:
    """Return the rows (line, a, b) and the faults (line, reason) of a two-column text."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "input"
        path.write_bytes(content)
        table = DelimitedTable(path, codec, delimiter, ("a", "b"), headerless=False, skip=0)
        batches = list(table.batches(FIELDS))
    rows = pl.concat([batch.rows for batch in batches]).sort("line").rows()
    faults = pl.concat([batch.faults for batch in batches]).sort("line")
    return rows, faults.select("line", "reason").rows()


FILES = {
    "plain rows": (b"1;x\n2;y\n", [(1, "1", "x"), (2, "2", "y")], []),
    "CR LF and no end": (b"1;x\r\n2;y", [(1, "1", "x"), (2, "2", "y")], []),
    "CR alone": (b"1;x\r2;y\r", [(1, "1", "x"), (2, "2", "y")], []),
    "blank lines are no rows": (b"1;x\n\n  \n2;y\n", [(1, "1", "x"), (2, "2", "y")], []),
    "leading zeros and blanks stay": (b"001; x \n", [(1, "001", " x ")], []),
    "delimiter in quotes": (b'1;"x;y"\n', [(1, "1", "x;y")], []),
    "doubled quotes": (b'1;"say ""x"""\n', [(1, "1", 'say "x"')], []),
    "line break in quotes": (b'1;"x\ny"\n2;z\n', [(1, "1", "x\ny"), (2, "2", "z")], []),
    "rows are numbered across quotes and blank lines": (
        b'1;x\n\n2;"y\n\nz"\n"3;"" w\n4;v\n',
        [(1, "1", "x"), (2, "2", "y\n\nz"), (4, "4", "v")],
        [(3, "unbalanced_quote")],
    ),
    "CR LF in quotes becomes LF": (b'1;"x\r\ny"\n', [(1, "1", "x\ny")], []),
    "a quote inside a cell is a character": (b'1;pipe 12" x\n', [(1, "1", 'pipe 12" x')], []),
    "empty cells too many at the end": (b"1;x;;\n", [(1, "1", "x")], []),
    "too few cells": (b"1;x\n2\n", [(1, "1", "x")], [(2, "wrong_column_count")]),
    "too many cells": (b"1;x;y\n2;y\n", [(2, "2", "y")], [(1, "wrong_column_count")]),
    "only delimiters": (b";\n1;x\n", [(2, "1", "x")], [(1, "empty_row")]),
    "only delimiters, beside quotes": (b';\n1;"x"\n', [(2, "1", "x")], [(1, "empty_row")]),
    "NUL": (b"1;x\0\n2;y\n", [(2, "2", "y")], [(1, "nul_character")]),
    "bad bytes": (b"1;Jos\xe9\n2;y\n", [(2, "2", "y")], [(1, "bad_bytes")]),
    "an open quote costs its own row": (
        b'1;"x\n2;y\n3;z\n',
        [(2, "2", "y"), (3, "3", "z")],
        [(1, "unbalanced_quote")],
    ),
    "two open quotes cost two rows": (
        b'1;"x\n2;y\n3;"z\n4;w\n',
        [(2, "2", "y"), (4, "4", "w")],
        [(1, "unbalanced_quote"), (3, "unbalanced_quote")],
    ),
    "text behind a closing quote": (b'1;"x"y\n2;z\n', [(2, "2", "z")], [(1, "unbalanced_quote")]),
}


@pytest.mark.parametrize(("content", "rows", "faults"), FILES.values(), ids=FILES.keys())
def test_rows_and_faults(content: bytes, rows: list[Any], faults: list[Any]) -> None:
    assert scan(content) == (rows, faults)


def test_undefined_bytes_of_cp1252_are_faults_too() -> None:
    assert scan(b"1;\x81\n2;Jos\xe9\n", "cp1252") == ([(2, "2", "José")], [(1, "bad_bytes")])


def test_a_line_of_30_megabytes_is_one_fault_and_is_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "input"
    with path.open("wb") as handle:
        handle.write(b"1;x\n2;")
        for _ in range(30):
            handle.write(b"y" * 1_000_000)
        handle.write(b"\n3;z\n")
    blocks = list(read_lines(path, "utf-8"))
    assert sum(len(line) for block in blocks for line in block.lines) < MAX_RECORD_BYTES
    assert scan(path.read_bytes()) == ([(1, "1", "x"), (3, "3", "z")], [(2, "too_long")])


def test_a_quoted_cell_longer_than_a_record_may_be_gives_up_its_first_line_only() -> None:
    text = b'1;"' + b"\n".join([b"x" * 60_000] * 3) + b'"\n2;y\n'
    rows, faults = scan(text)
    assert rows == [(4, "2", "y")]
    assert [line for line, _ in faults] == [1, 2, 3]


def test_a_block_border_inside_a_quoted_cell_is_not_seen() -> None:
    row = '"' + "x" * 990 + '\nsecond";y\n'
    count = 5_000  # more than one block of 4 MiB
    rows, faults = scan((row * count).encode())
    assert (len(rows), faults) == (count, [])
    assert {(first[-7:], second) for _, first, second in rows} == {("\nsecond", "y")}


def test_faults_near_a_block_border_are_not_lost_with_what_is_carried_over() -> None:
    filler = b"1;" + b"x" * 60_000 + b"\n"
    count = 4 * 1024 * 1024 // len(filler)
    text = filler * count + b'2;"x\n3;y\0\n4;' + b"z" * 200_000 + b"\n5;w\n"
    rows, faults = scan(text)
    assert [line for line, _, _ in rows] == [*range(1, count + 1), count + 4]
    assert faults == [
        (count + 1, "unbalanced_quote"),
        (count + 2, "nul_character"),
        (count + 3, "too_long"),
    ]


CELL = st.text(alphabet='ab;" \n', max_size=6).filter(lambda cell: cell.strip() or not cell)


@given(st.lists(st.tuples(CELL, CELL), min_size=1, max_size=12))
def test_what_a_csv_writer_wrote_comes_back(table: list[tuple[str, str]]) -> None:
    quoted, minimal = io.StringIO(), io.StringIO()
    csv.writer(quoted, delimiter=";", quoting=csv.QUOTE_ALL).writerows(table)
    csv.writer(minimal, delimiter=";", quoting=csv.QUOTE_MINIMAL).writerows(table)
    expected = [cells for cells in table if any(cell.strip(" ") for cell in cells)]
    for written in (quoted, minimal):
        rows, faults = scan(written.getvalue().encode())
        assert [(a, b) for _, a, b in rows] == expected
        assert {reason for _, reason in faults} <= {"empty_row"}


@given(st.binary(max_size=200), st.sampled_from(["utf-8", "cp1252"]))
def test_every_row_of_any_bytes_is_numbered_once(content: bytes, codec: str) -> None:
    rows, faults = scan(content, codec)
    lines = sorted([row[0] for row in rows] + [line for line, _ in faults])
    assert lines == list(range(1, len(lines) + 1))


@given(st.text(alphabet='1;"\n\0é', max_size=120))
def test_lines_with_and_without_quotes_are_read_by_the_same_rules(text: str) -> None:
    quoted_elsewhere = ('"q";q\n' + text).encode()
    without = "".join(char for char in text if char != '"')
    rows, faults = scan(without.encode())
    again, faults_again = scan(('"q";q\n' + without).encode())
    shifted = [(line + 1, a, b) for line, a, b in rows]
    assert again == [(1, "q", "q"), *shifted]
    assert faults_again == [(line + 1, reason) for line, reason in faults]
    assert scan(quoted_elsewhere)[0][0] == (1, "q", "q")


def test_an_unclosed_quote_costs_a_bounded_look_ahead() -> None:
    lines = ['1;"x'] + ["2;y"] * (3 * MAX_RECORD_LINES)
    rows, faults = scan("\n".join(lines).encode())
    assert len(rows) == 3 * MAX_RECORD_LINES
    assert faults == [(1, "unbalanced_quote")]


TOPS = {
    "a header": (b"nome;email\nAna;a@x.example\n", ["nome", "email"], 1),
    "blank lines above the header": (
        b"\n\nnome;email\nAna;a@x.example\n",
        ["nome", "email"],
        1,
    ),
    "a header over two lines": (b'"no\nme";email\nAna;a@x.example\n', ["no\nme", "email"], 1),
    "no header: an address": (b"Ana;a@x.example\n", ["column_1", "column_2"], 1),
    "no header: a run of digits": (b"00012345;Ana\n", ["column_1", "column_2"], 1),
    "a list with a known header": (b"E-mail\na@x.example\n", ["E-mail"], 1),
    "a list that begins with a bad address": (b"ana.x\nb@x.example\n", ["column_1"], 2),
}


@pytest.mark.parametrize(("content", "header", "rows"), TOPS.values(), ids=TOPS.keys())
def test_headers(tmp_path: Path, content: bytes, header: list[str], rows: int) -> None:
    path = tmp_path / "input"
    path.write_bytes(content)
    table = open_delimited("a.csv", path, "utf-8", None, lambda text: text == "E-mail")
    assert list(table.header) == header
    assert table.headerless == header[0].startswith("column_")
    assert sum(batch.rows.height for batch in table.batches({"a": 0})) == rows
