"""From the events in the warehouse to a score model that later runs go by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from checks.errors import EntregaError
from checks.frames import empty
from checks.score import (
    LEAST_MESSAGES,
    LESSONS,
    OUTCOMES,
    OWNER_LESSONS,
    Learning,
    ScoreModel,
    learn_model,
    lessons_from,
    merge_lessons,
    merge_owner_lessons,
    owner_lessons_from,
)
from data.hashing import keyed_hash
from data.reference.score import load_score_model
from data.warehouse import Warehouse
from flows.plan import work_folder
from flows.stages.score import model_of_run

HELD_OUT: Final = tuple("0123")
"""First digits of the keyed hash of an address that is held out: a quarter of all, for ever."""


class TooFewEventsError(EntregaError):
    """There is nothing to learn from yet."""

    exit_code = 3


@dataclass(frozen=True, slots=True)
class Lessons:
    """What the messages of one or more runs teach."""

    learnt: pl.DataFrame  # LESSONS
    held_out: pl.DataFrame  # LESSONS of other addresses
    owners: pl.DataFrame  # OWNER_LESSONS


def learn_from_events(opened: Warehouse, path: Path) -> Learning:
    """Return the model that all events teach, starting from the priors that come with Entrega.

    It always starts there, so that no event counts twice. `path` is the warehouse's file. Raises
    `TooFewEventsError`.
    """
    runs = list(_lessons_of_runs(opened, path))
    learnt = merge_lessons([empty(LESSONS), *(each.learnt for each in runs)])
    held_out = merge_lessons([empty(LESSONS), *(each.held_out for each in runs)])
    owners = merge_owner_lessons([empty(OWNER_LESSONS), *(each.owners for each in runs)])
    messages = int(learnt["sent"].sum()) + int(held_out["sent"].sum())
    if messages < LEAST_MESSAGES:
        problem = f"the end of {messages:,} messages is known, and {LEAST_MESSAGES} are needed"
        raise TooFewEventsError(problem, "send a list, then: entrega feedback EVENTS")
    return learn_model(load_score_model(), learnt, held_out, owners)


def _lessons_of_runs(opened: Warehouse, path: Path) -> Iterator[Lessons]:
    endings = opened.endings().filter(
        pl.col("delivered").is_not_null() | pl.col("is_owner").is_not_null()
    )
    held = keyed_hash(opened.hash_key, endings["address"]).str.slice(0, 1).is_in(HELD_OUT)
    endings = endings.with_columns(held.alias("is_held_out"))
    for run_id in endings["run_id"].unique().sort():
        yield _lessons(
            opened.read("steps", run_id),
            endings.filter(pl.col("run_id") == run_id),
            model_of_run(work_folder(path, run_id)) or load_score_model(),
        )


def _lessons(steps: pl.DataFrame, endings: pl.DataFrame, model: ScoreModel) -> Lessons:
    ended = endings.drop_nulls("delivered")

    def taught(part: pl.DataFrame) -> pl.DataFrame:
        return lessons_from(steps, part.select(OUTCOMES.names()), model)

    answers = endings.filter(pl.col("delivered") | pl.col("is_owner").is_not_null()).select(
        "creditor_id", "debtor_id", "address", "is_owner"
    )
    return Lessons(
        learnt=taught(ended.filter(~pl.col("is_held_out"))),
        held_out=taught(ended.filter("is_held_out")),
        owners=owner_lessons_from(steps, answers),
    )
