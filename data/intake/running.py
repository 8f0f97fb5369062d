"""Reading in a child process of its own: whatever a file does to it, the parent goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

import data
from checks.errors import InputRefusedError

_PROJECT: Final = Path(data.__file__).resolve().parent.parent
_REMEDY: Final = "export it again, as CSV if it is a spreadsheet, or cut it into smaller files"


def run_child(module: str, folder: Path, source: str, wall_seconds: float) -> None:
    """Run `python -m MODULE FOLDER` with no input, output or secrets; raise if it fails.

    The module limits itself (`data.intake.limits.confine`) and answers by files in the folder.
    """
    command = [sys.executable, "-P", "-m", module, str(folder)]
    try:
        ended = subprocess.run(  # noqa: S603
            command,
            env=_environment(folder),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=wall_seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        problem = f"'{source}' took longer than {wall_seconds:.0f} s to read"
        raise InputRefusedError(problem, _REMEDY) from None
    if ended.returncode != 0:
        problem = f"'{source}' {_why(ended.returncode)}"
        raise InputRefusedError(problem, _REMEDY)


def _environment(folder: Path) -> dict[str, str]:
    """Return what the child needs to start, and nothing that could hold a secret."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    return kept | {
        "PYTHONPATH": str(_PROJECT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "TMPDIR": str(folder),
        "POLARS_MAX_THREADS": "2",  # each thread reserves address space
        "POLARS_TEMP_DIR": str(folder),
    }


def _why(returncode: int) -> str:
    if returncode == -signal.SIGXCPU:
        return "took too much processor time to read"
    if returncode < 0:
        return "needed more memory than a file may, or broke its reader"
    return "could not be read"
