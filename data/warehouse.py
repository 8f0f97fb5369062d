"""The warehouse: one DuckDB file, one writer at a time, opened here and nowhere else."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Final

import duckdb
import polars as pl

from checks.errors import EntregaError, InterruptedRunError, SettingError
from data.care.book import CareBook
from data.files import PRIVATE_FILE, make_private_folder, sync_file, sync_folder
from data.hashing import KEY_FILE, fingerprint, make_key, read_key
from data.ledger import Ledger
from data.locking import Progress, busy, take_lock
from data.migrations import load_migrations, migrate, newest_version
from data.overrides import OverrideBook
from data.processing import ProcessingBook
from data.proofs import ProofBook
from data.relations import Statement, copy_tables
from data.runbook import RunBook

_LOCKED_DOWN: Final = {
    "enable_external_access": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
    "allow_unsigned_extensions": False,
    "python_enable_replacements": False,
    "preserve_insertion_order": False,  # readers sort; without it bulk inserts need less memory
}

_FORBIDDEN: Final = (
    "SELECT * FROM read_text('/etc/hostname')",
    "COPY (SELECT 1) TO '/dev/null'",
    "ATTACH '/dev/null' AS other",
    "LOAD excel",
    "SET enable_external_access = true",
)
"""Statements that reach out of the database; one of a kind is tried at every start."""


_FOREIGN_HOLDER: Final = re.compile(r"Conflicting lock is held .{0,4096}\(PID (\d{1,10})\)")
"""How DuckDB says that a program without our lock file has the database open."""


class WarehouseBrokenError(EntregaError):
    """The warehouse file is damaged or is not one."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the database may use of the machine; sizes as DuckDB writes them."""

    memory: str = "2GB"
    threads: int = 2
    temporary: str = "20GB"


class Database:
    """A DuckDB connection that is locked down: no files, no extensions, no Python variables.

    Frames come in by name and results are fetched whole; a cursor serves one statement or one
    transaction, so threads may share the database.
    """

    def __init__(self, path: str, limits: Limits, temporary_folder: Path) -> None:
        """Open a database file (":memory:": none) and lock the connection down."""
        self._connection = duckdb.connect(path, config=_settings(limits, temporary_folder))
        self._writing = threading.Lock()
        self._connection.execute("SET GLOBAL TimeZone = 'UTC'")
        self._connection.execute("SET lock_configuration = true")
        self._refuse_unless_locked()

    def query(
        self,
        sql: str,
        parameters: Sequence[object] = (),
        frames: Mapping[str, pl.DataFrame] | None = None,
    ) -> pl.DataFrame:
        """Return the whole result of one SELECT."""
        with _translated_errors(), closing(self._connection.cursor()) as cursor:
            _register(cursor, frames or {})
            found: pl.DataFrame = cursor.sql(sql, params=list(parameters)).pl()
            return found

    def transact(self, statements: Iterable[Statement]) -> None:
        """Do all of the statements or none; one transaction at a time."""
        with (
            self._writing,
            _translated_errors(),
            closing(self._connection.cursor()) as cursor,
        ):
            cursor.begin()
            try:
                for statement in statements:
                    _register(cursor, statement.frames)
                    cursor.execute(statement.sql, list(statement.parameters))
            except BaseException:
                with suppress(duckdb.Error):  # a full disk has closed the connection already
                    cursor.rollback()
                raise
            cursor.commit()

    def checkpoint(self) -> None:
        """Bring the write-ahead log into the file."""
        with _translated_errors():
            self._connection.execute("CHECKPOINT")

    def close(self) -> None:
        """Close the file; a clean close leaves no write-ahead log behind."""
        self._connection.close()

    def _refuse_unless_locked(self) -> None:
        for statement in _FORBIDDEN:
            try:
                self._connection.execute(statement)
            except duckdb.Error:
                continue
            self.close()
            problem = f"the database allows {statement.split(maxsplit=1)[0]}, which reaches files"
            raise EntregaError(problem, "install the DuckDB release named in requirements.lock")


class Warehouse(RunBook, Ledger, OverrideBook, CareBook, ProofBook, ProcessingBook):
    """Runs and their tables, and what outlives runs; made by `open_warehouse`.

    `hash_key` is the secret of `data.hashing.keyed_hash`; `epoch` grows with every opening and
    belongs into journals.
    """

    def __init__(
        self, database: Database, now: Callable[[], datetime], hash_key: bytes, epoch: int
    ) -> None:
        """Take an open database and its holder's number."""
        RunBook.__init__(self, database, now)
        Ledger.__init__(self, database, now)
        OverrideBook.__init__(self, database, now)
        CareBook.__init__(self, database, now)
        ProofBook.__init__(self, database)
        ProcessingBook.__init__(self, database, now)
        self.hash_key = hash_key
        self.epoch = epoch


