"""Files of every kind, read as a user's: through the child, to the frames."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from checks.frames import DEBTORS, FOUND_CONTACTS, INVOICES, QUARANTINE, RECORDS
from data.intake import FixedField, IntakeSettings, Portfolio

Reader = Callable[..., Portfolio]

SAMPLES = Path(__file__).parents[2] / "data" / "samples"

HEADER = ["Código", "Nome", "CPF", "E-mail", "Valor", "Vencimento"]
ROWS = [
    ["001", "José Exemplo", "111.444.777-35", "jose@x.example", "1.234,56", "31/01/2026"],
    ["002", "Bia Exemplo", "00000000000", "b@x.example; b@y.example", "10,00", "28/02/2026"],
]


def text(delimiter: str, codec: str, end: str = "\r\n") -> bytes:
    """Return the table as delimited text."""
    lines = [delimiter.join(f'"{cell}"' for cell in row) for row in [HEADER, *ROWS]]
    return (end.join(lines) + end).encode(codec)


def xlsx(rows: list[list[object]]) -> bytes:
    """Return rows as the first sheet of a workbook."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def typed_rows() -> list[list[object]]:
    """Return the table as a spreadsheet holds it: numbers and days as such."""
    first, second = ROWS
    return [
        list(HEADER),
        [*first[:4], 1234.56, datetime(2026, 1, 31)],  # noqa: DTZ001
        [None] * 6,
        [*second[:4], 10, date(2026, 2, 28)],
    ]


def parquet() -> bytes:
    """Return the table as typed Parquet."""
    stream = io.BytesIO()
    pl.DataFrame(
        {
            "Código": ["001", "002"],
            "Nome": ["José Exemplo", "Bia Exemplo"],
            "CPF": ["111.444.777-35", "00000000000"],
            "E-mail": [["jose@x.example"], ["b@x.example", "b@y.example"]],
            "Valor": [Decimal("1234.56"), Decimal("10.00")],
            "Vencimento": [date(2026, 1, 31), date(2026, 2, 28)],
        },
    ).write_parquet(stream)
    return stream.getvalue()


def json_lines() -> bytes:
    """Return the table as JSON lines, a number and a list among them."""
    first = dict(zip(HEADER, ROWS[0], strict=True)) | {"Valor": 1234.56}
    second = dict(zip(HEADER, ROWS[1], strict=True)) | {"E-mail": ["b@x.example", "b@y.example"]}
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in (first, second)).encode()


def fixed_width() -> bytes:
    """Return the table in columns of 30 characters."""
    return "\r\n".join("".join(cell.ljust(30) for cell in row) for row in ROWS).encode("latin-1")


FIXED = IntakeSettings(
    fixed=tuple(
        FixedField(name, start=1 + 30 * place, length=30) for place, name in enumerate(HEADER)
    ),
)

FILES = {
    "semicolon Latin-1": (text(";", "latin-1"), IntakeSettings()),
    "semicolon cp1252 by configuration": (
        text(";", "cp1252"),
        IntakeSettings(encoding="cp1252", delimiter=";"),
    ),
    "comma UTF-8": (text(",", "utf-8"), IntakeSettings()),
    "comma UTF-8 with mark": (text(",", "utf-8-sig"), IntakeSettings()),
    "tab LF": (text("\t", "utf-8", end="\n"), IntakeSettings()),
    "bar": (text("|", "utf-8"), IntakeSettings()),
    "UTF-16 with mark": (text("\t", "utf-16"), IntakeSettings()),
    "UTF-16 without mark": (text("\t", "utf-16-le"), IntakeSettings(encoding="utf-16-le")),
    "XLSX of texts": (xlsx([list(row) for row in [HEADER, *ROWS]]), IntakeSettings()),
    "XLSX of numbers and days": (xlsx(typed_rows()), IntakeSettings()),
    "Parquet": (parquet(), IntakeSettings()),
    "JSON lines": (json_lines(), IntakeSettings()),
    "fixed width": (fixed_width(), FIXED),
}


