"""Progress for people: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO


class Progress:
    """Tells on a stream which stage runs and how far it is; holds no personal data."""

    def __init__(self, stages: int, stream: TextIO | None = None) -> None:
        """Expect `stages` stages; write to standard error unless told otherwise."""
        self._stream = stream or sys.stderr
        self._stages = stages
        self._position = 0
        self._live = self._stream.isatty()
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Show a stage while it runs, with the seconds it took when it is done."""
        self._position += 1
        started = time.perf_counter()
        if self._live:
            self._show(f"{self._bar()} {name} ...", end="\r")
        yield
        self.seconds[name] = time.perf_counter() - started
        self._show(f"{self._bar()} {name} {self.seconds[name]:.1f} s")

    def skip(self, name: str) -> None:
        """Say that a stage was done before an interruption."""
        self._position += 1
        self._show(f"{self._bar()} {name} (done before)")

    def step(self, done: int, total: int, what: str) -> None:
        """Say how far a long stage is; on a terminal only."""
        if self._live:
            self._show(f"{self._bar()} {done:,} of {total:,} {what}", end="\r")

    def note(self, text: str) -> None:
        """Say something that people should see."""
        self._show(text)

    def _bar(self) -> str:
        done = "#" * self._position
        return f"[{done:<{self._stages}}] {self._position:>2}/{self._stages}"

    def _show(self, text: str, end: str = "\n") -> None:
        clear = "\x1b[2K" if self._live else ""
        print(f"{clear}{text}", end=end, file=self._stream, flush=True)
