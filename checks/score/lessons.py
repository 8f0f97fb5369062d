"""What sent messages teach: the steps that made each score beside what became of the message.

Lessons are groups of like messages with counts. They hold no address and no name, so they may be
kept when the messages' own rows are purged.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from checks.frames import shaped
from checks.score.model import FALLBACK_PROVIDER, ScoreModel
from checks.score.steps import logistic

OUTCOMES: Final = pl.Schema(
    {
        "creditor_id": pl.String(),
        "address": pl.String(),
        "delivered": pl.Boolean(),  # false: bounced, hard or soft
    },
)
"""One row per message whose end is known."""

LESSONS: Final = pl.Schema(
    {
        "provider": pl.String(),
        "source": pl.String(),
        "years": pl.Float64(),  # of decay, to a tenth; the mean where no date was known
        "before": pl.List(pl.String()),  # evidence counted before the decay, sorted
        "after": pl.List(pl.String()),  # evidence counted after it, sorted
        "fixed": pl.Float64(),  # log-odds of steps that are not learnt, to a tenth
        "sent": pl.Int64(),
        "delivered": pl.Int64(),
    },
)
"""One row per group of like messages."""

BEFORE: Final = (
    "mailbox_accepted",
    "delivered_before",
    "confirmed_by_owner",
    "domain_takes_mail",
)
"""Steps that come before the decay with age; see `checks.score.deliverability`."""


def lessons_from(steps: pl.DataFrame, outcomes: pl.DataFrame, model: ScoreModel) -> pl.DataFrame:
    """Return LESSONS of messages whose STEPS were made by `model` and whose OUTCOMES are known."""
    key = ["creditor_id", "address"]
    learnt = sorted({*model.evidence, *model.shape} - {"bounced_softly_before", *BEFORE})
    known = (
        steps.filter(pl.col("score") == "deliverability")
        .join(outcomes.select(key).unique(), on=key, how="semi")
        .with_columns(
            pl.col("step").str.split(":").list.first().alias("word"),
            pl.col("step").str.split(":").list.last().alias("detail"),
        )
        .with_columns(
            pl.when(pl.col("word").is_in(["mailbox", "domain"]))
            .then("detail")
            .otherwise("word")
            .alias("word"),
        )
    )
    word, weight = pl.col("word"), pl.col("log_odds")
    aged = word.is_in(["age", "age_unknown"])
    counted = word.is_in([*BEFORE, "prior", "age", "age_unknown", *learnt])
    messages = known.group_by(key).agg(
        pl.col("detail").filter(word == "prior").first().alias("provider"),
        pl.col("detail").filter(aged).first().alias("source"),
        weight.filter(word.is_in([*BEFORE, "prior"])).sum().alias("alive"),
        weight.filter(aged).sum().alias("decay"),
        word.filter(word.is_in(list(BEFORE))).sort().alias("before"),
        word.filter(word.is_in(learnt)).sort().alias("after"),
        weight.filter(~counted).sum().round(1).alias("fixed"),
    )
    return _grouped(messages.join(outcomes, on=key, how="inner"), model)


def _grouped(messages: pl.DataFrame, model: ScoreModel) -> pl.DataFrame:
    """Count like messages, their decay turned back into years."""
    group = ["provider", "source", "years", "before", "after", "fixed"]
    source = pl.col("source").fill_null("unknown")
    hazards = {name: prior.hazard for name, prior in model.prior.items()}
    rate = pl.col("provider").replace_strict(
        hazards, default=hazards[FALLBACK_PROVIDER], return_dtype=pl.Float64
    ) * source.replace_strict(model.source_hazard, default=1.0, return_dtype=pl.Float64)
    survival = logistic(pl.col("alive") + pl.col("decay")) / logistic(pl.col("alive"))
    years = pl.when(rate > 0).then(-survival.clip(1e-9, 1.0).log() / rate).otherwise(0.0)
    counted = (
        messages.with_columns(source, (years.round(1) + 0.0).alias("years"))
        .group_by(group)
        .agg(
            pl.len().cast(pl.Int64).alias("sent"),
            pl.col("delivered").sum().cast(pl.Int64),
        )
    )
    return merge_lessons([counted])


def merge_lessons(parts: list[pl.DataFrame]) -> pl.DataFrame:
    """Return LESSONS of several rounds as one, sorted: the order of the rounds does not matter."""
    group = [name for name in LESSONS if name not in {"sent", "delivered"}]
    merged = pl.concat(parts).group_by(group).agg(pl.col("sent", "delivered").sum())
    order = merged.with_columns(
        pl.col("before").list.join(" ").alias("before_text"),
        pl.col("after").list.join(" ").alias("after_text"),
    ).sort("provider", "source", "years", "before_text", "after_text", "fixed")
    return shaped(order, LESSONS)
