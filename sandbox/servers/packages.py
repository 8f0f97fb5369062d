"""Where the unpacked packages are, and how a program of theirs is started from there.

`scripts/install-mail-servers` fills one root a server; nothing is installed on the system.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Final

ROOTS: Final = Path(__file__).resolve().parents[2] / "var" / "servers"
MAIL_SERVERS: Final = ("postfix", "exim", "opensmtpd", "postgrey")
NAME_SERVERS: Final = ("nsd", "unbound")
_REMEDY: Final = "run scripts/install-mail-servers"


def root_of(name: str) -> Path:
    """Return the root that a server's packages were unpacked into; FileNotFoundError if not."""
    root = ROOTS / name
    if not (root / ".ready").exists():
        message = f"{name} is not there; {_REMEDY}"
        raise FileNotFoundError(message)
    return root


def missing(*names: str) -> str | None:
    """Return why these servers cannot be started, as a sentence; None where all are there."""
    absent = [name for name in names if not (ROOTS / name / ".ready").exists()]
    return f"{', '.join(absent)} not there; {_REMEDY}" if absent else None


def program(name: str, path: str) -> str:
    """Return the absolute path of a program inside a server's root."""
    return str(root_of(name) / path)


def environment(name: str) -> Mapping[str, str]:
    """Return an environment in which a server finds the libraries it was unpacked with."""
    libraries = root_of(name) / "usr" / "lib" / f"{platform.machine()}-linux-gnu"
    return {**os.environ, "LD_LIBRARY_PATH": str(libraries), "LC_ALL": "C"}
