"""Files that cannot be used, harmless and hostile: a typed refusal or quarantine, parent alive."""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from checks.errors import InputRefusedError, SettingError
from data.intake import IntakeSettings, Limits, Portfolio, read_portfolio
from data.intake.child import run_job
from data.intake.jobs import INPUT_FILE, Job
from data.intake.limits import GIB, MIB

Reader = Callable[..., Portfolio]

SMALL = Limits(memory_bytes=2 * GIB, cpu_seconds=60, wall_seconds=60)

SHEET = "xl/worksheets/sheet1.xml"


def noise(size: int) -> bytes:
    """Return bytes that look random and are the same every time."""
    return hashlib.shake_256(b"noise").digest(size)


def workbook(cells: dict[str, str]) -> bytes:
    """Return a workbook with the given cells."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for place, value in cells.items():
        sheet[place] = value
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def with_part(content: bytes, name: str, part: bytes) -> bytes:
    """Return a container with one part replaced or added."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for member in old.namelist():
            if member != name:
                new.writestr(member, old.read(member))
        new.writestr(name, part)
    return stream.getvalue()


def swollen() -> bytes:
    """Return a workbook whose one cell unpacks to 128 MiB."""
    book = workbook({"A1": "E-mail"})
    cell = b"x" * (128 * MIB)
    text = b'<worksheet><sheetData><row r="1"><c r="A1" t="str"><v>%s</v></c></row></sheetData>'
    return with_part(book, SHEET, text % cell + b"</worksheet>")


def laughing() -> bytes:
    """Return a workbook that declares entities."""
    bomb = b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><worksheet/>'
    return with_part(workbook({"A1": "E-mail"}), SHEET, bomb)


def swollen_parquet() -> bytes:
    """Return some KiB of Parquet that claim 500 cells of 1 MiB."""
    stream = io.BytesIO()
    pl.DataFrame({"email": ["x" * MIB] * 500}).write_parquet(stream, compression="zstd")
    return stream.getvalue()


BOOK = workbook({"A1": "E-mail", "A2": "a@x.example"})

