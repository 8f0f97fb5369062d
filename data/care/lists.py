"""Published lists from which a person was erased, or whose rows are past their time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

import polars as pl

from data.care.person import Person, holds_person
from data.files import write_private
from data.publish.folders import CLEAN_FOLDER, WITHDRAWN_FILE, folder_of_creditor
from data.publish.manifest import MANIFEST_FILE, Manifest, ManifestError, parse_manifest

RECIPIENT_FILES: Final = "recipients*"


def lists_with(out: Path, person: Person) -> list[Path]:
    """Return the folders of the creditor's lists in which the person stands."""
    creditor = folder_of_creditor(out, person.creditor_id)
    found = [
        path.parent
        for path in sorted(creditor.glob(f"*/{RECIPIENT_FILES}.parquet"))
        if _names_person(path, person)
    ]
    return list(dict.fromkeys(found))


def withdraw_list(folder: Path, why: str) -> int:
    """Remove a list's recipients and leave a note; return how many files went.

    The manifest stays as the proof of what was published. `entrega gate` calls such a list not
    whole, so that it cannot be sent by mistake.
    """
    files = sorted(folder.glob(RECIPIENT_FILES))
    for path in files:
        path.unlink()
    if files:
        write_private(folder / WITHDRAWN_FILE, f"{why}\n".encode())
    return len(files)


def lists_before(out: Path, moment: datetime) -> Iterator[Path]:
    """Yield the folders of lists that were made before a moment, of every creditor."""
    for path in sorted((out / CLEAN_FOLDER).glob(f"*/*/{MANIFEST_FILE}")):
        manifest = _manifest(path)
        if manifest is not None and manifest.as_of < moment:
            yield path.parent


def _manifest(path: Path) -> Manifest | None:
    try:
        return parse_manifest(path.read_bytes())
    except ManifestError:
        return None  # not ours to judge: `entrega gate` says what is wrong with it


def _names_person(path: Path, person: Person) -> bool:
    rows = pl.read_parquet(path, columns=["creditor_id", "debtor_id", "email"])
    return not rows.filter(holds_person(rows.columns, person)).is_empty()
