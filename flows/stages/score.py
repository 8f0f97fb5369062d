"""Both scores of every contact, with their steps."""

from __future__ import annotations

import datetime as dt

import polars as pl

from checks.score import Facts, Scored, ScoreModel, score_contacts
from data.reference.score import load_score_model, load_score_reference
from flows.executor import write_part
from flows.run import Run

SCORED_PART = "scored.parquet"


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
    """Return the model of `[score] model`, or the built-in priors."""
    return load_score_model(run.plan.settings.score.model)


def scored_contacts(run: Run) -> pl.DataFrame:
    """Return what the score stage left: SCORED, sorted by key."""
    return pl.read_parquet(run.folder("score") / SCORED_PART)
