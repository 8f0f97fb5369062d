"""The files of a report in the folder of its run."""

from __future__ import annotations

from pathlib import Path

import pytest

from reports import LANGUAGES, RunFrames, Summary, work_lists, write_reports


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
