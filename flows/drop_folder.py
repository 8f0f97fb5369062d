"""Folders that events are dropped into: each file is taken once, then moved out of the way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from data.feedback.mailboxes import is_maildir, message_files, pack_messages
from data.feedback.sniffing import is_message
from data.files import make_private_folder
from data.intake.staging import source_name

_MAILDIR_PARTS = ("tmp", "new", "cur")


@dataclass(frozen=True, slots=True)
class EventSource:
    """A file to be read, and the files of a drop folder that it stands for."""

    path: Path
    folder: Path | None = None
    files: tuple[Path, ...] = ()

    def set_aside(self, name: str) -> None:
        """Move the files into a subfolder `name` of their drop folder; others stay where they are.

        Of a maildir it is the subfolder `.name`, which mail programs show as a folder. Nothing is
        ever replaced: a name that is taken gets a number.
        """
        if self.folder is None:
            return
        target = _subfolder(self.folder, name)
        for file in self.files:
            file.rename(_free_name(target, file.name))


def sources_of(path: Path, work_dir: Path) -> Iterator[EventSource]:
    """Return what a path holds: the file itself, or the new files of a folder.

    Single messages of a folder are packed into one mbox in `work_dir` and read together.
    """
    if not path.is_dir():
        yield EventSource(path)
        return
    files = message_files(path)
    mails = [file for file in files if is_maildir(path) or is_message(file)]
    if mails:
        packed = work_dir / f"{source_name(path)}-{len(list(work_dir.iterdir()))}"
        pack_messages(mails, packed)
        yield EventSource(packed, path, tuple(mails))
    for file in files:
        if file not in set(mails):
            yield EventSource(file, path, (file,))


def _subfolder(folder: Path, name: str) -> Path:
    if not is_maildir(folder):
        return make_private_folder(folder / name)
    for part in _MAILDIR_PARTS:
        make_private_folder(folder / f".{name}" / part)
    return folder / f".{name}" / "cur"


def _free_name(folder: Path, name: str) -> Path:
    stem, dot, ending = name.partition(".")
    free, number = folder / name, 2
    while free.exists():
        free = folder / f"{stem}-{number}{dot}{ending}"
        number += 1
    return free
