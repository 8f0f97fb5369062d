"""What can be wrong with a clean list's files: each check returns the problems it finds."""

from __future__ import annotations

import stat
from pathlib import Path

import polars as pl

from checks.model import GateState
from data.files import sha256_of
from data.publish.dialect import FORMATS
from data.publish.folders import WITHDRAWN_FILE, folder_name
from data.publish.manifest import MANIFEST_FILE, Manifest
from data.publish.schema import SCHEMA_FILE, TABLES, schema_bytes


def contradictions(folder: Path, manifest: Manifest) -> tuple[str, ...]:
    """Check the manifest against itself and against where it lies."""
    name, creditor = folder.absolute().name, folder.absolute().parent.name
    rows = {
        table: {manifest.files[file].rows for file in _files_of(table) if file in manifest.files}
        for table in TABLES
    }
    closed = manifest.gate.state is GateState.CLOSED
    checks = {
        "the folder has another list's name": name == manifest.list_id,
        "the list lies in another creditor's folder": creditor == folder_name(manifest.creditor_id),
        "the list's name has another day": manifest.list_id[:8] == f"{manifest.as_of:%Y%m%d}",
        "the list expires before it begins": manifest.as_of < manifest.expires_at,
        "the counts are not those of the files": all(
            manifest.counts.get(table) == 0 if closed else {manifest.counts.get(table)} == found
            for table, found in rows.items()
        ),
    }
    return tuple(problem for problem, holds in checks.items() if not holds)


def wrong_names(folder: Path, manifest: Manifest) -> tuple[str, ...]:
    """Compare the names in the folder with those that a list of this kind has."""
    closed = manifest.gate.state is GateState.CLOSED
    wanted = {SCHEMA_FILE} | {file for table in TABLES for file in _files_of(table) if not closed}
    found = {path.name for path in folder.iterdir()} - {MANIFEST_FILE}
    if WITHDRAWN_FILE in found:
        return (f"the list was withdrawn, {WITHDRAWN_FILE} says why; a new run publishes another",)
    missing = [f"file '{name}' is missing" for name in sorted(wanted - found)]
    unlisted = [
        f"file '{name}' is not in the manifest" for name in sorted(wanted - set(manifest.files))
    ]
    surplus = [f"file {name!a} does not belong here" for name in sorted(found - wanted)]
    listed = [f"the manifest lists {name!a}" for name in sorted(set(manifest.files) - wanted)]
    linked = ["the folder is a link"] if folder.is_symlink() else []
    return (*missing, *unlisted, *surplus, *listed, *linked)


def wrong_files(folder: Path, manifest: Manifest) -> tuple[str, ...]:
    """Compare kind, size and bytes of every file with the manifest."""
    problems = []
    for name, entry in sorted(manifest.files.items()):
        found = (folder / name).lstat()
        if not stat.S_ISREG(found.st_mode):
            problems.append(f"'{name}' is not a plain file")
        elif found.st_size != entry.bytes:
            problems.append(f"file '{name}' has another size")
        elif sha256_of(folder / name) != entry.sha256:
            problems.append(f"file '{name}' has other bytes")
    return tuple(problems)


def wrong_content(folder: Path, manifest: Manifest) -> tuple[str, ...]:
    """Open the files, whose bytes are right, and compare what they hold."""
    if (folder / SCHEMA_FILE).read_bytes() != schema_bytes():
        return (f"'{SCHEMA_FILE}' is not that of schema version {manifest.schema_version}",)
    if manifest.gate.state is GateState.CLOSED:
        return ()
    problems = [problem for table in TABLES if (problem := _wrong_rows(folder, table, manifest))]
    return tuple(problems)


def _wrong_rows(folder: Path, table: str, manifest: Manifest) -> str | None:
    """Compare the three forms of a table: columns, number of rows, message keys."""
    try:
        forms = [_message_keys(folder / f"{table}.{form}", table) for form in FORMATS]
    except (pl.exceptions.PolarsError, OSError, UnicodeDecodeError):
        return f"table '{table}' cannot be read"
    first = forms[0]
    if first.len() != manifest.counts[table]:
        return f"table '{table}' has another number of rows"
    if not all(first.equals(other) for other in forms[1:]):
        return f"the files of table '{table}' differ"
    if first.null_count() or first.is_duplicated().any():
        return f"table '{table}' has a message key missing or twice"
    return None


def _message_keys(path: Path, table: str) -> pl.Series:
    if path.suffix == ".parquet":
        lazy = pl.scan_parquet(path)
    elif path.suffix == ".csv":
        lazy = pl.scan_csv(path, infer_schema=False, eol_char="\n")
    else:
        lazy = pl.scan_ndjson(path, schema=pl.Schema(dict.fromkeys(TABLES[table], pl.String())))
    if lazy.collect_schema().names() != TABLES[table].names():
        raise pl.exceptions.SchemaError(path.name)
    return lazy.select("message_key").collect()["message_key"]


def _files_of(table: str) -> list[str]:
    return [f"{table}.{form}" for form in FORMATS]
