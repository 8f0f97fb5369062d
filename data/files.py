"""Writing files so that a reader sees the old one or the new one, and nobody else sees either."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

PRIVATE_FILE: Final = 0o600
PRIVATE_FOLDER: Final = 0o700
_BLOCK: Final = 1 << 20


def make_private_folder(folder: Path) -> Path:
    """Make the folder and its missing parents for the owner alone; return it.

    A folder that is already there keeps its mode: it may be the user's own.
    """
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        each.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
        each.chmod(PRIVATE_FOLDER)  # mkdir's mode is cut by the umask, which may cut too much
    return folder


def sync_file(path: Path) -> None:
    """Have the file's bytes on the disk; raise OSError where the disk says no."""
    _sync(path, os.O_RDONLY)


def sync_folder(folder: Path) -> None:
    """Have the folder's names on the disk: without it a rename may be lost with the power."""
    _sync(folder, os.O_RDONLY | os.O_DIRECTORY)


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def replaced_file(path: Path) -> Iterator[Path]:
    """Give a path to write aside; on leaving it is private, synced and renamed over `path`.

    An error leaves the old file as it was and no file aside.
    """
    aside = path.with_name(f".tmp-{path.name}")
    aside.unlink(missing_ok=True)
    aside.touch(mode=PRIVATE_FILE)
    try:
        yield aside
        aside.chmod(PRIVATE_FILE)
        sync_file(aside)
        aside.replace(path)
        sync_folder(path.parent)
    finally:
        aside.unlink(missing_ok=True)


def write_private(path: Path, content: bytes) -> None:
    """Write a whole file in one step: the old content or the new, never a part."""
    with replaced_file(path) as aside:
        aside.write_bytes(content)


def sha256_of(path: Path) -> str:
    """Return the file's SHA-256 in hexadecimal, read in blocks of a mebibyte."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
