"""One row per debtor with all that a report counts by: class, overdue bucket, steps passed."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import polars as pl

from checks.model import SYNTAX_REASONS, DebtorKind, Decision, Reason, ScoreBasis, Verdict
from checks.score import hard_bounce
from reports.facts import ReportFacts, ReportRules, RunFrames

KEY: Final = ("creditor_id", "debtor_id")
CLASSES: Final = ("A", "B", "C", "D", "E", "none")
FUNNEL: Final = (
    "with_address",
    "shape_ok",
    "domain_ok",
    "mailbox_ok",
    "likely",
    "owner_ok",
    "send",
)
"""The steps of the funnel after `records` and `debtors`, each a column of the view."""

_NO_ROUTE: Final = (Reason.NO_SUCH_DOMAIN, Reason.NULL_MX, Reason.NO_MAIL_ROUTE)


def view_debtors(frames: RunFrames, facts: ReportFacts) -> pl.DataFrame:
    """Return `DECIDED_DEBTORS` with `tax_id_flag`, `class`, `bucket`, `bounce` and the funnel.

    A debtor passes a step of the funnel if one of its contacts passes that step and all before
    it. `class` is cut by the score of the chosen contact, or of the best one where none is
    chosen; `E` where every contact is undeliverable, `none` where there is no contact.
    `bucket` counts the overdue buckets from 0 (not due yet); null: no due date. `bounce` is the
    chance that a message to the chosen contact bounces for good; null: no score.
    """
    rules = facts.rules
    ways = (
        _pass_contacts(frames, rules)
        .group_by(KEY)
        .agg(
            pl.lit(value=True).alias("with_address"),
            pl.col(FUNNEL[1:-1]).any(),
            pl.col("score").filter(pl.col("verdict") != Verdict.UNDELIVERABLE).max().alias("best"),
        )
    )
    flags = frames.debtors.select(*KEY, "tax_id_flag")
    chosen = [*KEY, "email"]
    bases = frames.contacts.select(*chosen, "score_basis").unique(chosen, keep="any")
    view = (
        frames.decided.join(ways, on=KEY, how="left")
        .join(flags, on=KEY, how="left")
        .join(bases, on=chosen, how="left")
    )
    basis = pl.col("score_basis").fill_null(ScoreBasis.PRIOR.value)
    return view.with_columns(
        hard_bounce(facts.loss, pl.col("score"), basis).alias("bounce"),
        pl.col(FUNNEL[:-1]).fill_null(value=False),
        (pl.col("decision") == Decision.SEND).alias("send"),
        _class_of(rules).alias("class"),
        _bucket_of(rules).alias("bucket"),
    ).sort(KEY)


def _pass_contacts(frames: RunFrames, rules: ReportRules) -> pl.DataFrame:
    owner = (
        pl.when(pl.col("kind") == DebtorKind.COMPANY)
        .then(rules.owner_company)
        .otherwise(rules.owner_person)
    )
    shape = ~pl.col("reason").is_in(sorted(SYNTAX_REASONS))
    domain = shape & ~pl.col("reason").is_in(_NO_ROUTE)
    mailbox = domain & (pl.col("verdict") != Verdict.UNDELIVERABLE)
    likely = mailbox & (pl.col("score") >= rules.deliver)
    kinds = frames.decided.select(*KEY, "kind")
    return frames.contacts.join(kinds, on=KEY, how="left").select(
        *KEY,
        "verdict",
        "score",
        shape.alias("shape_ok"),
        domain.alias("domain_ok"),
        mailbox.alias("mailbox_ok"),
        likely.alias("likely"),
        (likely & (pl.col("ownership") >= owner)).alias("owner_ok"),
    )


def _class_of(rules: ReportRules) -> pl.Expr:
    score = pl.when(pl.col("email").is_not_null()).then(pl.col("score")).otherwise(pl.col("best"))
    a, b, c = rules.class_edges
    return (
        pl.when(pl.col("with_address").is_null())
        .then(pl.lit("none"))
        .when(pl.col("best").is_null())
        .then(pl.lit("E"))
        .when(score >= a)
        .then(pl.lit("A"))
        .when(score >= b)
        .then(pl.lit("B"))
        .when(score >= c)
        .then(pl.lit("C"))
        .otherwise(pl.lit("D"))
    )


def _bucket_of(rules: ReportRules) -> pl.Expr:
    days = pl.col("days_overdue")
    passed = [(days > edge).cast(pl.Int64) for edge in (0, *rules.ageing)]
    return pl.sum_horizontal(passed, ignore_nulls=False)


def buckets_of(rules: ReportRules) -> tuple[tuple[int | None, int | None], ...]:
    """Return first and last day of each bucket, in the numbering of `view_debtors`.

    >>> buckets_of(ReportRules(ageing=(30, 60)))
    ((None, 0), (1, 30), (31, 60), (61, None))
    """
    edges = (0, *rules.ageing)
    inner = ((low + 1, high) for low, high in pairwise(edges))
    return ((None, 0), *inner, (edges[-1] + 1, None))
