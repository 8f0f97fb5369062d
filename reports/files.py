"""Writing a report into the folder of its run."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryDirectory

from reports.note import render_note
from reports.page import render_page
from reports.summary import Summary, summary_json
from reports.work_lists import WorkLists
from reports.workbook import render_workbook


def write_reports(summary: Summary, lists: WorkLists, out: Path, language: str) -> list[Path]:
    """Write page, workbook, note and `summary.json` for one language; return their paths.

    Each file appears whole or not at all, readable by its owner only.
    """
    out.mkdir(mode=0o700, parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".report-", dir=out) as scratch:
        workbook = render_workbook(summary, lists, language, Path(scratch))
    contents = {
        f"report.{language}.html": render_page(summary, language).encode(),
        f"report.{language}.xlsx": workbook,
        "resumo.txt": render_note(summary, language).encode(),
        "summary.json": summary_json(summary).encode(),
    }
    for name, content in contents.items():
        _write_whole(out / name, content)
    return [out / name for name in contents]


def _write_whole(path: Path, content: bytes) -> None:
    # NamedTemporaryFile creates with mode 0600, and rename keeps it
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