@contextmanager
def open_warehouse(
    path: Path,
    *,
    now: Callable[[], datetime],
    wait: float | None = None,
    progress: Progress | None = None,
    limits: Limits | None = None,
    hash_key: bytes | None = None,
) -> Iterator[Warehouse]:
    """Open the warehouse at `path`, or make it; nobody else has it until the block is left.

    `wait` is in seconds (None: not at all), `progress` is told of the waiting; `hash_key`
    stands in for the file `entrega.key` beside the warehouse. Raises WarehouseBusyError,
    WarehouseBrokenError, and SettingError for another schema version or hash key.
    """
    path = path.absolute()
    make_private_folder(path.parent)
    lock = take_lock(path.with_name(f"{path.name}.lock"), wait=wait, progress=progress)
    with ExitStack() as stack:
        stack.callback(lock.release)
        stack.enter_context(_private_umask())
        limits = limits or Limits()
        if not path.exists():
            _create(path, limits)
        database = stack.enter_context(closing(_open(path, limits)))
        migrate(database, load_migrations())
        key = _hash_key(database, path.with_name(KEY_FILE), hash_key)
        yield Warehouse(database, now, key, lock.epoch)


def rewrite_warehouse(path: Path, *, limits: Limits | None = None) -> None:
    """Write the warehouse anew, row by row, into a file that takes the old one's place.

    A database keeps the bytes of deleted rows in its free pages; a new file has none of them.
    Raises WarehouseBusyError where somebody has it open.
    """
    path, limits = path.absolute(), limits or Limits()
    lock = take_lock(path.with_name(f"{path.name}.lock"), wait=None)
    aside = path.with_name(f".rewritten-{path.name}")
    with ExitStack() as stack:
        stack.callback(lock.release)
        stack.enter_context(_private_umask())
        aside.unlink(missing_ok=True)
        _create(aside, limits)
        with closing(_open(path, limits)) as old, closing(_open(aside, limits)) as new:
            copy_tables(old, new)
            new.checkpoint()
        aside.chmod(PRIVATE_FILE)
        sync_file(aside)
        aside.rename(path)
        sync_folder(path.parent)


@contextmanager
def _private_umask() -> Iterator[None]:
    before = os.umask(0o077)  # DuckDB makes its log and temporary files by the umask alone
    try:
        yield
    finally:
        os.umask(before)


@contextmanager
def _translated_errors() -> Iterator[None]:
    try:
        yield
    except (duckdb.IOException, duckdb.FatalException, duckdb.OutOfMemoryException) as error:
        problem = f"the warehouse stopped ({type(error).__name__})"
        remedy = "see that disk and memory are not full, then pass --resume"
        raise InterruptedRunError(problem, remedy) from None  # the text may hold values


def _settings(
    limits: Limits, temporary_folder: Path
) -> dict[str, str | bool | int | float | list[str]]:
    return {
        **_LOCKED_DOWN,
        "memory_limit": limits.memory,
        "threads": limits.threads,
        "temp_directory": str(temporary_folder),
        "max_temp_directory_size": limits.temporary,
    }


def _register(cursor: duckdb.DuckDBPyConnection, frames: Mapping[str, pl.DataFrame]) -> None:
    for name, frame in frames.items():
        cursor.register(name, frame)


def _log_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.wal")


def _create(path: Path, limits: Limits) -> None:
    """Make a new warehouse aside: a kill on the way leaves nothing under the real name."""
    if _log_of(path).exists():
        raise _broken(path, "is missing beside its log")
    aside = path.with_name(f".new-{path.name}")
    aside.unlink(missing_ok=True)
    _log_of(aside).unlink(missing_ok=True)
    schema = resources.files("data").joinpath("schema.sql").read_text(encoding="utf-8")
    version = Statement(
        "INSERT INTO schema_version VALUES (?)", (newest_version(load_migrations()),)
    )
    with closing(Database(str(aside), limits, _temporary_folder(path))) as database:
        database.transact([Statement(schema), version])
        database.checkpoint()
    aside.chmod(PRIVATE_FILE)
    sync_file(aside)
    aside.rename(path)
    sync_folder(path.parent)


def _open(path: Path, limits: Limits) -> Database:
    try:
        return Database(str(path), limits, _temporary_folder(path))
    except duckdb.Error as error:
        if holder := _FOREIGN_HOLDER.search(str(error)):
            raise busy(path, int(holder[1])) from None
        raise _broken(path, f"cannot be opened ({type(error).__name__})") from None


def _temporary_folder(path: Path) -> Path:
    return path.with_name(f"{path.name}.tmp")


def _broken(path: Path, how: str) -> WarehouseBrokenError:
    return WarehouseBrokenError(
        f"warehouse '{path.name}' {how}",
        "restore a backup; or move it aside, and load feedback and suppressions again",
    )


def _hash_key(database: Database, path: Path, given: bytes | None) -> bytes:
    """Return the key that the warehouse's hashes were made with; make one for a new warehouse."""
    known = database.query("SELECT fingerprint FROM hash_key")["fingerprint"].to_list()
    key = given or read_key(path)
    if key is None and not known:
        key = make_key(path)
    if key is None or (known and fingerprint(key) != known[0]):
        problem = f"the hash key is not the one of this warehouse ('{path.name}')"
        raise SettingError(problem, "restore it: without it no opt-out would be recognised")
    if not known:
        insert = Statement("INSERT INTO hash_key VALUES (?)", (fingerprint(key),))
        database.transact([insert])
    return key
