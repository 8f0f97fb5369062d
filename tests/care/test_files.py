"""Journals keep what limits need and lose who was asked; a search finds whole texts only."""

from __future__ import annotations

import zipfile
from pathlib import Path

import polars as pl
import pytest

from data.care.leftovers import files_with
from data.care.parts import scrub_journal, scrub_parquet
from data.care.person import Person
from data.journal import Journal, read_journal

ANA = Person("c1", frozenset({"7"}), frozenset({"ana@a.test"}), frozenset({"ana@a.test"}))
KEY = b"k" * 32


def test_a_journal_loses_the_address_and_keeps_everything_else(tmp_path: Path) -> None:
    path = tmp_path / "probe.journal"
    with Journal.open(path, epoch=1) as journal:
        wave = {"kind": "wave", "sessions": [{"recipients": ["ana@a.test", "bia@a.test"]}]}
        asked = journal.intend({"kind": "ask", "address": "ana@a.test", "at": 1.5})
        journal.conclude(asked, {"kind": "answer", "address": "ana@a.test", "code": 550})
        journal.intend(wave)
    before = list(read_journal(path))
    assert scrub_journal(path, ANA, KEY) == 3
    after = list(read_journal(path))
    assert b"ana@a.test" not in path.read_bytes()
    assert [(r.sequence, r.epoch, r.kind, r.intent) for r in after] == [
        (r.sequence, r.epoch, r.kind, r.intent) for r in before
    ]
    names = {record.payload.get("address") for record in after[:2]}
    assert len(names) == 1
    assert str(names.pop()).startswith("erased-")
    with Journal.open(path, epoch=2) as journal:  # and it can be continued
        assert journal.intend({"kind": "begin"}) == 4
    assert scrub_journal(path, ANA, KEY) == 0


def test_a_part_without_the_person_is_not_written_again(tmp_path: Path) -> None:
    path = tmp_path / "part.parquet"
    pl.DataFrame({"address": ["bia@a.test"]}).write_parquet(path)
    before = path.stat().st_mtime_ns
    assert scrub_parquet(path, ANA) == 0
    assert path.stat().st_mtime_ns == before


SEARCHED = [
    pytest.param("x;ana@a.test;y", "ana@a.test", True, id="a cell"),
    pytest.param("write to ana@a.test.", "ana@a.test", True, id="prose"),
    pytest.param("mariana@a.test", "ana@a.test", False, id="a longer local part"),
    pytest.param("ana@a.test.br", "ana@a.test", False, id="a longer domain"),
    pytest.param("ana@a.test,", "ana@a.test", True, id="the end of a cell"),
    pytest.param(";Ana Lima;", "Ana Lima", True, id="a name in its cell"),
    pytest.param("<td>Ana Lima</td>", "Ana Lima", True, id="a name on a page"),
    pytest.param(";Ana Lima Souza;", "Ana Lima", False, id="a longer name"),
    pytest.param(";Mariana Lima;", "ana Lima", False, id="the end of another name"),
    pytest.param("<td>D&#x27;Ávila</td>", "D'Ávila", True, id="as a page writes it"),
]


@pytest.mark.parametrize(("content", "text", "found"), SEARCHED)
def test_whole_texts_are_found(tmp_path: Path, content: str, text: str, found: bool) -> None:  # noqa: FBT001
    (tmp_path / "a.csv").write_text(content, "utf-8")
    assert bool(files_with(tmp_path, frozenset({text}))) is found


def test_compressed_files_are_looked_into(tmp_path: Path) -> None:
    pl.DataFrame({"backups": [["x", "ana@a.test"], None]}).write_parquet(tmp_path / "a.parquet")
    with zipfile.ZipFile(tmp_path / "b.xlsx", "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/sheet1.xml", "<v>ana@a.test</v>")
    (tmp_path / "c.bin").write_bytes(b"x" * ((1 << 20) - 4) + b" ana@a.test ")
    names = [path.name for path in files_with(tmp_path, frozenset({"ana@a.test"}))]
    assert names == ["a.parquet", "b.xlsx", "c.bin"]
