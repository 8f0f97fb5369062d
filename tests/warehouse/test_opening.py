"""Opening the warehouse: made whole, private, locked down, by one at a time."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import polars as pl
import pytest

from checks.errors import SettingError, WarehouseBusyError
from data.migrations import Migration, load_migrations, migrate, newest_version
from data.relations import Statement
from data.warehouse import (
    Database,
    Limits,
    WarehouseBrokenError,
    open_warehouse,
)

NOW: Final = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
ROOT: Final = Path(__file__).parents[2]
HOLDER: Final = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from data.warehouse import open_warehouse
with open_warehouse(Path(sys.argv[1]), now=lambda: datetime.now(UTC)) as warehouse:
    warehouse.start_run("held", as_of=datetime.now(UTC), digests={})
    print("open", flush=True)
    sys.stdin.readline()
"""


def now() -> datetime:
    return NOW


def hold(path: Path) -> subprocess.Popen[str]:
    """Start another process that has the warehouse open until a line comes in."""
    command = [sys.executable, "-c", HOLDER, str(path)]
    process = subprocess.Popen(
        command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    return process


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store" / "entrega.duckdb"


def test_files_are_for_their_owner_alone_whatever_the_umask(path: Path) -> None:
    before = os.umask(0)
    try:
        with open_warehouse(path, now=now) as warehouse:
            warehouse.start_run("r1", as_of=NOW, digests={})
            names = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
    finally:
        os.umask(before)
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert names == {
        "entrega.duckdb": 0o600,
        "entrega.duckdb.wal": 0o600,
        "entrega.duckdb.lock": 0o600,
        "entrega.key": 0o600,
    }


def test_a_second_process_is_told_who_holds_the_warehouse(path: Path) -> None:
    holder = hold(path)
    with (
        holder,
        pytest.raises(WarehouseBusyError, match=f"in use by process {holder.pid};") as caught,
        open_warehouse(path, now=now),
    ):
        pass
    assert caught.value.exit_code == 6


def test_a_foreign_program_that_has_the_file_open_is_named_too(path: Path) -> None:
    with open_warehouse(path, now=now):
        pass
    code = (
        "import duckdb, sys; c = duckdb.connect(sys.argv[1]);"
        "print('open', flush=True); sys.stdin.readline()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)],
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as foreign:
        assert foreign.stdout is not None
        assert foreign.stdout.readline() == "open\n"
        with (
            pytest.raises(WarehouseBusyError, match=f"in use by process {foreign.pid};"),
            open_warehouse(path, now=now),
        ):
            pass


def test_waiting_ends_when_the_holder_does(path: Path) -> None:
    told: list[int] = []
    with hold(path) as holder:
        threading.Timer(0.3, holder.terminate).start()
        with open_warehouse(
            path, now=now, wait=math.inf, progress=lambda pid, _: told.append(pid)
        ) as warehouse:
            assert [run.run_id for run in warehouse.runs()] == ["held"]
    assert set(told) == {holder.pid}


def test_waiting_ends_when_its_time_is_over(path: Path) -> None:
    with hold(path), pytest.raises(WarehouseBusyError), open_warehouse(path, now=now, wait=0.3):
        pass


def test_a_killed_holder_leaves_the_lock_free_and_its_work_in_place(path: Path) -> None:
    with hold(path) as holder:
        holder.kill()
    with open_warehouse(path, now=now) as warehouse:
        assert [run.run_id for run in warehouse.runs()] == ["held"]
        assert warehouse.epoch == 2


def test_a_kill_while_creating_leaves_nothing_in_the_way(path: Path) -> None:
    path.parent.mkdir()
    (path.parent / f".new-{path.name}").write_bytes(b"half a database")
    (path.parent / f".new-{path.name}.wal").write_bytes(b"half a log")
    with open_warehouse(path, now=now) as warehouse:
        assert warehouse.runs() == []


@pytest.mark.parametrize(
    "content", [b"", b"noise" * 5000, b"\0" * 12288], ids=["empty", "noise", "zeros"]
)
def test_a_broken_file_is_named_with_the_remedy_and_can_be_moved_aside(
    path: Path, content: bytes
) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with (
        pytest.raises(WarehouseBrokenError, match=r"'entrega\.duckdb' cannot be opened.*aside"),
        open_warehouse(path, now=now),
    ):
        pass
    assert path.read_bytes() == content  # left as it was found: a backup may still be made
    path.rename(path.with_name("entrega.duckdb.broken"))
    with open_warehouse(path, now=now) as warehouse:
        assert warehouse.runs() == []


def test_a_log_without_its_file_is_not_taken_into_a_new_one(path: Path) -> None:
    path.parent.mkdir()
    path.with_name("entrega.duckdb.wal").write_bytes(b"log of a lost file")
    with (
        pytest.raises(WarehouseBrokenError, match="is missing beside its log"),
        open_warehouse(path, now=now),
    ):
        pass


OUTWARD: Final = (
    "SELECT * FROM read_csv('/etc/hostname')",
    "SELECT * FROM '/etc/hostname'",
    "SELECT * FROM sniff_csv('/etc/hostname')",
    "SELECT * FROM read_text('/etc/hostname')",
    "SELECT * FROM read_blob('/etc/hostname')",
    "SELECT * FROM glob('/etc/*')",
    "SELECT * FROM read_parquet('/etc/hostname')",
    "ATTACH '{folder}/other.duckdb'",
    "COPY (SELECT 1) TO '{folder}/out.csv'",
    "EXPORT DATABASE '{folder}/export'",
    "INSTALL excel",
    "LOAD excel",
    "SET enable_external_access = true",
    "SET lock_configuration = false",
    "SET memory_limit = '64GB'",
    "SELECT * FROM a_frame_of_the_caller",
)


@pytest.mark.parametrize("statement", OUTWARD)
def test_the_database_reaches_nothing_outside(tmp_path: Path, statement: str) -> None:
    a_frame_of_the_caller = pl.DataFrame({"secret": [1]})
    database = Database(":memory:", Limits(), tmp_path / "spill")
    with pytest.raises(Exception, match=r"(?i)disabled|does not exist|cannot change|locked"):
        database.query(statement.format(folder=tmp_path), (), {})
    database.close()
    assert not a_frame_of_the_caller.is_empty()
    assert list(tmp_path.iterdir()) == []


def test_threads_may_share_the_database(path: Path) -> None:
    with open_warehouse(path, now=now) as warehouse:
        starts = [
            threading.Thread(
                target=warehouse.start_run,
                args=(f"r{number}",),
                kwargs={"as_of": NOW, "digests": {}},
            )
            for number in range(8)
        ]
        for start in starts:
            start.start()
        for start in starts:
            start.join()
        assert len(warehouse.runs()) == 8


def test_another_key_is_refused_because_no_opt_out_would_be_recognised(path: Path) -> None:
    with open_warehouse(path, now=now) as warehouse:
        first = warehouse.hash_key
    path.with_name("entrega.key").write_text("00" * 32 + "\n")
    with pytest.raises(SettingError, match="not the one of this warehouse"):
        open_warehouse(path, now=now).__enter__()
    path.with_name("entrega.key").unlink()
    with pytest.raises(SettingError, match="not the one of this warehouse"):
        open_warehouse(path, now=now).__enter__()
    with open_warehouse(path, now=now, hash_key=first) as warehouse:
        assert warehouse.hash_key == first


def test_migrations_are_applied_once_and_in_order(tmp_path: Path) -> None:
    database = Database(":memory:", Limits(), tmp_path)
    database.transact(
        [
            Statement("CREATE TABLE schema_version (version INTEGER PRIMARY KEY)"),
            Statement("INSERT INTO schema_version VALUES (1)"),
        ]
    )
    steps = (
        Migration(2, "CREATE TABLE a (x INTEGER)"),
        Migration(3, "ALTER TABLE a ADD COLUMN y INTEGER"),
    )
    migrate(database, steps)
    migrate(database, steps)
    assert database.query("SELECT * FROM a").columns == ["x", "y"]
    versions = database.query("SELECT version FROM schema_version ORDER BY version")
    assert versions["version"].to_list() == [1, 2, 3]
    with pytest.raises(SettingError, match=r"version 3, this release knows 2; update entrega"):
        migrate(database, steps[:1])
    database.close()


def test_shipped_migrations_are_numbered_without_gaps() -> None:
    versions = [step.version for step in load_migrations()]
    assert versions == list(range(2, newest_version(load_migrations()) + 1))
