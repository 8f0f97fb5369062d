"""Reading in a child process of its own: whatever a file does to it, the parent goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

import data
from checks.errors import InputRefusedError, SettingError
from data.intake.jobs import Job, Outcome, Refusal, read_outcome, write_job

_PROJECT: Final = Path(data.__file__).resolve().parent.parent
_REMEDY: Final = "export it again, as CSV if it is a spreadsheet, or cut it into smaller files"


def run_confined(folder: Path, job: Job) -> Outcome:
    """Read the staged file of a folder in a limited child; raise what the child refused.

    A child that is killed, runs out of memory or time, or fails in any other way is a refusal
    of the file (`InputRefusedError`), never an error of ours.
    """
    write_job(folder, job)
    run_child("data.intake.child", folder, job.source, job.limits.wall_seconds)
    outcome = read_outcome(folder)
    if outcome is None:
        problem = f"'{job.source}' {_why(0)}"
        raise InputRefusedError(problem, _REMEDY)
    if outcome.refusal is not None:
        raise raised(outcome.refusal)
    return outcome


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


def raised(refusal: Refusal) -> InputRefusedError | SettingError:
    """Return the error that a child left as a value."""
    error = SettingError if refusal.wrong_setting else InputRefusedError
    return error(refusal.problem, refusal.remedy)
