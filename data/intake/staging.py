"""A private copy of an input: what was hashed is what is read, whatever the file is called."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from checks.errors import InputRefusedError
from data.intake.limits import MIB, Limits

_BLOCK = 4 * MIB


@dataclass(frozen=True, slots=True)
class StagedFile:
    """A copy named `input` in a folder of its own; `source` is the name the user knows."""

    source: str
    path: Path
    sha256: str
    size: int


def stage_file(path: Path, folder: Path, limits: Limits) -> StagedFile:
    """Copy the file into the folder (mode 0700) and return its SHA-256 and size.

    The copy's fixed name keeps file names such as `a*.csv`, `s3://b` or `-` from reaching an
    engine that would read more into them. Symbolic links and devices are refused: a drop folder
    must not lead to another file.
    """
    source = source_name(path)
    descriptor = _open_regular(path, source)
    target = folder / "input"
    digest = hashlib.sha256()
    size = 0
    with os.fdopen(descriptor, "rb") as reader, target.open("xb") as writer:
        while block := reader.read(_BLOCK):
            size += len(block)
            if size > limits.file_bytes:
                problem = f"'{source}' is larger than {limits.file_bytes // MIB} MiB"
                raise InputRefusedError(problem, "cut it into several files and give them all")
            digest.update(block)
            writer.write(block)
    if size == 0:
        problem = f"'{source}' is empty"
        raise InputRefusedError(problem, "export it again")
    return StagedFile(source, target, digest.hexdigest(), size)


def source_name(path: Path) -> str:
    """Return the file's name without folders and without unprintable characters.

    >>> source_name(Path("/srv/in/carteira.csv"))
    'carteira.csv'
    """
    return "".join(char if char.isprintable() else "?" for char in path.name)


def _open_regular(path: Path, source: str) -> int:
    # O_NONBLOCK: a named pipe must not keep us waiting before it is recognised as one
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags)
    except FileNotFoundError:
        problem = f"there is no file '{source}'"
        raise InputRefusedError(problem, "check the path") from None
    except OSError as error:
        why = "is a symbolic link" if path.is_symlink() else f"cannot be opened ({error.strerror})"
        problem = f"'{source}' {why}"
        raise InputRefusedError(problem, "give a readable regular file") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        problem = f"'{source}' is not a regular file"
        raise InputRefusedError(problem, "give a readable regular file")
    return descriptor
