"""Folders of messages, one file each, packed into one mbox for the child that reads them."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from checks.errors import InputRefusedError
from data.feedback.mail.mbox import MESSAGE_BYTES, mbox_entry
from data.intake.staging import source_name

MAILDIR: Final = ("new", "cur")
"""Subfolders that make a folder a maildir; `tmp` holds what is still being written."""


def is_maildir(folder: Path) -> bool:
    """Tell whether a folder is a maildir."""
    return all((folder / name).is_dir() for name in MAILDIR)


def message_files(folder: Path) -> list[Path]:
    """Return the messages of a maildir, or the files of any other folder, sorted.

    Links, devices, hidden files and those that are still being written (.part, .tmp) are left out.
    """
    places = [folder / name for name in MAILDIR] if is_maildir(folder) else [folder]
    files = (each for place in places for each in place.iterdir())
    return sorted(each for each in files if _is_plain(each))


def pack_mailbox(folder: Path, target: Path) -> None:
    """Write the messages of a folder into one new mbox; raise InputRefusedError without any."""
    files = message_files(folder)
    if not files:
        problem = f"folder '{source_name(folder)}' holds no messages"
        raise InputRefusedError(problem, "give a maildir, or a folder of .eml files")
    pack_messages(files, target)


def pack_messages(files: Iterable[Path], target: Path) -> None:
    """Write messages of a file each into one new mbox; of each 256 KiB are taken."""
    with target.open("xb") as mbox:
        for path in files:
            mbox.write(mbox_entry(_content(path)))


def _content(path: Path) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        return file.read(MESSAGE_BYTES)


def _is_plain(path: Path) -> bool:
    is_open = path.name.startswith(".") or path.suffix in {".part", ".tmp"}
    return not is_open and stat.S_ISREG(path.lstat().st_mode)
