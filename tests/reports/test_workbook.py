"""The workbook, read again by another library."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import polars as pl
import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from checks.model import Decision
from reports import LANGUAGES, RunFrames, Summary, render_workbook, work_lists
from reports.work_lists import COLUMNS, MOST_ROWS


@pytest.fixture(scope="module")
def book(
    summary: Summary, run_frames: RunFrames, tmp_path_factory: pytest.TempPathFactory
) -> bytes:
    """Make the workbook of the ordinary run."""
    scratch = tmp_path_factory.mktemp("scratch")
    return render_workbook(summary, work_lists(run_frames), "pt-BR", scratch)


def texts(opened: Workbook) -> Iterator[str]:
    for sheet in opened:
        for row in sheet.iter_rows(values_only=True):
            yield from (value for value in row if isinstance(value, str))


def test_a_summary_and_one_sheet_a_work_list(book: bytes) -> None:
    assert load_workbook(BytesIO(book)).sheetnames == [
        "Resumo",
        "Revisar",
        "Outro canal",
        "Aguardar",
        "Bloqueado",
    ]


def test_work_lists_have_a_frozen_header_and_a_filter(book: bytes) -> None:
    for sheet in load_workbook(BytesIO(book)).worksheets[1:]:
        assert sheet.freeze_panes == "D2"
        assert sheet.auto_filter.ref == f"A1:Q{sheet.max_row}"
        assert sheet.max_column == len(COLUMNS)


def column(sheet: Worksheet, title: str) -> list[object]:
    titles = [cell.value for cell in sheet[1]]
    place = titles.index(title)
    return [row[place] for row in sheet.iter_rows(min_row=2, values_only=True)]


def test_every_debtor_to_review_is_listed_by_amount(book: bytes, run_frames: RunFrames) -> None:
    sheet = load_workbook(BytesIO(book))["Revisar"]
    review = run_frames.decided.filter(pl.col("decision") == Decision.REVIEW)
    assert sorted(column(sheet, "Devedor"), key=str) == sorted(review["debtor_id"])
    amounts = [value for value in column(sheet, "Valor") if isinstance(value, int | float)]
    assert amounts == sorted(amounts, reverse=True)
    assert set(column(sheet, "Motivo")) == {
        "O endereço foi corrigido; confirme a correção.",
        "O endereço parece ser de um terceiro, como um contador.",
    }


def test_money_carries_its_currency_s_format(book: bytes) -> None:
    sheet = load_workbook(BytesIO(book))["Bloqueado"]
    place = COLUMNS.index("amount") + 1
    assert sheet.cell(row=2, column=place).number_format == "[$R$-416] #,##0.00"


@pytest.mark.parametrize("language", LANGUAGES)
def test_hostile_texts_become_neither_formula_nor_link(
    hostile_summary: Summary, hostile_frames: RunFrames, tmp_path: Path, language: str
) -> None:
    book = render_workbook(hostile_summary, work_lists(hostile_frames), language, tmp_path)
    with ZipFile(BytesIO(book)) as parts:
        sheets = [name for name in parts.namelist() if name.endswith(".xml")]
        assert not any(b"<f>" in parts.read(name) for name in sheets)
        assert not any("hyperlink" in parts.read(name).decode() for name in parts.namelist())
    opened = load_workbook(BytesIO(book))
    shown = list(texts(opened))
    assert "=cmd|'/C calc'!A0" in shown
    assert max(map(len, shown)) <= 320
    assert not any("\u202e" in text or "11144477735" in text for text in shown)
    assert all(
        cell.data_type != "f" for sheet in opened for row in sheet.iter_rows() for cell in row
    )


def test_a_debtor_known_by_tax_id_is_masked(run_frames: RunFrames) -> None:
    ids = pl.Series(
        ["111.444.777-35", "GODE561231GR8", "12ABC34501DE35", "11144477736", "22244477736"]
    )
    known = replace(
        run_frames,
        decided=run_frames.decided.head(5).with_columns(
            debtor_id=ids,
            decision=pl.lit(Decision.REVIEW),
        ),
        debtors=run_frames.debtors.head(5).with_columns(
            debtor_id=ids,
            tax_id=pl.Series(["11144477735", "GODE561231GR8", "12ABC34501DE35", None, None]),
            tax_id_flag=pl.Series(["valid", "valid", "valid", "invalid", "missing"]),
        ),
    )
    listed = work_lists(known).lists[Decision.REVIEW]["debtor_id"]
    assert sorted(listed) == [
        "***444777**",  # a CPF
        "***444777**",  # a mistyped CPF that stands for its debtor
        "12ABC34501DE35",  # a CNPJ is public
        "22244477736",  # an id of the creditor's own that looks like one
        "GODE***GR8",  # an RFC
    ]


def test_a_long_list_is_cut_and_says_so(run_frames: RunFrames) -> None:
    many = pl.concat([run_frames.decided] * 11).with_columns(decision=pl.lit(Decision.HOLD))
    lists = work_lists(replace(run_frames, decided=many))
    assert lists.lists[Decision.HOLD].height == MOST_ROWS
    assert lists.totals[Decision.HOLD] == 22_000


def test_the_same_run_gives_the_same_bytes(
    summary: Summary, run_frames: RunFrames, tmp_path: Path, book: bytes
) -> None:
    mixed = replace(run_frames, decided=run_frames.decided.reverse())
    assert render_workbook(summary, work_lists(mixed), "pt-BR", tmp_path) == book


def test_nothing_stays_in_the_scratch_folder(
    summary: Summary, run_frames: RunFrames, tmp_path: Path
) -> None:
    render_workbook(summary, work_lists(run_frames), "en", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_l26_small_groups_are_not_shown_on_the_summary_sheet(
    mixed_summary: Summary, run_frames: RunFrames, tmp_path: Path
) -> None:
    book = render_workbook(mixed_summary, work_lists(run_frames), "en", tmp_path)
    sheet = load_workbook(BytesIO(book))["Summary"]
    rows = list(sheet.iter_rows(values_only=True))
    small = [row for row in rows if row[1] == "<5"]
    assert len(small) > 2
    assert all(row[2] is None for row in small)
    assert not any(re.fullmatch("[1-4]", str(row[1])) for row in rows)
