"""Which rules and lists a result was made with."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files


@cache
def rules_version() -> str:
    """Return a short name for the content of every reference file; it changes with any of them.

    >>> len(rules_version())
    12
    """
    digest = hashlib.sha256()
    for entry in sorted(files("data.reference").iterdir(), key=lambda each: each.name):
        if entry.is_file() and not entry.name.endswith((".py", ".pyc", ".md")):
            digest.update(entry.name.encode() + b"\0" + entry.read_bytes() + b"\0")
    return digest.hexdigest()[:12]
