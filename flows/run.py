"""One open run: its plan, its warehouse, and what stages tell each other beside tables."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from data.files import make_private_folder, replaced_file
from data.warehouse import Limits, Warehouse, open_warehouse
from flows.executor import Executor, make_executor
from flows.plan import RunPlan
from flows.progress import Progress

WAIT_SECONDS = 24 * 3_600.0


@dataclass(slots=True)
class Run:
    """What a stage may use; holds no table and no address itself."""

    plan: RunPlan
    warehouse: Warehouse
    progress: Progress
    executor: Executor
    done: set[str] = field(default_factory=set)

    def __repr__(self) -> str:
        """Name the run and nothing in it: schedulers show what they pass on."""
        return f"Run({self.plan.run_id})"

    def read(self, table: str) -> pl.DataFrame:
        """Return this run's rows of a warehouse table, sorted by key."""
        return self.warehouse.read(table, self.plan.run_id)

    def commit(self, stage: str, tables: Mapping[str, pl.DataFrame]) -> None:
        """Put the stage's tables in and mark it done, in one transaction."""
        self.warehouse.commit(self.plan.run_id, stage, tables)
        self.done.add(stage)

    def folder(self, name: str) -> Path:
        """Return a folder of the run's own for parts and journals."""
        return make_private_folder(self.plan.work / name)

    def remember(self, name: str, facts: Mapping[str, Any]) -> None:
        """Keep facts that are no table, e.g. sums; no personal data. Call before `commit`."""
        with replaced_file(self.plan.work / f"{name}.json") as aside:
            aside.write_text(json.dumps(facts, indent=1, sort_keys=True), "utf-8")

    def recall(self, name: str) -> dict[str, Any]:
        """Return the facts kept under a name; empty where there are none."""
        file = self.plan.work / f"{name}.json"
        return dict(json.loads(file.read_text("utf-8"))) if file.is_file() else {}

    def warn(self, stage: str, warnings: list[str]) -> None:
        """Keep what a stage could not do, for the report and the exit code."""
        self.remember(f"{stage}.degraded", {"warnings": warnings})

    def told_by(self, stage: str) -> list[str]:
        """Return what a stage could not do, in its own words."""
        return list(self.recall(f"{stage}.degraded").get("warnings", ()))

    def note(self, stage: str, notes: list[str]) -> None:
        """Keep what people should know of a stage and what is no fault; shown at once."""
        self.remember(f"{stage}.noted", {"warnings": notes})
        for text in notes:
            self.progress.note(f"note: {text}")

    @property
    def warnings(self) -> list[str]:
        """What configured sources failed to give, in order of stages."""
        return self._told("degraded")

    @property
    def notes(self) -> list[str]:
        """What people should know and what is no fault, in order of stages."""
        return self._told("noted")

    def _told(self, kind: str) -> list[str]:
        files = sorted(self.plan.work.glob(f"*.{kind}.json"))
        return [text for file in files for text in self.recall(file.stem)["warnings"]]


def utc_now() -> dt.datetime:
    """Return the wall clock's moment."""
    return dt.datetime.now(dt.UTC)


@contextmanager
def open_run(
    plan: RunPlan,
    progress: Progress,
    *,
    digests: Mapping[str, str] | None,
    wait: bool = False,
    now: Callable[[], dt.datetime] = utc_now,
) -> Iterator[Run]:
    """Open the plan's warehouse, begin the run in it or take it up again.

    `digests` are of what its stages depend on; None takes the run as it stands, to look at what
    is done: its inputs may be gone.
    """
    with open_warehouse(
        plan.warehouse,
        now=now,
        wait=WAIT_SECONDS if wait else None,
        limits=Limits(memory=plan.settings.engine.memory),
    ) as warehouse:
        if digests is not None:
            warehouse.start_run(plan.run_id, as_of=plan.as_of, digests=digests)
        engine = plan.settings.engine
        yield Run(
            plan=plan,
            warehouse=warehouse,
            progress=progress,
            executor=make_executor(engine.executor, engine.workers),
            done=set(warehouse.done(plan.run_id)),
        )
