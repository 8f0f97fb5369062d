"""Learning whose mailbox it is: from owners who answered and strangers who said so.

A click, download, reply or login by a human is an owner's answer, a "not me" a stranger's. Messages
without either teach nothing: silence is not a sign of a stranger. Owners and strangers are taken to
speak up equally often; `speaks_up` says by how much more often owners do where that is known.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from checks.frames import shaped
from checks.score.fit import fitted_version
from checks.score.model import ScoreModel, logit
from checks.score.newton import Counts, maximise

Numbers = npt.NDArray[np.float64]

ANSWERS: Final = pl.Schema(
    {
        "creditor_id": pl.String(),
        "debtor_id": pl.String(),
        "address": pl.String(),
        "is_owner": pl.Boolean(),  # true: the owner answered; false: a stranger did
    },
)
"""One row per contact that somebody answered from."""

OWNER_LESSONS: Final = pl.Schema(
    {
        "words": pl.List(pl.String()),  # the steps that were weighed, sorted
        "fixed": pl.Float64(),  # log-odds of steps that are not learnt, to a tenth
        "answers": pl.Int64(),
        "owners": pl.Int64(),
    },
)
"""One row per group of like contacts; no name and no address in it."""

FIXED: Final = ("recycled", "shared")  # rule L10 and a step that is a multiple
OWN_SOURCE: Final = 0.3
OWN_EVIDENCE: Final = 0.8


def owner_lessons_from(steps: pl.DataFrame, answers: pl.DataFrame) -> pl.DataFrame:
    """Return OWNER_LESSONS of contacts whose STEPS are known and that somebody answered from."""
    key = ["creditor_id", "debtor_id", "address"]
    learnt = ~pl.col("step").is_in(list(FIXED))
    contacts = (
        steps.filter(pl.col("score") == "ownership")
        .join(answers.select(key).unique(), on=key, how="semi")
        .group_by(key)
        .agg(
            pl.col("step").filter(learnt).sort().alias("words"),
            pl.col("log_odds").filter(~learnt).sum().round(1).alias("fixed"),
        )
        .join(answers, on=key, how="inner")
    )
    counted = contacts.group_by("words", "fixed").agg(
        pl.len().cast(pl.Int64).alias("answers"),
        pl.col("is_owner").sum().cast(pl.Int64).alias("owners"),
    )
    return merge_owner_lessons([counted])


def merge_owner_lessons(parts: list[pl.DataFrame]) -> pl.DataFrame:
    """Return OWNER_LESSONS of several rounds as one, sorted."""
    merged = pl.concat(parts).group_by("words", "fixed").agg(pl.col("answers", "owners").sum())
    order = merged.with_columns(pl.col("words").list.join(" ").alias("text"))
    return shaped(order.sort("text", "fixed"), OWNER_LESSONS)


def fit_ownership(model: ScoreModel, lessons: pl.DataFrame, speaks_up: float = 1.0) -> ScoreModel:
    """Return the model with ownership fitted to OWNER_LESSONS; without any the model as it is.

    Evidence never changes its sign: a few odd answers must not turn a stranger's name into proof.
    """
    answers = int(lessons["answers"].sum())
    if answers == 0:
        return model
    start = _numbers(model)
    words = sorted(start)
    table = np.column_stack(
        [lessons["words"].list.contains(word).cast(pl.Float64).to_numpy() for word in words],
    )
    offset = lessons["fixed"].to_numpy() + math.log(speaks_up)
    fitted = maximise(
        lambda here: (table @ here + offset, table),
        np.array([start[word] for word in words]),
        np.array([OWN_SOURCE if ":" in word else OWN_EVIDENCE for word in words]),
        Counts(
            sent=lessons["answers"].cast(pl.Float64).to_numpy(),
            good=lessons["owners"].cast(pl.Float64).to_numpy(),
        ),
    )
    learnt = _with(model, dict(zip(words, fitted.parameters.tolist(), strict=True)))
    return replace(learnt, version=fitted_version(model, learnt, answers))


def _numbers(model: ScoreModel) -> dict[str, float]:
    """Return every number that may be learnt, by the word of its step."""
    ownership = model.ownership
    return {
        **{f"source:{name}": logit(share) for name, share in ownership.source.items()},
        **{f"origin:{name}": weight for name, weight in ownership.origin.items()},
        **{name: weight for name, weight in ownership.evidence.items() if name not in FIXED},
    }


def _with(model: ScoreModel, learnt: dict[str, float]) -> ScoreModel:
    ownership = model.ownership
    source = {name: 1.0 / (1.0 + math.exp(-learnt[f"source:{name}"])) for name in ownership.source}
    evidence = {
        name: _same_sign(weight, learnt.get(name, weight))
        for name, weight in ownership.evidence.items()
    }
    origin = {name: learnt[f"origin:{name}"] for name in ownership.origin}
    return replace(
        model,
        ownership=replace(ownership, source=source, origin=origin, evidence=evidence),
    )


def _same_sign(before: float, after: float) -> float:
    return max(after, 0.0) if before > 0.0 else min(after, 0.0)