REFUSED = {
    "only blank lines": (b"\n\n  \n", "holds no rows"),
    "a megabyte of noise": (noise(1_000_000), "not a table of text"),
    "no e-mail column": (b"nome;cpf\nAna;1\n", "columns found: 'nome', 'cpf'"),
    "one JSON array": (b'[{"email": "a@x.example"}]', "JSON array"),
    "JSON lines without an object": (b'{"email": \n{\n', "no readable JSON object"),
    "CNAB 240": (b"00100000         2".ljust(240) + b"\r\n", "CNAB"),
    "CNAB 400": (b"01REMESSA01COBRANCA".ljust(400) + b"\r\n", "CNAB"),
    "XLS of before 2007": (b"\xd0\xcf\x11\xe0" + b"\0" * 2_000, "XLS"),
    "cut XLSX": (BOOK[: len(BOOK) // 2], "cut or damaged"),
    "a zip that is no workbook": (
        with_part(BOOK, "a.txt", b"a")[:4] + b"\0" * 99,
        "cut or damaged",
    ),
    "cut Parquet": (b"PAR1" + b"\x15\x04" * 200, "Parquet"),
    "100,000 columns": (b";".join([b"email"] * 100_000) + b"\n1\n", "cannot be read"),
    "600 columns": (b";".join([b"email"] * 600) + b"\n", "600 columns"),
    "two far cells": (workbook({"A1": "E-mail", "XFD1048576": "x"}), "column 16384"),
    "one column with a far cell": (
        workbook({"A1": "E-mail", "CV1048576": "x"}),
        "spreads 2 cells",
    ),
    "swollen workbook": (swollen(), "unpacks to more than"),
    "entities": (laughing(), "document type"),
}


def refused(folder: Path, content: bytes) -> InputRefusedError:
    """Return the refusal of a file, read here and not in a child."""
    (folder / INPUT_FILE).write_bytes(content)
    with pytest.raises(InputRefusedError) as refusal:
        run_job(folder, Job("a.csv", IntakeSettings(), SMALL))
    return refusal.value


@pytest.mark.parametrize(("content", "says"), REFUSED.values(), ids=REFUSED.keys())
def test_unusable_files_are_refused_with_a_remedy(
    tmp_path: Path,
    content: bytes,
    says: str,
) -> None:
    refusal = refused(tmp_path, content)
    assert says in refusal.problem
    assert "'a.csv'" in refusal.problem
    assert refusal.remedy
    assert refusal.exit_code == 3


@pytest.mark.parametrize("case", ["a megabyte of noise", "cut XLSX", "two far cells"])
def test_the_child_hands_refusals_on(read: Reader, case: str) -> None:
    content, says = REFUSED[case]
    with pytest.raises(InputRefusedError, match=says):
        read(content, limits=SMALL)


@pytest.mark.parametrize("content", [b"", b"nome;email\n"], ids=["empty", "only a header"])
def test_files_without_rows_are_refused(read: Reader, content: bytes) -> None:
    with pytest.raises(InputRefusedError, match=r"is empty|holds no rows"):
        read(content)


BAD_ROWS = (
    b"""id;nome;email
1;Ana;a@x.example
2;B\0a;b@x.example
3;J\xe9;c@x.example
4;Caf\xc3\xa9;d@x.example
5;"Rui;e@x.example
6;Lia;f@x.example;x
-;-;n/a
;;
LONG;Ivo;h@x.example
""".replace(b"LONG", b"9" * 200)
    + b"10;"
    + b"x" * 30_000_000
    + b";i@x.example\n11;Eva;j@x.example\n"
)

BAD_JSON = rb"""{"id": "1", "email": "a@x.example"}
{"id": "2", "email":
[]
{"id": "4", "email": "d\u0000@x.example"}
{"id": "5", "email": "\ud800@x.example"}
{"id": "6", "email": DEEP
{"id": "7", "email": "g@x.example", "phone": {"a": 1}}
""".replace(b"DEEP", b"[" * 60_000)

QUARANTINED = {
    "CSV": (
        BAD_ROWS,
        ["1", "4", "11"],
        [
            (2, "nul_character"),
            (3, "bad_bytes"),
            (5, "unbalanced_quote"),
            (6, "wrong_column_count"),
            (7, "unidentified"),
            (8, "empty_row"),
            (9, "id_too_long"),
            (10, "too_long"),
        ],
    ),
    "JSON lines": (
        BAD_JSON,
        ["1", "7"],
        [(2, "bad_json"), (3, "bad_json"), (4, "nul_character"), (5, "bad_json"), (6, "bad_json")],
    ),
    "creditors": (
        b"credor;id;email\nLoja A;1;a@x.example\n-;2;b@x.example\n",
        ["1"],
        [(2, "no_creditor")],
    ),
}


@pytest.mark.parametrize(
    ("content", "accepted", "faults"),
    QUARANTINED.values(),
    ids=QUARANTINED.keys(),
)
def test_unusable_rows_are_quarantined_and_the_others_stay(
    read: Reader,
    content: bytes,
    accepted: list[str],
    faults: list[tuple[int, str]],
) -> None:
    portfolio = read(content, limits=SMALL)
    assert portfolio.quarantine.select("line", "reason").rows() == faults
    assert sorted(portfolio.records.get_column("debtor_id"), key=int) == accepted
    assert portfolio.sums.rows == len(accepted) + len(faults)


def test_a_swollen_parquet_is_quarantined_cell_by_cell_or_refused(read: Reader) -> None:
    content = swollen_parquet()
    assert len(content) < MIB
    try:
        reasons = set(read(content, limits=SMALL).quarantine.get_column("reason"))
    except InputRefusedError:
        reasons = {"too_long"}
    assert reasons == {"too_long"}


def test_a_child_without_memory_or_time_is_a_refusal(read: Reader) -> None:
    rows = b"nome;email\n" + b"Ana Exemplo;ana@x.example\n" * 400_000
    for limits in (Limits(memory_bytes=300 * MIB), Limits(wall_seconds=0.05)):
        with pytest.raises(InputRefusedError, match=r"'a\.csv'"):
            read(rows, limits=limits)


@pytest.mark.parametrize("name", ["a*.csv", "-", "\u202egpj.csv"])
def test_file_names_are_only_names(read: Reader, name: str) -> None:
    portfolio = read(b"a@x.example\n", names=(name,))
    assert portfolio.records.height == 1
    assert portfolio.records.item(0, "source").isprintable()


def test_what_is_no_regular_file_is_refused(tmp_path: Path) -> None:
    real = tmp_path / "real.csv"
    real.write_bytes(b"a@x.example\n")
    link, pipe = tmp_path / "link.csv", tmp_path / "pipe.csv"
    link.symlink_to(real)
    os.mkfifo(pipe)
    for path in (link, pipe, tmp_path, tmp_path / "none.csv", Path("/dev/zero")):
        with pytest.raises(InputRefusedError):
            read_portfolio([path], IntakeSettings(), tmp_path)


def test_one_file_given_twice_is_refused(read: Reader) -> None:
    with pytest.raises(InputRefusedError, match="same file as"):
        read(b"a@x.example\n", b"a@x.example\n")


@pytest.mark.parametrize(
    "content",
    [b"Ana Segredo;111.444.777-35\nBia;2\n", b'{"nome": "Ana Segredo"}\n'],
)
def test_refusals_quote_no_values(tmp_path: Path, content: bytes) -> None:
    said = str(refused(tmp_path, content))
    assert "Segredo" not in said
    assert "111" not in said


def test_a_missing_sheet_names_those_there_are(read: Reader) -> None:
    with pytest.raises(SettingError, match="sheets found: 'Sheet'"):
        read(BOOK, settings=IntakeSettings(sheet="Carteira"))
