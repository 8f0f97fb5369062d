"""Tables for people open safely in a spreadsheet; Parquet beside them keeps every value."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from checks.frames import CONTACTS, DECIDED_DEBTORS, QUARANTINE, empty
from data.publish import write_tables
from data.publish.people import safe_for_spreadsheets, write_people_csv

DANGEROUS = "=+-@\t\r\n\x00\uff1d\uff0b\uff0d\uff20"


@pytest.fixture
def frame() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "name": ["=1+1", 'Zoë; "x"'],
            "amount": pl.Series([Decimal("-1234.50"), None], dtype=pl.Decimal(18, 2)),
            "score": [0.25, 1.0],
            "day": [date(2026, 12, 31), None],
            "checked_at": [datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)] * 2,
            "backups": [["-a@x.test", "b@x.test"], []],
        }
    )


@pytest.mark.parametrize(
    ("language", "first_row"),
    [
        (
            "pt-BR",
            "'=1+1;-1234,50;0,25;31/12/2026;02/01/2026 03:04:05;'-a@x.test, b@x.test",
        ),
        (
            "es-MX",
            "'=1+1,-1234.50,0.25,31/12/2026,02/01/2026 03:04:05,\"'-a@x.test, b@x.test\"",
        ),
        (
            "en",
            "'=1+1,-1234.50,0.25,2026-12-31,2026-01-02 03:04:05,\"'-a@x.test, b@x.test\"",
        ),
    ],
)
def test_each_language_gets_what_its_spreadsheet_reads(
    tmp_path: Path, frame: pl.DataFrame, language: str, first_row: str
) -> None:
    path = tmp_path / "x.csv"
    write_people_csv(frame, path, language)
    content = path.read_bytes()
    assert content.startswith(b"\xef\xbb\xbfname")
    assert content.decode("utf-8-sig").split("\r\n")[1] == first_row
    assert path.stat().st_mode & 0o777 == 0o600


@given(text=st.text(max_size=30), start=st.sampled_from(["", *DANGEROUS]))
def test_no_text_starts_like_a_formula(text: str, start: str) -> None:
    made = safe_for_spreadsheets(pl.DataFrame({"a": [start + text]}))["a"][0]
    assert not made.startswith(tuple(DANGEROUS))
    assert "\x00" not in made


def test_a_csv_parser_finds_every_cell_again(tmp_path: Path) -> None:
    names = ["a;b", 'quo"te', "line\nbreak", "", "'=x", "ação"]
    path = tmp_path / "x.csv"
    write_people_csv(pl.DataFrame({"name": names, "n": range(len(names))}), path, "pt-BR")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file, delimiter=";", strict=True))
    assert rows == [["name", "n"], *([name, str(n)] for n, name in enumerate(names))]


def test_the_tables_of_a_run_are_written_by_name_and_sorted(tmp_path: Path) -> None:
    contacts = pl.DataFrame(
        {
            name: {
                "creditor_id": ["c", "c"],
                "debtor_id": ["2", "1"],
                "email_raw": ["=x", "y"],
            }.get(name, [None, None])
            for name in CONTACTS
        },
        schema=CONTACTS,
    )
    files = write_tables(
        tmp_path / "out", contacts, empty(DECIDED_DEBTORS), empty(QUARANTINE), language="pt-BR"
    )
    assert {path.name for path in files} == {path.name for path in (tmp_path / "out").iterdir()}
    assert {path.name for path in files} == {
        "contacts.parquet",
        "contacts.csv",
        "debtors.parquet",
        "debtors.csv",
        "quarantine.csv",
    }
    found = pl.read_parquet(tmp_path / "out" / "contacts.parquet")
    assert_frame_equal(found, contacts.sort("debtor_id"))
    assert "'=x" in (tmp_path / "out" / "contacts.csv").read_text("utf-8-sig")
