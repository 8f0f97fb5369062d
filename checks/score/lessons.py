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
        "is_hard": pl.Boolean(),  # bounced for good
    },
)
"""One row per message whose end is known."""

LESSONS: Final = pl.Schema(
    {
        "provider": pl.String(),
        "source": pl.String(),
        "since": pl.String(),  # what the decay is counted from: proof | date | nothing
        "years": pl.Float64(),  # of decay, to a tenth; 0 where it is counted from nothing
        "before": pl.List(pl.String()),  # evidence counted before the decay, sorted
        "after": pl.List(pl.String()),  # evidence counted after it, sorted
        "fixed": pl.Float64(),  # log-odds of steps that are not learnt, to a tenth
        "sent": pl.Int64(),
        "delivered": pl.Int64(),
        "hard": pl.Int64(),  # bounced for good; what neither arrived nor did so bounced softly
    },
)
"""One row per group of like messages."""

PROOF: Final = "proof"
DATE: Final = "date"
NOTHING: Final = "nothing"

_COUNTS: Final = ("sent", "delivered", "hard")
_GROUP: Final = [name for name in LESSONS if name not in _COUNTS]

BEFORE: Final = (
    "mailbox_accepted",
    "delivered_before",
    "confirmed_by_owner",
    "domain_takes_mail",
)
"""Steps that come before the decay with age; see `checks.score.deliverability`."""

CATCH_ALL: Final = "catch_all"
"""Stands among the evidence after the decay where the domain may keep whatever comes."""

SHARED_FATE: Final = (CATCH_ALL, "accepts_all")
"""Evidence of domains that may keep whatever comes, so that their addresses share one fate."""
MOST_OF_A_FATE: Final = 2
"""So many messages of one such domain teach: an employer's hundred would pass for a hundred."""

_PROOFS: Final = ["mailbox_accepted", "delivered_before"]


def lessons_from(steps: pl.DataFrame, outcomes: pl.DataFrame, model: ScoreModel) -> pl.DataFrame:
    """Return LESSONS of messages whose STEPS were made by `model` and whose OUTCOMES are known."""
    key = ["creditor_id", "address"]
    weighed = {*model.evidence, *model.shape, CATCH_ALL}
    learnt = sorted(weighed - {"bounced_softly_before", *BEFORE})
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
        pl.col("detail").filter(word == "age").first().alias("source"),
        word.filter(aged).first().alias("aged"),
        weight.filter(word.is_in([*BEFORE, "prior"])).sum().alias("alive"),
        weight.filter(aged).sum().alias("decay"),
        word.filter(word.is_in(list(BEFORE))).sort().alias("before"),
        word.filter(word.is_in(learnt)).sort().alias("after"),
        weight.filter(~counted).sum().round(1).alias("fixed"),
    )
    return _grouped(_few_of_a_fate(messages).join(outcomes, on=key, how="inner"), model)


def _few_of_a_fate(messages: pl.DataFrame) -> pl.DataFrame:
    """Leave out all but the first addresses of each domain that may keep whatever comes."""
    shares = pl.col("after").list.set_intersection(pl.lit(list(SHARED_FATE))).list.len() > 0
    domain = pl.col("address").str.split("@").list.last()
    place = shares.cast(pl.Int64).cum_sum().over("creditor_id", domain)
    return messages.sort("creditor_id", "address").filter(~shares | (place <= MOST_OF_A_FATE))


def _grouped(messages: pl.DataFrame, model: ScoreModel) -> pl.DataFrame:
    """Count like messages, their decay turned back into years."""
    counted = (
        messages.with_columns(pl.col("source").fill_null("unknown"), _since())
        .with_columns((_years(model).round(1) + 0.0).alias("years"))
        .group_by(_GROUP)
        .agg(
            pl.len().cast(pl.Int64).alias("sent"),
            pl.col("delivered").sum().cast(pl.Int64),
            pl.col("is_hard").sum().cast(pl.Int64).alias("hard"),
        )
    )
    return merge_lessons([counted])


def _since() -> pl.Expr:
    """Return what the decay was counted from; one of nothing at all (no step) is from a proof."""
    proven = pl.col("before").list.set_intersection(pl.lit(_PROOFS)).list.len() > 0
    return (
        pl.when(pl.col("aged") == "age_unknown")
        .then(pl.lit(NOTHING))
        .when(proven | pl.col("aged").is_null())
        .then(pl.lit(PROOF))
        .otherwise(pl.lit(DATE))
        .alias("since")
    )


def _years(model: ScoreModel) -> pl.Expr:
    """Return the years that gave a message's decay under the model that scored it."""
    hazards = {name: prior.hazard for name, prior in model.prior.items()}
    rate = pl.col("provider").replace_strict(
        hazards, default=hazards[FALLBACK_PROVIDER], return_dtype=pl.Float64
    ) * pl.col("source").replace_strict(model.source_hazard, default=1.0, return_dtype=pl.Float64)
    kept = logistic(pl.col("alive") + pl.col("decay")) / logistic(pl.col("alive"))
    usual = pl.sum_horizontal([share * (-rate * years).exp() for share, years in model.age_bands])
    own = (kept - (1.0 - model.date_trust) * usual) / model.date_trust
    survival = pl.when(pl.col("since") == DATE).then(own).otherwise(kept)
    counted = (rate > 0) & (pl.col("since") != NOTHING)
    return pl.when(counted).then(-survival.clip(1e-9, 1.0).log() / rate).otherwise(0.0)


def merge_lessons(parts: list[pl.DataFrame]) -> pl.DataFrame:
    """Return LESSONS of several rounds as one, sorted: the order of the rounds does not matter."""
    merged = pl.concat(parts).group_by(_GROUP).agg(pl.col(*_COUNTS).sum())
    order = merged.with_columns(
        pl.col("before").list.join(" ").alias("before_text"),
        pl.col("after").list.join(" ").alias("after_text"),
    ).sort("provider", "source", "since", "years", "before_text", "after_text", "fixed")
    return shaped(order, LESSONS)
