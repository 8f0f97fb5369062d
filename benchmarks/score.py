"""Scores, lists and learning against the sandbox's truth, over markets and seeds.

    python benchmarks/score.py [--debtors 20000] [--seeds 5] [--markets b2c_br b2b_mx]

For each market, with and without probing: the calibration error of both scores (15 bins of equal
mass) on a seed that was never learnt from, with the priors and after one round of events; the list
that the gate lets go, what it foretells and what really bounces; its size against an oracle that
knows the true rate of each class (provider, basis, score to a hundredth) but not the single truths;
and debts told to the wrong person. Servers' answers are taken from the truth, as honest hosts give
them; nothing is asked. Every message that does not arrive counts as a bounce, hard or soft.
"""

from __future__ import annotations

import argparse
import datetime as dt
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Final, get_args

import numpy as np
import polars as pl

from checks.contacts import find_clusters
from checks.frames import DOMAINS, FINDINGS, HISTORY, SUPPRESSIONS, empty, shaped
from checks.model import VERDICT_OF
from checks.score import (
    DecisionPolicy,
    Facts,
    GateLimits,
    ListHistory,
    Scored,
    ScoreModel,
    decide_contacts,
    decide_debtors,
    find_suppressed,
    fit_deliverability,
    gate_list,
    lessons_from,
    score_contacts,
)
from checks.syntax import check_syntax
from data.intake import IntakeSettings, read_portfolio
from data.reference.matching import load_match_reference
from data.reference.score import load_score_model, load_score_reference
from data.reference.syntax import load_syntax_reference
from sandbox.market import Kind
from sandbox.portfolio import AS_OF, Truth, make_portfolio

NOW: Final = dt.datetime.combine(AS_OF, dt.time(), dt.UTC)
BINS: Final = 15
HEADING: Final = (
    "market  probing model   ECE deliver  ECE owner  sent  predicted  true  inside  oracle"
    "  strangers"
)
VERDICT_WORDS: Final = {reason.value: verdict.value for reason, verdict in VERDICT_OF.items()}

ANSWERS: Final = {
    "exists": "mailbox_accepted",
    "absent": "mailbox_not_found",
    "disabled": "mailbox_disabled",
    "full": "mailbox_full",
}
ROUTES: Final = {
    "nxdomain": "no_such_domain",
    "null_mx": "null_mx",
    "no_mx": "no_mail_route",
    "mx_missing": "no_mail_route",
    "mx_to_localhost": "no_mail_route",
    "mx_ip_literal": "no_mail_route",
    "servfail": "dns_servfail",
}
PROVIDERS: Final = {
    "outlook": "microsoft_consumer",
    "workspace": "google_workspace",
    "m365": "microsoft_365",
    "hostinger_titan": "hostinger",
}
NOT_ASKED: Final = ("outlook", "yahoo")
SILENT: Final = ("no_listener", "mx_timeout")


@dataclass(frozen=True, slots=True)
class World:
    """One portfolio as the pipeline sees it, and what only the referee knows."""

    facts: Facts
    invoices: pl.DataFrame
    ends: pl.DataFrame  # address, delivered
    owners: pl.DataFrame  # debtor_id, address, reaches


def make_world(kind: Kind, debtors: int, seed: int, *, probing: bool) -> World:
    """Return a portfolio through the real intake, shape check and matching."""
    portfolio = make_portfolio(kind, debtors, seed)
    with tempfile.TemporaryDirectory() as folder:
        path = portfolio.write(Path(folder))
        read = read_portfolio([path], IntakeSettings(legal_basis="LGPD art. 7, X"), Path(folder))
    shapes = check_syntax(
        read.contacts["email_raw"].unique(), load_syntax_reference(allow_special_use=True)
    )
    located = read.contacts.join(shapes, on="email_raw").filter(pl.col("domain").is_not_null())
    asked = shapes.filter(pl.col("domain").is_not_null()).select("address", "domain").unique()
    answers = answers_of(asked, portfolio.truth) if probing else (empty(DOMAINS), empty(FINDINGS))
    facts = Facts(
        contacts=read.contacts,
        debtors=read.debtors,
        clusters=find_clusters(
            read.debtors,
            located.select("creditor_id", "debtor_id", "address"),
            load_match_reference(),
        ),
        syntax=shapes,
        domains=answers[0],
        findings=answers[1],
        history=empty(HISTORY),
    )
    return World(facts, read.invoices, ends_of(portfolio.truth), owners_of(portfolio.truth))


