"""Both scores of every contact, with their steps."""

from __future__ import annotations

import datetime as dt

import polars as pl

from checks.score import Facts, ScoreModel, score_contacts
from data.reference.score import load_score_model, load_score_reference
from flows.executor import write_part
from flows.run import Run

SCORED_PART = "scored.parquet"


def score(run: Run) -> None:
    """Score the contacts of all creditors; the part written aside is what `decide` reads."""
    contacts = run.read("found_contacts")
    creditors = contacts["creditor_id"].unique().sort().to_list()
    facts = Facts(
        contacts=contacts,
        debtors=run.read("debtors"),
        clusters=run.read("clusters"),
        syntax=run.read("syntax"),
        domains=run.read("domains"),
        findings=run.read("findings"),
        history=run.warehouse.history(creditors),
    )
    # ages count to the midnight that ends the day: nothing that has happened is later
    as_of = run.plan.day + dt.timedelta(days=1)
    scored = score_contacts(facts, as_of, score_model(run), load_score_reference())
    write_part(scored.contacts, run.folder("score") / SCORED_PART)
    run.commit(
        "score",
        {
            "steps": scored.steps.unique(
                ["creditor_id", "debtor_id", "address", "score", "position"],
                keep="first",
                maintain_order=True,
            )
        },
    )


def score_model(run: Run) -> ScoreModel:
    """Return the model of `[score] model`, or the built-in priors."""
    return load_score_model(run.plan.settings.score.model)


def scored_contacts(run: Run) -> pl.DataFrame:
    """Return what the score stage left: SCORED, sorted by key."""
    return pl.read_parquet(run.folder("score") / SCORED_PART)
