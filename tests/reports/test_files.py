"""The files of a report in the folder of its run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

import polars as pl
import pytest

from checks.frames import MONEY
from reports import (
    LANGUAGES,
    ReportFacts,
    RunFrames,
    Summary,
    summarise,
    work_lists,
    write_reports,
)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_four_files_are_whole_and_private(
    summary: Summary, run_frames: RunFrames, tmp_path: Path, language: str
) -> None:
    out = tmp_path / "out"
    paths = write_reports(summary, work_lists(run_frames), out, language)
    assert [path.name for path in paths] == [
        f"report.{language}.html",
        f"report.{language}.xlsx",
        "resumo.txt",
        "summary.json",
    ]
    assert sorted(out.iterdir()) == sorted(paths)  # no scratch folder, no temporary file
    assert {path.stat().st_mode & 0o777 for path in paths} == {0o600}
    assert out.stat().st_mode & 0o777 == 0o700
    assert all(path.stat().st_size > 100 for path in paths)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_plain_list_and_an_empty_file_have_reports(
    run_frames: RunFrames,
    facts_of: Callable[[RunFrames], ReportFacts],
    tmp_path: Path,
    language: str,
) -> None:
    unpriced = replace(
        run_frames,
        decided=run_frames.decided.with_columns(
            amount=pl.lit(None, MONEY),
            currency=pl.lit(None, pl.String),
            invoices=pl.lit(0),
            days_overdue=pl.lit(None, pl.Int64),
        ),
    )
    nobody = RunFrames(
        **{field.name: getattr(run_frames, field.name).clear() for field in fields(run_frames)}
    )
    for frames in (unpriced, nobody):
        summary = summarise(frames, facts_of(frames))
        paths = write_reports(summary, work_lists(frames), tmp_path, language)
        page = paths[0].read_text(encoding="utf-8")
        assert "R$" not in page
        assert "c1-ageing" not in page


def test_writing_again_replaces_with_the_same_bytes(
    summary: Summary, run_frames: RunFrames, tmp_path: Path
) -> None:
    lists = work_lists(run_frames)
    first = [path.read_bytes() for path in write_reports(summary, lists, tmp_path, "pt-BR")]
    again = [path.read_bytes() for path in write_reports(summary, lists, tmp_path, "pt-BR")]
    assert first == again


def test_a_folder_that_cannot_be_written_leaves_nothing_behind(
    summary: Summary, run_frames: RunFrames, tmp_path: Path
) -> None:
    (tmp_path / "report.pt-BR.html").mkdir()
    with pytest.raises(OSError, match="directory"):
        write_reports(summary, work_lists(run_frames), tmp_path, "pt-BR")
    assert [path.name for path in tmp_path.iterdir()] == ["report.pt-BR.html"]
