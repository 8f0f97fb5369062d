"""Where a parent leaves a job for a child that reads one untrusted file, and finds its outcome.

A folder holds both as JSON files, and rows and faults as Parquet parts. Nothing is printed, and no
error text leaves a child but refusals, which hold no values: what a library says of a bad file may
quote it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Generic, Protocol, TypeVar

import polars as pl
from pydantic import TypeAdapter

from checks.errors import EntregaError, InputRefusedError, SettingError
from data.intake.limits import Limits, confine
from data.intake.running import run_child

INPUT_FILE: Final = "input"
ROW_PARTS: Final = "rows"
FAULT_PARTS: Final = "faults"

_JOB_FILE: Final = "job.json"
_OUTCOME_FILE: Final = "outcome.json"


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error with a remedy, to be raised again by the parent."""

    problem: str
    remedy: str
    wrong_setting: bool

    @classmethod
    def of(cls, error: EntregaError) -> Refusal:
        """Return an error as a value."""
        return cls(error.problem, error.remedy, wrong_setting=isinstance(error, SettingError))

    def raised(self) -> InputRefusedError | SettingError:
        """Return the error that a child left as a value."""
        error = SettingError if self.wrong_setting else InputRefusedError
        return error(self.problem, self.remedy)


class LimitedJob(Protocol):
    """A file to be read, by the name people know, within limits."""

    @property
    def source(self) -> str:
        """The file's name."""
        ...

    @property
    def limits(self) -> Limits:
        """What reading it may take."""
        ...


class RefusableOutcome(Protocol):
    """What became of a job."""

    @property
    def refusal(self) -> Refusal | None:
        """Why nothing did."""
        ...


Job = TypeVar("Job", bound=LimitedJob)
Outcome = TypeVar("Outcome", bound=RefusableOutcome)


class Desk(Generic[Job, Outcome]):
    """The way to one kind of child and back; both are dataclasses that pydantic can read."""

    def __init__(
        self,
        module: str,
        job: type[Job],
        outcome: type[Outcome],
        refused: Callable[[Refusal], Outcome],
    ) -> None:
        """Take the child's module, and how an outcome says that the file was refused."""
        self._module, self._refused = module, refused
        self._job, self._outcome = TypeAdapter(job), TypeAdapter(outcome)

    def ask(self, folder: Path, job: Job) -> Outcome:
        """Have the staged file of a folder read in a limited child; raise what the child refused.

        A child that is killed, runs out of memory or time, or fails in any other way is a refusal
        of the file (`InputRefusedError`), never an error of ours.
        """
        (folder / _JOB_FILE).write_bytes(self._job.dump_json(job))
        run_child(self._module, folder, job.source, job.limits.wall_seconds)
        path = folder / _OUTCOME_FILE
        if not path.exists():
            problem = f"'{job.source}' could not be read"
            raise InputRefusedError(problem, "export it again")
        outcome = self._outcome.validate_json(path.read_bytes())
        if outcome.refusal is not None:
            raise outcome.refusal.raised()
        return outcome

    def serve(self, run: Callable[[Path, Job], Outcome]) -> int:
        """Be the child: do the job of the folder named on the command line; return exit code 0."""
        folder = Path(sys.argv[1])
        job = self._job.validate_json((folder / _JOB_FILE).read_bytes())
        confine(job.limits)
        try:
            outcome = run(folder, job)
        except EntregaError as error:
            outcome = self._refused(Refusal.of(error))
        aside = folder / f"{_OUTCOME_FILE}.tmp"  # whole or not at all
        aside.write_bytes(self._outcome.dump_json(outcome))
        aside.rename(folder / _OUTCOME_FILE)
        return 0


def write_part(folder: Path, kind: str, number: int, frame: pl.DataFrame) -> None:
    """Leave a part, ROW_PARTS or FAULT_PARTS; none where it is empty."""
    if frame.height:
        path = folder / f"{kind}-{number:06d}.parquet"
        aside = path.with_suffix(".tmp")
        frame.write_parquet(aside, compression="zstd", compression_level=1)
        aside.rename(path)


def read_parts(folder: Path, kind: str) -> Iterator[pl.DataFrame]:
    """Yield the parts that a child wrote, in their order."""
    for path in part_files(folder, kind):
        yield pl.read_parquet(path)


def part_files(folder: Path, kind: str) -> list[Path]:
    """Return where the parts lie, in their order."""
    return sorted(folder.glob(f"{kind}-*.parquet"))