@pytest.mark.parametrize(("content", "settings"), FILES.values(), ids=FILES.keys())
def test_the_same_table_reads_the_same_from_every_kind_of_file(
    read: Reader,
    content: bytes,
    settings: IntakeSettings,
) -> None:
    portfolio = read(content, settings=settings)
    assert portfolio.records.drop("source", "phone", "language").rows() == [
        (1, "default", "001", "pf", "José Exemplo", "11144477735", "valid"),
        (2, "default", "002", "", "Bia Exemplo", None, "missing"),
    ]
    assert portfolio.contacts.select("debtor_id", "email_raw", "origin").rows() == [
        ("001", "jose@x.example", "file"),
        ("002", "b@x.example", "file"),
        ("002", "b@y.example", "file"),
    ]
    assert portfolio.invoices.select("debtor_id", "amount", "currency", "due_date").rows() == [
        ("001", Decimal("1234.56"), "BRL", date(2026, 1, 31)),
        ("002", Decimal("10.00"), "BRL", date(2026, 2, 28)),
    ]
    assert portfolio.quarantine.is_empty()
    assert (portfolio.sums.rows, portfolio.sums.accepted, portfolio.sums.quarantined) == (2, 2, 0)


def test_the_brazilian_sample(read: Reader) -> None:
    portfolio = read((SAMPLES / "carteira_br.csv").read_bytes())
    debtors = portfolio.debtors.select("debtor_id", "kind", "invoices", "amount", "due_date")
    assert debtors.rows() == [
        ("000101", "pf", 2, Decimal("1324.46"), date(2026, 9, 10)),
        ("000102", "pf", 1, Decimal("2500.00"), date(2026, 8, 5)),
        ("000103", "pj", 1, Decimal("15780.00"), date(2026, 7, 20)),
        ("000104", "", 1, Decimal("312.45"), date(2026, 11, 1)),
        ("000105", "pj", 1, Decimal("48112.00"), date(2026, 6, 15)),
    ]
    assert portfolio.sums.sources[0].dropped_columns == 1
    assert portfolio.contacts.height == 6


def test_the_mexican_sample(read: Reader) -> None:
    portfolio = read((SAMPLES / "cartera_mx.csv").read_bytes())
    debtors = portfolio.debtors.select("debtor_id", "kind", "phone", "amount", "currency")
    assert debtors.rows() == [
        ("A-001", "pf", "+525551230001", Decimal("1234.50"), "MXN"),
        ("A-002", "pj", "+528181230002", Decimal("98700.00"), "MXN"),
        ("A-003", "", "+523331230003", Decimal("900.00"), "MXN"),
    ]


def test_a_plain_list_is_debtors_known_by_their_row(read: Reader) -> None:
    portfolio = read(b"a@x.example\nb@x.example; c@x.example\nd.x.example\na@x.example\n-\n")
    assert portfolio.records.get_column("debtor_id").to_list() == [
        f"linha-00000{line}" for line in range(1, 6)
    ]
    assert portfolio.contacts.select("debtor_id", "email_raw").rows() == [
        ("linha-000001", "a@x.example"),
        ("linha-000002", "b@x.example"),
        ("linha-000002", "c@x.example"),
        ("linha-000003", "d.x.example"),
        ("linha-000004", "a@x.example"),
    ]
    assert portfolio.invoices.is_empty()
    assert not portfolio.sums.has_invoices


def test_two_plain_lists_do_not_share_row_numbers(read: Reader) -> None:
    portfolio = read(b"a@x.example\n", b"b@x.example\n")
    assert portfolio.records.get_column("debtor_id").to_list() == ["a.csv-000001", "b.csv-000001"]


def test_frames_have_exactly_the_columns_that_rooms_agreed_on(read: Reader) -> None:
    portfolio = read(b"a@x.example\n")
    assert portfolio.records.schema == RECORDS
    assert portfolio.contacts.schema == FOUND_CONTACTS
    assert portfolio.invoices.schema == INVOICES
    assert portfolio.quarantine.schema == QUARANTINE
    assert portfolio.debtors.schema == DEBTORS
