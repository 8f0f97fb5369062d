"""The XLSX workbook: a summary sheet and the work lists, safe to open in any spreadsheet."""

from __future__ import annotations

from datetime import UTC
from io import BytesIO
from pathlib import Path

import xlsxwriter

from reports.language import load_speech
from reports.sheets import Sheets
from reports.summary import Summary
from reports.work_lists import WorkLists


def render_workbook(summary: Summary, lists: WorkLists, language: str, scratch: Path) -> bytes:
    """Return the workbook's bytes, the same for the same summary, lists and language.

    Rows pass through files in `scratch`, so that memory does not grow with them; they hold
    personal data and the caller removes them. Nothing becomes a formula or a link.
    """
    content = BytesIO()
    options = {
        "constant_memory": True,
        "tmpdir": str(scratch),
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(content, options) as book:
        created = summary.run.as_of.astimezone(UTC).replace(tzinfo=None)
        book.set_properties({"title": "Entrega", "created": created})
        sheets = Sheets(book, load_speech(language), summary.rules.small_cell)
        sheets.add_summary(summary, lists)
        for decision, frame in lists.lists.items():
            sheets.add_list(decision, frame)
    return content.getvalue()