def ends_of(truth: Truth) -> pl.DataFrame:
    """Return what a message to each address ends in."""
    return truth.addresses.select(
        "address",
        (pl.col("delivery") == "delivered").alias("delivered"),
        (pl.col("delivery") == "hard_bounce").alias("is_hard"),
    )


def owners_of(truth: Truth) -> pl.DataFrame:
    """Return whether each debtor's addresses are the debtor's."""
    return (
        truth.contacts.select("debtor_id", pl.col("asked").alias("address"), "reaches_debtor")
        .drop_nulls("address")
        .group_by("debtor_id", "address")
        .agg(pl.col("reaches_debtor").any())
    )


def answers_of(asked: pl.DataFrame, truth: Truth) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return DOMAINS and FINDINGS as honest servers would answer, under the default policy."""
    now = pl.lit(NOW).dt.cast_time_unit("us")
    known = asked.join(truth.addresses.drop("domain"), on="address", how="inner")
    route = pl.col("dns").replace_strict(ROUTES, default=None, return_dtype=pl.String)
    models = load_score_model().prior
    host = pl.col("host").replace(PROVIDERS)
    domains = known.unique("domain").with_columns(
        route.alias("reason"),
        pl.when(host.is_in(sorted(models))).then(host).otherwise(pl.lit("other")).alias("provider"),
        pl.lit([], dtype=pl.List(pl.String)).alias("mx_hosts"),
        pl.lit([], dtype=pl.List(pl.String)).alias("mx_addresses"),
        pl.lit("{}").alias("evidence"),
        now.alias("checked_at"),
        now.alias("expires_at"),
    )
    reason = (
        pl.when(pl.col("host").is_in(NOT_ASKED))
        .then(pl.lit("not_asked_policy"))
        .when(pl.col("dns").is_in(SILENT) | pl.col("host").is_in(SILENT))
        .then(pl.lit("no_connection"))
        .when("accepts_all")
        .then(pl.lit("accepts_all"))
        .otherwise(pl.col("mailbox").replace_strict(ANSWERS, default="mailbox_not_found"))
    )
    findings = known.filter(route.is_null()).with_columns(
        reason.alias("reason"),
        pl.lit("mailbox").alias("check"),
        pl.lit("{}").alias("evidence"),
        now.alias("checked_at"),
    )
    verdict = pl.col("reason").replace_strict(VERDICT_WORDS, default=None, return_dtype=pl.String)
    return (
        shaped(domains.with_columns(verdict.alias("verdict")), DOMAINS),
        shaped(findings.with_columns(verdict.alias("verdict")), FINDINGS),
    )


@dataclass(frozen=True, slots=True)
class Played:
    """What one world and model gave."""

    scored: Scored
    candidates: pl.DataFrame
    ece_delivery: float
    ece_owner: float
    sent: int
    predicted: tuple[float, float, float]
    bounced: float
    of_oracle: float
    strangers: float


def play(world: World, model: ScoreModel) -> Played:
    """Score, decide and gate a world, and let the referee count."""
    scored = score_contacts(world.facts, NOW, model, load_score_reference())
    candidates = candidates_of(world, scored)
    gate = gate_list(candidates, GateLimits(), ListHistory(), model)
    ended = candidates.join(world.ends, left_on="email", right_on="address", how="left")
    sent = ended.join(
        gate.rows.filter(pl.col("outcome") == "sent"), on=["creditor_id", "debtor_id"], how="semi"
    ).join(
        world.owners, left_on=["debtor_id", "email"], right_on=["debtor_id", "address"], how="left"
    )
    told = sent.filter(pl.col("decision") == "send")["reaches_debtor"].fill_null(value=False)
    ends = sent["delivered"].fill_null(value=False)
    addresses = scored.contacts.unique("address").join(world.ends, on="address")
    owned = scored.contacts.join(world.owners, on=["debtor_id", "address"])
    return Played(
        scored=scored,
        candidates=candidates,
        ece_delivery=calibration_error(addresses["score"], addresses["delivered"]),
        ece_owner=calibration_error(owned["ownership"], owned["reaches_debtor"]),
        sent=sent.height,
        predicted=(gate.predicted.rate, gate.predicted.low, gate.predicted.high),
        bounced=1.0 - share(ends),
        of_oracle=sent.height / max(oracle(ended), 1),
        strangers=1.0 - share(told),
    )


def share(flags: pl.Series) -> float:
    """Return the share of true values; 1 where there are none."""
    return float(flags.to_numpy().mean()) if flags.len() else 1.0


def candidates_of(world: World, scored: Scored) -> pl.DataFrame:
    """Return CANDIDATES of a world without suppressions."""
    suppressed = find_suppressed(
        suppressions=empty(SUPPRESSIONS),
        address_keys=pl.DataFrame(schema={"address": pl.String(), "key": pl.String()}),
        contacts=scored.contacts,
        clusters=world.facts.clusters,
        invoices=world.invoices,
        as_of=NOW,
    )
    policy = DecisionPolicy()
    return decide_debtors(
        contacts=decide_contacts(scored.contacts, suppressed, policy),
        debtors=world.facts.debtors,
        clusters=world.facts.clusters,
        invoices=world.invoices,
        suppressed=suppressed,
        as_of=NOW,
        policy=policy,
    ).candidates


def oracle(ended: pl.DataFrame) -> int:
    """Return how many messages keep 2 % when the true rate of each class is known."""
    rates = (
        ended.with_columns((pl.col("score") * 100).floor().alias("class"))
        .with_columns(
            (1.0 - pl.col("delivered").fill_null(value=False).cast(pl.Float64))
            .mean()
            .over("provider", "score_basis", "class")
            .alias("rate"),
        )["rate"]
        .sort()
        .to_numpy()
    )
    means = np.cumsum(rates) / np.arange(1, rates.size + 1)
    return int((means <= GateLimits().green).sum())


def calibration_error(scores: pl.Series, ends: pl.Series) -> float:
    """Return the expected calibration error over bins of equal mass."""
    order = scores.arg_sort()
    score, end = scores.gather(order).to_numpy(), ends.gather(order).cast(pl.Float64).to_numpy()
    parts = zip(np.array_split(score, BINS), np.array_split(end, BINS), strict=True)
    return float(sum(abs(one.mean() - two.mean()) * one.size for one, two in parts) / score.size)


def learnt_from(world: World, played: Played, model: ScoreModel) -> ScoreModel:
    """Return the model after the events of everything that the decisions would have sent."""
    outcomes = (
        played.candidates.select("creditor_id", pl.col("email").alias("address"))
        .unique()
        .join(world.ends, on="address")
    )
    return fit_deliverability(model, lessons_from(played.scored.steps, outcomes, model)).model


def rounds(kind: Kind, debtors: int, seed: int, *, probing: bool) -> Iterator[tuple[str, Played]]:
    """Return what an unseen seed gives with the priors, and after learning from another seed."""
    priors = load_score_model()
    taught = make_world(kind, debtors, seed, probing=probing)
    unseen = make_world(kind, debtors, seed + 1000, probing=probing)
    yield "priors", play(unseen, priors)
    yield "learnt", play(unseen, learnt_from(taught, play(taught, priors), priors))


def main() -> None:
    """Print one line per market, probing, model: means over the seeds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--debtors", type=int, default=20_000)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--markets", nargs="+", default=list(get_args(Kind)))
    wanted = parser.parse_args()
    print(HEADING)
    for kind, probing in product(wanted.markets, (False, True)):
        games: dict[str, list[Played]] = {}
        for seed in range(wanted.seeds):
            for name, played in rounds(kind, wanted.debtors, seed, probing=probing):
                games.setdefault(name, []).append(played)
        for name, found in games.items():
            print(line(kind, name, found, probing=probing), flush=True)


def line(kind: str, name: str, found: list[Played], *, probing: bool) -> str:
    """Return one line of the table."""

    def mean(field: str) -> float:
        return float(np.mean([getattr(played, field) for played in found]))

    inside = np.mean([p.predicted[1] <= p.bounced <= p.predicted[2] for p in found])
    predicted = np.mean([p.predicted[0] for p in found])
    return (
        f"{kind:7} {'yes' if probing else 'no':7} {name:7} {mean('ece_delivery'):11.4f} "
        f"{mean('ece_owner'):10.4f} {mean('sent'):5.0f} {predicted:10.4f} {mean('bounced'):5.4f} "
        f"{inside:7.2f} {mean('of_oracle'):7.3f} {mean('strangers'):10.4f}"
    )


if __name__ == "__main__":
    main()
