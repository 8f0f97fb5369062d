"""Publishing a clean list: whole or not at all, the newest pointed to in one rename."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from checks.model import GateState
from data.files import (
    PRIVATE_FILE,
    make_private_folder,
    sha256_of,
    sync_file,
    sync_folder,
    write_private,
)
from data.publish.dialect import write_table
from data.publish.folders import (
    ASIDE_PREFIX,
    CURRENT_FILE,
    REPLACED_PREFIX,
    folder_of_creditor,
)
from data.publish.manifest import (
    MANIFEST_FILE,
    Current,
    FileEntry,
    ManifestError,
    make_manifest,
    manifest_bytes,
    parse_current,
    sign,
)
from data.publish.naming import SCHEMA_VERSION, CleanList
from data.publish.schema import SCHEMA_FILE, schema_bytes


def publish_list(
    out: Path, clean: CleanList, *, number: int, signing_key: bytes | None = None
) -> Path:
    """Write `clean/<creditor_id>/<list_id>/` under `out` and point `current.json` to it.

    `number` is the register's; it is raised where `out` already has a newer list. Files are
    written aside and synced, the manifest last, then the folder is renamed: a reader finds all of
    it or none. Publishing the same list again replaces its manifest alone. Returns the folder.
    """
    creditor = make_private_folder(folder_of_creditor(out, clean.facts.creditor_id))
    _sweep(creditor)
    number = _number_above(creditor, clean.list_id, number)
    aside = make_private_folder(creditor / f"{ASIDE_PREFIX}{clean.list_id}")
    manifest = make_manifest(clean, number, _write_files(aside, clean))
    if signing_key is not None:
        manifest = sign(manifest, signing_key)
    write_private(aside / MANIFEST_FILE, manifest_bytes(manifest))
    sync_folder(aside)
    target = creditor / clean.list_id
    _put_in_place(aside, target)
    sync_folder(creditor)
    _point_to(creditor, clean.list_id, number)
    return target


def _write_files(folder: Path, clean: CleanList) -> dict[str, FileEntry]:
    (folder / SCHEMA_FILE).write_bytes(schema_bytes())
    rows: dict[Path, int | None] = {folder / SCHEMA_FILE: None}
    if clean.facts.gate is not GateState.CLOSED:
        for name, frame in clean.tables.items():
            rows |= dict.fromkeys(write_table(frame, folder, name), frame.height)
    entries = {}
    for path, count in rows.items():
        path.chmod(PRIVATE_FILE)
        sync_file(path)
        size = path.stat().st_size
        entries[path.name] = FileEntry(bytes=size, sha256=sha256_of(path), rows=count)
    return entries


def _put_in_place(aside: Path, target: Path) -> None:
    """Rename the list into place; of the same list only the manifest is replaced."""
    if not target.exists():
        aside.rename(target)
        return
    if _same_files(aside, target):
        (aside / MANIFEST_FILE).replace(target / MANIFEST_FILE)
        sync_folder(target)
        shutil.rmtree(aside)
        return
    replaced = target.with_name(f"{REPLACED_PREFIX}{target.name}")  # damaged: ours is whole
    target.rename(replaced)
    aside.rename(target)
    shutil.rmtree(replaced)


def _same_files(aside: Path, target: Path) -> bool:
    names = {path.name for path in aside.iterdir()}
    if target.is_symlink() or {path.name for path in target.iterdir()} != names:
        return False
    return all(
        (target / name).is_file()
        and not (target / name).is_symlink()
        and sha256_of(target / name) == sha256_of(aside / name)
        for name in names - {MANIFEST_FILE}
    )


def _sweep(creditor: Path) -> None:
    """Remove what a killed run left aside."""
    for prefix in (ASIDE_PREFIX, REPLACED_PREFIX):
        for left_over in creditor.glob(f"{prefix}*"):
            if left_over.is_dir() and not left_over.is_symlink():
                shutil.rmtree(left_over)
            else:
                left_over.unlink()


def _number_above(creditor: Path, list_id: str, number: int) -> int:
    """Return a number that no list before has: `out` may have served another warehouse."""
    try:
        current = parse_current((creditor / CURRENT_FILE).read_bytes())
    except (FileNotFoundError, ManifestError):
        return number
    again = current.list_id == list_id
    return max(number, current.list_number if again else current.list_number + 1)


def _point_to(creditor: Path, list_id: str, number: int) -> None:
    current = Current(schema_version=SCHEMA_VERSION, list_id=list_id, list_number=number)
    content = json.dumps(current.model_dump(mode="json"), indent=1, sort_keys=True)
    write_private(creditor / CURRENT_FILE, f"{content}\n".encode())
