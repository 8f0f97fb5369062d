"""Events by the command line and by the flow: files, folders, maildirs, each taken once."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

import data.samples
from data.warehouse import open_warehouse
from tests.feedback.here import PUBLISHED
from tests.feedback.mails import bounce, complaint
from tests.flows.calls import ROOT, Entrega, environment

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
PLAIN = "email,event,occurred_at\nrui@b.test,delivered,2026-11-20T12:00:00Z\n"
WAREHOUSE = Path("var") / "entrega.duckdb"


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """Make a warehouse in which two messages are registered; return its folder's parent."""
    with open_warehouse(tmp_path / WAREHOUSE, now=lambda: NOW) as opened:
        for (creditor,), messages in PUBLISHED.group_by("creditor_id"):
            list_id = f"list-{creditor}"
            named = messages.with_columns(list_id=pl.lit(list_id))
            opened.register_list(str(creditor), list_id, run_id="r", gate="open", messages=named)
    return tmp_path


def silenced(folder: Path) -> list[tuple[str, str]]:
    """Return creditor and reason of every suppression in the warehouse."""
    with open_warehouse(folder / WAREHOUSE, now=lambda: NOW) as opened:
        return sorted(opened.suppressions().select("creditor_id", "reason").rows())


def names(folder: Path) -> list[str]:
    """Return the files under a folder, as paths within it."""
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )


def test_files_are_known_by_their_content_and_one_refused_stops_no_other(
    published: Path, entrega: Entrega
) -> None:
    (published / "a.txt").write_bytes(bounce())
    (published / "b.csv").write_bytes(b"PK\x03\x04 not ours")
    (published / "c.eml").write_text(PLAIN, "utf-8")
    ended = entrega("feedback", "a.txt", "b.csv", "c.eml", "--json")
    assert ended.code == 3, ended.err
    told = {each["file"]: each for each in ended.answer["files"]}
    assert [told[name]["new"] for name in ("a.txt", "b.csv", "c.eml")] == [1, 0, 1]
    assert "save it as CSV" in told["b.csv"]["problem"]
    assert silenced(published) == [("loja", "suppress_bounced")]
    again = entrega("feedback", "c.eml", "a.txt", "--json")
    assert [each["new"] for each in again.answer["files"]] == [0, 0]
    assert again.answer["new_suppressions"] == 0


def test_of_a_folder_each_file_is_taken_once(published: Path, entrega: Entrega) -> None:
    drop = published / "drop"
    drop.mkdir()
    (drop / "1.eml").write_bytes(bounce())
    (drop / "2.eml").write_bytes(complaint())
    (drop / "events.csv").write_text(PLAIN, "utf-8")
    (drop / "noise").write_bytes(bytes(range(256)) * 99)
    (drop / "half.csv.part").write_text(PLAIN[:30], "utf-8")
    first = entrega("feedback", drop, "--json")
    assert first.code == 3
    assert sum(each["new"] for each in first.answer["files"]) == 3
    taken = ["done/1.eml", "done/2.eml", "done/events.csv", "half.csv.part", "refused/noise"]
    assert names(drop) == taken
    assert silenced(published) == [("*", "suppress_complaint"), ("loja", "suppress_bounced")]
    (drop / "1.eml").write_bytes(bounce())
    second = entrega("feedback", drop, "--json")
    assert (second.code, [each["new"] for each in second.answer["files"]]) == (0, [0])
    assert names(drop) == ["done/1-2.eml", *taken]


def test_a_maildir_keeps_its_shape(published: Path, entrega: Entrega) -> None:
    maildir = published / "bounces"
    for part in ("new", "cur", "tmp"):
        (maildir / part).mkdir(parents=True)
    (maildir / "new" / "1700000000.M1.host").write_bytes(bounce())
    (maildir / "cur" / "1700000001.M2.host:2,S").write_bytes(b"Subject: hello\n\n")
    ended = entrega("feedback", maildir)
    assert ended.code == 0, ended.err
    assert "1 events, 1 new, 1 rows refused\n  1 not_a_report\n1 new suppressions" in ended.out
    assert names(maildir) == [
        ".done/cur/1700000000.M1.host",
        ".done/cur/1700000001.M2.host:2,S",
    ]


def test_a_mapping_reads_any_table(published: Path, entrega: Entrega) -> None:
    samples = Path(data.samples.__file__).parent / "events"
    mapping = samples / "wesend.toml"
    ended = entrega("feedback", samples / "wesend.csv", "--mapping", mapping, "--json")
    assert (ended.code, ended.answer["files"][0]["new"]) == (0, 5)
    wrong = published / "wrong.toml"
    wrong.write_text("[columns]\n", "utf-8")
    refused = entrega("feedback", samples / "wesend.csv", "--mapping", wrong)
    assert (refused.code, "'wrong.toml'" in refused.err) == (2, True)


def test_a_configured_signing_key_is_asked_for(published: Path, entrega: Entrega) -> None:
    (published / "key").write_text("secret\n", "utf-8")
    (published / "entrega.toml").write_text('[feedback]\nmailgun_signing_key = "key"\n', "utf-8")
    event = '{"event": "complained", "recipient": "ana@a.test", "timestamp": 1, "flags": {}}'
    (published / "mailgun.json").write_text(event, "utf-8")
    ended = entrega("feedback", "mailgun.json", "--json")
    assert ended.answer["files"][0]["reasons"] == {"bad_signature": 1}


@pytest.mark.prefect
def test_the_flow_takes_a_folder_and_ends_degraded_where_a_file_is_refused(
    published: Path,
) -> None:
    drop = published / "drop"
    drop.mkdir()
    (drop / "1.eml").write_bytes(bounce())
    (drop / "noise").write_bytes(bytes(range(256)) * 99)
    code = (
        "from pathlib import Path\n"
        "from flows.prefect_home import prepare_prefect\n"
        "prepare_prefect(Path('prefect'))\n"
        "from flows.watch import take_feedback\n"
        "state = take_feedback('drop', return_state=True)\n"
        "print(state.name, state.message)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=published,
        env=environment(published) | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    told = "Degraded 2 files, 1 new events, 1 new suppressions; 1 files refused"
    assert told in done.stdout, done.stderr
    assert names(drop) == ["done/1.eml", "refused/noise"]
