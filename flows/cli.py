"""The command line: `entrega --help` names the commands, each imports its work when called."""

from __future__ import annotations

import os
import sys

from cyclopts import CycloptsError

from flows.faults import explain_fault, forget_frames
from flows.shell import around_sending, care, elsewhere, main_job
from flows.shell.options import app

__all__ = ["COMMANDS", "app", "main"]

COMMANDS = (main_job, around_sending, care, elsewhere)
"""The modules that name the commands: importing them is what registers them."""


def main() -> None:
    """Run the command line and end with its exit code."""
    os.umask(0o077)
    try:
        code = app(exit_on_error=False, result_action="return_value")
    except CycloptsError:
        sys.exit(2)  # cyclopts has said what is wrong
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  the last line of defence
        code = explain_fault(error)
        forget_frames(error)
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
