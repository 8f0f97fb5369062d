"""From an exception to a sentence and an exit code, without personal data."""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path

from checks.errors import EntregaError

OUR_FAULT = 1
INTERRUPTED = 4


def explain_fault(error: BaseException) -> int:
    """Say on standard error what happened and what to do; return the exit code.

    Errors of ours carry their remedy. Of any other only type and place are shown, for its text
    may hold a value of a row; `ENTREGA_DEBUG=1` shows all of it.
    """
    if isinstance(error, EntregaError):
        print(f"entrega: {error}", file=sys.stderr)
        return error.exit_code
    if isinstance(error, BrokenPipeError):
        # whoever read our output has had enough; what is left in the buffer goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    if isinstance(error, KeyboardInterrupt):
        print("entrega: interrupted; go on with --resume RUN_ID", file=sys.stderr)
        return INTERRUPTED
    if os.environ.get("ENTREGA_DEBUG"):
        traceback.print_exception(error)
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(frame.filename).name}:{frame.lineno}"
    print(
        f"entrega: a fault of our own, {type(error).__name__} at {place}; "
        "please report it, with the output under ENTREGA_DEBUG=1 if it holds nothing private",
        file=sys.stderr,
    )
    return OUR_FAULT


def forget_frames(error: BaseException) -> None:
    """Cut an explained error, and those it came from, off the frames they passed through.

    Prefect keeps the error of a flow until the process ends, and with it whatever was open in
    those frames: DuckDB 2.0 then prints a page about leaked instances.
    """
    links: list[BaseException | None] = [error]
    while links:
        if (link := links.pop()) is not None and link.__traceback__ is not None:
            link.__traceback__ = None
            links += [link.__cause__, link.__context__]
