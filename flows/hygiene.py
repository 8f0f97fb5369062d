"""The Prefect flow: the paragraph of `flows/pipeline.py`, each stage a task.

Parameters are paths and run ids only. The warehouse, not Prefect, knows what is done.
"""

from __future__ import annotations

from pathlib import Path

from prefect import flow, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows.outcome import Outcome, outcome_markdown, outcome_of
from flows.pipeline import STAGES, Stage, pipeline
from flows.prepare import RunRequest, plan_digests, prepare_run
from flows.progress import Progress
from flows.run import Run, open_run


def as_task(stage: Stage, run: Run) -> None:
    """Call a stage as a Prefect task: nothing cached, nothing persisted."""
    task(name=stage.__name__, cache_policy=NO_CACHE, persist_result=False)(stage)(run)


@flow(name="hygiene", persist_result=False, validate_parameters=False)
def hygiene(
    inputs: list[str] | None = None,
    config: str | None = None,
    out: str = "var/out",
    warehouse: str | None = None,
    resume: str | None = None,
    *,
    wait: bool = False,
) -> State[None]:
    """Check a portfolio and publish report, clean list and manifest.

    A run whose configured source failed ends `Completed(name="Degraded")`: chain what follows on
    both names.
    """
    request = RunRequest(
        inputs=tuple(Path(name) for name in inputs or ()),
        config=Path(config) if config else None,
        out=Path(out),
        warehouse=Path(warehouse) if warehouse else None,
        resume=resume,
    )
    plan = prepare_run(request)
    with open_run(plan, Progress(len(STAGES)), digests=plan_digests(plan), wait=wait) as run:
        pipeline(run, as_task)
        outcome = outcome_of(run)
    return _state(outcome)


def _state(outcome: Outcome) -> State[None]:
    create_markdown_artifact(
        key="hygiene",
        markdown=outcome_markdown(outcome),
        description="what the run decided, without any row",
    )
    if outcome.warnings:
        return Completed(name="Degraded", message="; ".join(outcome.warnings))
    return Completed(message="report and lists are published")
