"""Folders of messages, one file each, packed into one mbox for the child that reads them."""

from __future__ import annotations

import os
import stat
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
    """Return the messages of a maildir, or the files of any other folder, sorted by name."""
    places = [folder / name for name in MAILDIR] if is_maildir(folder) else [folder]
    files = (each for place in places for each in place.iterdir())
    return sorted(each for each in files if _is_plain(each))


def pack_mailbox(folder: Path, target: Path) -> int:
    """Write the messages of a folder into one new mbox; return how many they are.

    Links and devices are left out, hidden files as well; of each message 256 KiB are taken.
    """
    count = 0
    with target.open("xb") as mbox:
        for message in map(_content, message_files(folder)):
            mbox.write(mbox_entry(message))
            count += 1
    if not count:
        problem = f"folder '{source_name(folder)}' holds no messages"
        raise InputRefusedError(problem, "give a maildir, or a folder of .eml files")
    return count


def _content(path: Path) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        return file.read(MESSAGE_BYTES)


def _is_plain(path: Path) -> bool:
    return not path.name.startswith(".") and stat.S_ISREG(path.lstat().st_mode)
