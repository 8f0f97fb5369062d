"""Where a creditor's lists lie: a folder whose name no creditor id can lead astray."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final
from urllib.parse import quote

CLEAN_FOLDER: Final = "clean"
CURRENT_FILE: Final = "current.json"
WITHDRAWN_FILE: Final = "WITHDRAWN.txt"  # says why a list has no recipients any more
ASIDE_PREFIX: Final = ".tmp-"
REPLACED_PREFIX: Final = ".old-"
_LONGEST_NAME: Final = 120


def folder_of_creditor(out: Path, creditor_id: str) -> Path:
    """Return `clean/<creditor_id>` under `out`, the id made safe as a file name."""
    return out / CLEAN_FOLDER / folder_name(creditor_id)


def folder_name(creditor_id: str) -> str:
    """Return a creditor id as one file name: unsafe bytes as %XX, long ones cut with a hash.

    >>> folder_name("banco-7"), folder_name("Loja São João"), folder_name("../x"), folder_name(".")
    ('banco-7', 'Loja%20S%C3%A3o%20Jo%C3%A3o', '%2E%2E%2Fx', '%2E')
    """
    name = quote(creditor_id, safe="", errors="surrogatepass")
    if name.startswith((".", "~", "-")):  # hidden, expanded by shells, taken for an option
        name = "".join(f"%{byte:02X}" if byte in b".~-" else chr(byte) for byte in name.encode())
    if not name or len(name) > _LONGEST_NAME:
        digest = hashlib.sha256(creditor_id.encode(errors="surrogatepass")).hexdigest()[:16]
        name = f"{name[: _LONGEST_NAME - 20]}%{digest}"
    return name
