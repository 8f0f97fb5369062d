"""Learning whose mailbox it is: from owners who answered and strangers who said so.

A click, download, reply or login by a human is an owner's answer, a "not me" a stranger's. Owners
answer more often than strangers, so answers alone flatter: of 90 owners and ten strangers thirty
owners speak up, and one stranger. How often owners do is measured, on messages that arrived; how
often strangers do is assumed, low rather than high, so that one word of a stranger stands for
several who kept silent. Silence itself says nothing of a single contact: who answers seldom is not
a stranger.
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
        "is_owner": pl.Boolean(),  # who answered: the owner, or a stranger; null: nobody
    },
)
"""One row per contact that a message reached."""

OWNER_LESSONS: Final = pl.Schema(
    {
        "words": pl.List(pl.String()),  # the steps that were weighed, sorted
        "fixed": pl.Float64(),  # log-odds of steps that are not learnt, to a tenth
        "arrived": pl.Int64(),  # messages that reached a mailbox
        "owners": pl.Int64(),  # answered by the owner
        "strangers": pl.Int64(),  # answered by a stranger
    },
)
"""One row per group of like contacts; no name and no address in it."""

FIXED: Final = ("recycled", "shared")  # rule L10 and a step that is a multiple
LEVEL: Final = "level"
COMMON_LEVEL: Final = 0.3
OWN_SOURCE: Final = 0.3
OWN_EVIDENCE: Final = 0.4
"""Standard deviations, in log-odds: of all sources together, of one source, of one evidence.

Narrow, because strangers' words are few: a round of ten thousand messages brings about ten."""

STRANGERS_SPEAK: Final = 0.10
"""Share of strangers who say so when they get a debtor's message: an assumption on the low side."""

MOST_SPEAKS_UP: Final = 10.0
"""An owner is never taken to speak up more often than this, whatever a measurement says."""


def owner_lessons_from(steps: pl.DataFrame, answers: pl.DataFrame) -> pl.DataFrame:
    """Return OWNER_LESSONS of contacts whose STEPS are known and that a message reached."""
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
        pl.len().cast(pl.Int64).alias("arrived"),
        pl.col("is_owner").sum().cast(pl.Int64).alias("owners"),
        (~pl.col("is_owner")).sum().cast(pl.Int64).alias("strangers"),
    )
    return merge_owner_lessons([counted])


def merge_owner_lessons(parts: list[pl.DataFrame]) -> pl.DataFrame:
    """Return OWNER_LESSONS of several rounds as one, sorted."""
    merged = (
        pl.concat(parts)
        .group_by("words", "fixed")
        .agg(pl.col("arrived", "owners", "strangers").sum())
    )
    order = merged.with_columns(pl.col("words").list.join(" ").alias("text"))
    return shaped(order.sort("text", "fixed"), OWNER_LESSONS)


def fit_ownership(
    model: ScoreModel, lessons: pl.DataFrame, speaks_up: float | None = None
) -> ScoreModel:
    """Return the model with ownership fitted to OWNER_LESSONS; without answers the model as it is.

    `speaks_up` is how much more often an owner answers than a stranger says so; None: measured for
    owners, assumed for strangers. Evidence never changes its sign: a few odd answers must not turn
    a stranger's name into proof.
    """
    owners = lessons["owners"].cast(pl.Float64).to_numpy()
    answers = owners + lessons["strangers"].cast(pl.Float64).to_numpy()
    if not answers.sum():
        return model
    start = _numbers(model)
    words = sorted(start)
    table = np.column_stack(
        [
            lessons["words"].list.contains(word).cast(pl.Float64).to_numpy()
            if word != LEVEL
            else np.ones(lessons.height)
            for word in words
        ],
    )
    before = np.array([start[word] for word in words])
    fixed = lessons["fixed"].to_numpy()
    often = speaks_up or _speaks_up(lessons, 1.0 / (1.0 + np.exp(-(table @ before + fixed))))
    fitted = maximise(
        lambda here: (table @ here + fixed + math.log(often), table),
        before,
        np.array([_deviation(word) for word in words]),
        Counts(sent=answers, good=owners),
    )
    learnt = _with(model, dict(zip(words, fitted.parameters.tolist(), strict=True)))
    return replace(learnt, version=fitted_version(model, learnt, int(answers.sum())))


def _speaks_up(lessons: pl.DataFrame, owned: Numbers) -> float:
    """Return how much more often owners answer than strangers, between equal and the bound.

    `owned` is what the model believes of each group before it learns; most messages reach their
    owner, so an error in it hardly moves the share of owners who answer.
    """
    readers = float((lessons["arrived"].to_numpy() * owned).sum())
    share = float(lessons["owners"].sum()) / max(readers, 1.0)
    return min(max(share / STRANGERS_SPEAK, 1.0), MOST_SPEAKS_UP)


def _deviation(word: str) -> float:
    if word == LEVEL:
        return COMMON_LEVEL
    return OWN_SOURCE if ":" in word else OWN_EVIDENCE


def _numbers(model: ScoreModel) -> dict[str, float]:
    """Return every number that may be learnt, by the word of its step."""
    ownership = model.ownership
    return {
        LEVEL: 0.0,
        **{f"source:{name}": logit(share) for name, share in ownership.source.items()},
        **{f"origin:{name}": weight for name, weight in ownership.origin.items()},
        **{name: weight for name, weight in ownership.evidence.items() if name not in FIXED},
    }


def _with(model: ScoreModel, learnt: dict[str, float]) -> ScoreModel:
    ownership = model.ownership
    source = {
        name: 1.0 / (1.0 + math.exp(-learnt[LEVEL] - learnt[f"source:{name}"]))
        for name in ownership.source
    }
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
