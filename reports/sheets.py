"""The sheets of the workbook: what stands in which cell, and how it looks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import polars as pl
from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from checks.model import Decision
from reports.language import Speech
from reports.plain import mask_tax_ids, plain
from reports.shown import Shown
from reports.summary import ClassTally, CreditorSummary, Money, Summary, Tally
from reports.work_lists import COLUMNS, MOST_ROWS, WorkLists

# A spreadsheet draws separators as its reader's settings say; the sign and its place are ours.
_MONEY: Final = {"BRL": "[$R$-416] #,##0.00", "MXN": '[$$-80A]#,##0.00 "MXN"'}
_OTHER_MONEY: Final = "#,##0.00"

_WIDTHS: Final = {
    "creditor_id": 14,
    "debtor_id": 16,
    "name": 32,
    "decision_reason": 60,
    "amount": 18,
    "email": 34,
    "suggestion": 34,
    "verdict": 18,
    "reason": 48,
    "phone": 18,
    "other_channel": 14,
}
_WIDTH: Final = 12

_FAMILIES: Final = {
    "kind": "kind",
    "decision_reason": "decision reason",
    "verdict": "verdict",
    "reason": "reason",
    "other_channel": "channel",
}
"""Columns of machine words and the family their sentences stand under."""

_SHARES: Final = ("score", "ownership")
_ADDRESSES: Final = ("email", "suggestion")


class Sheets:
    """Writes sheets row after row (the workbook forgets each row once it is past)."""

    def __init__(self, book: Workbook, speech: Speech, small_cell: int) -> None:
        """Prepare the cell formats; `small_cell` is the least group an aggregate shows."""
        self._book = book
        self._speech = speech
        self._shown = Shown(speech, small_cell)
        self._formats: dict[str, Format] = {
            "head": book.add_format(
                {"bold": True, "bg_color": "#0d5c75", "font_color": "#ffffff", "text_wrap": True}
            ),
            "title": book.add_format({"bold": True, "font_size": 16}),
            "name": book.add_format({"bold": True, "font_size": 13, "bottom": 1}),
            "share": book.add_format({"num_format": "0.0%"}),
            "count": book.add_format({"num_format": "#,##0", "align": "right"}),
            "text": book.add_format({"num_format": "@"}),
        }

    def add_summary(self, summary: Summary, lists: WorkLists) -> None:
        """Add the first sheet: decisions and classes per creditor, then the lists that follow."""
        speech = self._speech
        sheet = self._sheet(speech.text("Summary"), widths=(46, 14, 22, 10))
        sheet.write_string(0, 0, speech.text("Deliverability report"), self._formats["title"])
        day = speech.text("as of %(moment)s") % {"moment": speech.moment(summary.run.as_of)}
        sheet.write_string(1, 0, f"{day} · {plain(summary.run.run_id)}")
        row = 3
        for creditor in summary.creditors:
            row = self._add_creditor(sheet, row, creditor)
        self._head(sheet, row, (speech.text("Sheet"), speech.text("Debtors"), speech.text("Rows")))
        for decision, total in lists.totals.items():
            row += 1
            sheet.write_string(row, 0, speech.word("decision", decision))
            sheet.write_number(row, 1, total, self._formats["count"])
            sheet.write_number(row, 2, min(total, MOST_ROWS), self._formats["count"])
        sheet.freeze_panes(3, 0)

    def _add_creditor(self, sheet: Worksheet, row: int, creditor: CreditorSummary) -> int:
        speech = self._speech
        sheet.write_string(row, 0, mask_tax_ids(plain(creditor.name)), self._formats["name"])
        if creditor.gate is not None:
            label = speech.text("Gate of the list")
            state = speech.word("gate", creditor.gate.state)
            sheet.write_string(row + 1, 0, f"{label}: {state}")
        self._head(sheet, row + 3, self._columns(speech.text("Decision")))
        row = self._tallies(sheet, row + 4, "decision", creditor.decisions)
        self._head(sheet, row + 1, self._columns(speech.text("Class")))
        return self._tallies(sheet, row + 2, "class", creditor.classes) + 1

    def _columns(self, first: str) -> tuple[str, ...]:
        return (first, self._speech.text("Debtors"), self._speech.text("Amount owed"))

    def _tallies(
        self, sheet: Worksheet, row: int, family: str, tallies: Iterable[Tally | ClassTally]
    ) -> int:
        for tally in tallies:
            sheet.write_string(row, 0, self._speech.word(family, tally.word))
            self._count(sheet, row, 1, tally.debtors)
            for column, money in enumerate(self._amounts(tally), start=2):
                self._money(sheet, row, column, money)
            row += 1
        return row

    def _amounts(self, tally: Tally | ClassTally) -> tuple[Money, ...]:
        return () if self._shown.hides(tally.debtors) else tally.amounts

    def add_list(self, decision: Decision, frame: pl.DataFrame) -> None:
        """Add one work list: frozen header, filter, a column each of `COLUMNS`."""
        speech = self._speech
        widths = tuple(_WIDTHS.get(name, _WIDTH) for name in COLUMNS)
        sheet = self._sheet(speech.word("decision", decision), widths)
        self._head(sheet, 0, tuple(speech.word("column", name) for name in COLUMNS))
        sheet.freeze_panes(1, 3)
        sheet.autofilter(0, 0, max(frame.height, 1), len(COLUMNS) - 1)
        for number, values in enumerate(frame.iter_rows(named=True), start=1):
            for column, name in enumerate(COLUMNS):
                if values[name] is not None:
                    self._cell(sheet, number, column, name, values)

    def _cell(
        self, sheet: Worksheet, row: int, column: int, name: str, values: dict[str, Any]
    ) -> None:
        value = values[name]
        if name == "amount":
            self._money(sheet, row, column, Money(values["currency"] or "", value))
        elif name in _SHARES:
            sheet.write_number(row, column, value, self._formats["share"])
        elif name in _FAMILIES:
            sheet.write_string(row, column, self._speech.word(_FAMILIES[name], value))
        elif isinstance(value, int):
            sheet.write_number(row, column, value)
        else:
            text = plain(value, most=320)
            text = text if name in _ADDRESSES else mask_tax_ids(text)
            sheet.write_string(row, column, text, self._formats["text"])

    def _count(self, sheet: Worksheet, row: int, column: int, debtors: int) -> None:
        if self._shown.hides(debtors):
            sheet.write_string(row, column, self._shown.count(debtors), self._formats["count"])
        else:
            sheet.write_number(row, column, debtors, self._formats["count"])

    def _money(self, sheet: Worksheet, row: int, column: int, money: Money) -> None:
        name = f"money {money.currency}"
        if name not in self._formats:
            pattern = _MONEY.get(money.currency, _OTHER_MONEY)
            self._formats[name] = self._book.add_format({"num_format": pattern})
        sheet.write_number(row, column, money.amount, self._formats[name])

    def _sheet(self, name: str, widths: tuple[int, ...]) -> Worksheet:
        sheet = self._book.add_worksheet(name)
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width)
        sheet.hide_gridlines(2)
        return sheet

    def _head(self, sheet: Worksheet, row: int, names: tuple[str, ...]) -> None:
        for column, name in enumerate(names):
            sheet.write_string(row, column, name, self._formats["head"])
