"""Both scores of every contact, with their steps."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import polars as pl

from checks.score import Facts, Scored, ScoreModel, model_as_json, read_model, score_contacts
from data.reference.score import load_score_model, load_score_reference, score_model_digest
from flows.executor import write_part
from flows.plan import model_file
from flows.run import Run

SCORED_PART = "scored.parquet"
MODEL_NAME = "model"


def score(run: Run) -> None:
    """Score the contacts of all creditors; the part written aside is what `decide` reads."""
    scored = scored_with(run, run.read("findings"))
    write_part(scored.contacts, run.folder("score") / SCORED_PART)
    run.commit("score", {"steps": scored.steps})


def scored_with(run: Run, findings: pl.DataFrame) -> Scored:
    """Return both scores of every contact, given what mailbox servers said."""
    contacts = run.read("found_contacts")
    facts = Facts(
        contacts=contacts,
        debtors=run.read("debtors"),
        clusters=run.read("clusters"),
        syntax=run.read("syntax"),
        domains=run.read("domains"),
        findings=findings,
        history=run.warehouse.history(contacts["creditor_id"].unique().sort().to_list()),
    )
    # ages count to the midnight that ends the day: nothing that has happened is later
    as_of = run.plan.day + dt.timedelta(days=1)
    return score_contacts(facts, as_of, score_model(run), load_score_reference())


def score_model(run: Run) -> ScoreModel:
    """Return the model of this run: the one in force when it was first asked for.

    It is kept with the run, so that all stages, a resumed run and later learning go by the same.
    """
    if (kept := model_of_run(run.plan.work)) is not None:
        return kept
    file = model_file(run.plan.settings, run.plan.warehouse)
    model = load_score_model(file)
    numbers = model_as_json(model)
    run.remember(MODEL_NAME, {"sha256": score_model_digest(file), "model": numbers})
    return read_model(numbers)


def model_of_run(work: Path) -> ScoreModel | None:
    """Return the model kept in a run's folder; None where it is gone or not yet chosen."""
    file = work / f"{MODEL_NAME}.json"
    return read_model(json.loads(file.read_text("utf-8"))["model"]) if file.is_file() else None


def model_digest(run: Run) -> str:
    """Return sha256 of the file that this run's model was read from."""
    score_model(run)
    return str(run.recall(MODEL_NAME)["sha256"])


def scored_contacts(run: Run) -> pl.DataFrame:
    """Return what the score stage left: SCORED, sorted by key."""
    return pl.read_parquet(run.folder("score") / SCORED_PART)
