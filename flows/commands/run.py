"""`entrega run`: the main job, through Prefect or without it."""

from __future__ import annotations

import json

from flows.away import AwayError
from flows.outcome import Outcome, load_outcome, outcome_of, print_outcome
from flows.pipeline import STAGES, directly, pipeline
from flows.plan import RunPlan
from flows.prefect_home import prepare_prefect
from flows.prepare import RunRequest, plan_digests, prepare_run
from flows.progress import Progress
from flows.run import open_run


def run_portfolio(request: RunRequest, *, as_json: bool) -> int:
    """Run what is asked for; return the exit code."""
    plan = prepare_run(request)
    progress = Progress(len(STAGES))
    progress.note(f"run {plan.run_id} (if interrupted: {resume_command(plan)})")
    call = run_locally if request.local else run_through_prefect
    try:
        outcome = call(plan, progress, wait=request.wait)
    except AwayError as waiting:
        if as_json:
            print(json.dumps({**waiting.facts, "exit_code": waiting.exit_code}, sort_keys=True))
        raise
    return print_outcome(outcome, as_json=as_json)


def resume_command(plan: RunPlan) -> str:
    """Return the command that goes on with a run."""
    return f"entrega run --resume {plan.run_id} --warehouse {plan.warehouse}"


def run_locally(plan: RunPlan, progress: Progress, *, wait: bool) -> Outcome:
    """Call the stages as plain functions."""
    with open_run(plan, progress, digests=plan_digests(plan), wait=wait) as run:
        pipeline(run, directly)
        return outcome_of(run)


def run_through_prefect(plan: RunPlan, progress: Progress, *, wait: bool) -> Outcome:
    """Call the stages as tasks of a Prefect flow, on a configured or a temporary server."""
    prepare_prefect(plan.warehouse.parent / "prefect")
    progress.note("starting Prefect (a first start takes half a minute; --local does without)")
    from flows.hygiene import hygiene

    hygiene(resume=plan.run_id, warehouse=str(plan.warehouse), wait=wait)
    return load_outcome(plan)
