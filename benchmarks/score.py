"""Scores, lists and learning against the sandbox's truth, over markets and seeds.

    python -m benchmarks.score [--debtors 20000] [--seeds 5] [--markets b2c_br b2b_mx] [--wear 1.6]

For each market, with and without probing, with the priors, after one and after two rounds of
events, on debtors who were never learnt from: the calibration error of both scores (15 bins of
equal mass); the Brier score and by how many millionths it differs from the priors', with the
standard error over the seeds; the list that the gate lets go, the hard bounces it foretells and
those that happen; how often they lie inside the 95 % interval, and how wide that is in binomial
intervals; debtors and amount of the list against an oracle's; debts told to the wrong person, and
the share of debts that the limit of exposure leaves.

The oracle knows the true rate of each class of raw observables (provider, what was asked and
answered, source, age, confirmed or not), pooled over all seeds, and no single truth. Name servers
are asked in both cases, mail servers only with probing. All answers are taken from the truth, as
honest hosts give them; nothing is asked. With `--wear` mailboxes die so many times as fast as in
the sandbox's figures, to which the priors are near: what learning is for. `raw` is the share of all
addresses in the file that would bounce for good.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Final, get_args

import numpy as np
import polars as pl

from checks.contacts import find_clusters
from checks.frames import DOMAINS, FINDINGS, HISTORY, SUPPRESSIONS, empty, shaped
from checks.model import VERDICT_OF
from checks.score import (
    EXPOSURE,
    OUTCOMES,
    DecidedDebtors,
    DecisionPolicy,
    Facts,
    GateLimits,
    ListHistory,
    Scored,
    ScoreModel,
    apply_gate,
    decide_contacts,
    decide_debtors,
    find_suppressed,
    fit_deliverability,
    fit_ownership,
    gate_list,
    lessons_from,
    limit_exposure,
    merge_lessons,
    merge_owner_lessons,
    owner_lessons_from,
    score_contacts,
)
from checks.score.forecast import Z_95
from checks.syntax import check_syntax
from data.intake import IntakeSettings, read_portfolio
from data.reference.matching import load_match_reference
from data.reference.score import load_score_model, load_score_reference
from data.reference.syntax import load_syntax_reference
from sandbox.answers import answer
from sandbox.market import Kind
from sandbox.portfolio import AS_OF, Truth, make_portfolio
from sandbox.referee import FINE, best_list, calibration_error, with_classes, with_true_rates

NOW: Final = dt.datetime.combine(AS_OF, dt.time(), dt.UTC)
HEADING: Final = (
    "market  probing model   raw     ECE deliver  ECE owner  Brier   against priors   sent"
    "  predicted  true    inside  width  debtors  amount  strangers   told"
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
    ends: pl.DataFrame  # address, delivered, is_hard
    owners: pl.DataFrame  # debtor_id, address, reaches
    truth: Truth


@lru_cache(maxsize=3)
def make_world(kind: Kind, debtors: int, seed: int, *, probing: bool, wear: float = 1.0) -> World:
    """Return a portfolio through the real intake, shape check and matching."""
    portfolio = make_portfolio(kind, debtors, seed, wear=wear)
    with tempfile.TemporaryDirectory() as folder:
        path = portfolio.write(Path(folder))
        read = read_portfolio([path], IntakeSettings(legal_basis="LGPD art. 7, X"), Path(folder))
    shapes = check_syntax(
        read.contacts["email_raw"].unique(), load_syntax_reference(allow_special_use=True)
    )
    located = read.contacts.join(shapes, on="email_raw").filter(pl.col("domain").is_not_null())
    asked = shapes.filter(pl.col("domain").is_not_null()).select("address", "domain").unique()
    domains, findings = answers_of(asked, portfolio.truth)
    facts = Facts(
        contacts=read.contacts,
        debtors=read.debtors,
        clusters=find_clusters(
            read.debtors,
            located.select("creditor_id", "debtor_id", "address"),
            load_match_reference(),
        ).clusters,
        syntax=shapes,
        domains=domains,
        findings=findings if probing else empty(FINDINGS),
        history=empty(HISTORY),
    )
    return World(
        facts, read.invoices, ends_of(portfolio.truth), owners_of(portfolio.truth), portfolio.truth
    )


def ends_of(truth: Truth) -> pl.DataFrame:
    """Return what a message to each address ends in."""
    return truth.addresses.select(
        "address",
        (pl.col("delivery") == "delivered").alias("delivered"),
        (pl.col("delivery") == "hard_bounce").alias("is_hard"),
    )


def owners_of(truth: Truth) -> pl.DataFrame:
    """Return whether each debtor's addresses are the debtor's.

    Beside what stands in the file it knows what was meant: intake mends slips of shape.
    """
    meant = truth.contacts.join(
        truth.addresses.select("owner", intended="address"), on="intended"
    ).select(
        "debtor_id",
        pl.col("intended").alias("address"),
        (pl.col("owner") == pl.col("person")).fill_null(value=False).alias("reaches_debtor"),
    )
    asked = truth.contacts.select(
        "debtor_id", pl.col("asked").alias("address"), "reaches_debtor"
    ).drop_nulls("address")
    return (
        pl.concat([asked, meant])
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
    """What one world and model gave; `listed` are the candidates with their class and their end."""

    listed: pl.DataFrame
    raw: float
    ece_delivery: float
    ece_owner: float
    brier: float
    sent: int
    predicted: tuple[float, float, float]
    bounced: float
    strangers: float
    told: float  # share of the debts told that the limit of exposure leaves

    @property
    def inside(self) -> bool:
        """Tell whether the true share lies in the predicted interval."""
        return self.predicted[1] <= self.bounced <= self.predicted[2]

    @property
    def width(self) -> float:
        """Return the width of the interval in widths of the binomial one."""
        rate, low, high = self.predicted
        deviation = np.sqrt(rate * (1.0 - rate) / max(self.sent, 1))
        return float((high - low) / (2 * Z_95 * deviation)) if deviation else 1.0


def play(world: World, scored: Scored, model: ScoreModel) -> Played:
    """Decide and gate a scored world, and let the referee count."""
    decided = decided_of(world, scored)
    candidates = decided.candidates
    gate = gate_list(candidates, GateLimits(), ListHistory(), model)
    ended = candidates.join(world.ends, left_on="email", right_on="address", how="left").join(
        gate.rows.select("debtor_id", (pl.col("outcome") == "sent").alias("is_sent")),
        on="debtor_id",
    )
    listed = with_classes(
        ended.with_columns(pl.col("delivered", "is_hard").fill_null(value=False)),
        scored.contacts,
        AS_OF,
    )
    sent = listed.filter("is_sent")
    limited, exposure = limit_exposure(apply_gate(decided.debtors, gate), EXPOSURE)
    told = (
        limited.filter(pl.col("decision") == "send")
        .join(
            world.owners,
            left_on=["debtor_id", "email"],
            right_on=["debtor_id", "address"],
            how="left",
        )["reaches_debtor"]
        .fill_null(value=False)
    )
    addresses = scored.contacts.unique("address").join(world.ends, on="address")
    owned = scored.contacts.join(world.owners, on=["debtor_id", "address"])
    return Played(
        listed=listed.select(*FINE, "is_hard", "is_sent", "amount"),
        raw=share(addresses["is_hard"]),
        ece_delivery=calibration_error(addresses["score"], addresses["delivered"]),
        ece_owner=calibration_error(owned["ownership"], owned["reaches_debtor"]),
        brier=float(
            np.mean((addresses["score"].to_numpy() - addresses["delivered"].to_numpy()) ** 2)
        ),
        sent=sent.height,
        predicted=(gate.predicted.rate, gate.predicted.low, gate.predicted.high),
        bounced=share(sent["is_hard"]) if sent.height else 0.0,
        strangers=1.0 - share(told),
        told=exposure.told / max(exposure.told + exposure.noticed, 1),
    )


def share(flags: pl.Series) -> float:
    """Return the share of true values; 1 where there are none."""
    return float(flags.to_numpy().mean()) if flags.len() else 1.0


def decided_of(world: World, scored: Scored) -> DecidedDebtors:
    """Return the decisions of a world without suppressions."""
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
    )


@dataclass(frozen=True, slots=True)
class Lessons:
    """What a round of events teaches of both scores."""

    delivery: pl.DataFrame  # LESSONS
    owners: pl.DataFrame  # OWNER_LESSONS


def lessons_of(world: World, scored: Scored, model: ScoreModel) -> Lessons:
    """Return what the events of everything that the decisions would have sent teach."""
    candidates = decided_of(world, scored).candidates
    written = candidates.select("creditor_id", "debtor_id", address="email").unique()
    ended = written.join(world.ends, on="address")
    outcomes = ended.select(OUTCOMES.names()).unique()
    said = answer(written.rename({"address": "email"}), world.truth).select(
        address="email", is_owner=pl.col("event") != "wrong_person"
    )
    alone = pl.len().over("address") == 1  # else nobody knows which message was answered
    answers = ended.filter(pl.col("delivered") & alone).join(said, on="address", how="left")
    return Lessons(
        lessons_from(scored.steps, outcomes, model), owner_lessons_from(scored.steps, answers)
    )


def fitted(priors: ScoreModel, *taught: Lessons) -> ScoreModel:
    """Return both scores fitted to some rounds of events."""
    learnt = fit_deliverability(priors, merge_lessons([each.delivery for each in taught])).model
    return fit_ownership(learnt, merge_owner_lessons([each.owners for each in taught]))


def rounds(
    kind: Kind, debtors: int, seed: int, *, probing: bool, wear: float
) -> Iterator[tuple[str, Played]]:
    """Return what unseen debtors give with the priors, and after learning from others and others.

    The second round is scored by what the first one taught; both are then learnt together.
    """
    priors, reference = load_score_model(), load_score_reference()
    *taught, unseen = (
        make_world(kind, debtors, seed + part, probing=probing, wear=wear) for part in range(3)
    )

    def scored(world: World, model: ScoreModel) -> Scored:
        return score_contacts(world.facts, NOW, model, reference)

    yield "priors", play(unseen, scored(unseen, priors), priors)
    once = lessons_of(taught[0], scored(taught[0], priors), priors)
    learnt = fitted(priors, once)
    yield "learnt", play(unseen, scored(unseen, learnt), learnt)
    again = lessons_of(taught[1], scored(taught[1], learnt), learnt)
    twice = fitted(priors, once, again)
    yield "twice", play(unseen, scored(unseen, twice), twice)


def main() -> None:
    """Print one line per market, probing, model: means over the seeds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--debtors", type=int, default=20_000)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--wear", type=float, default=1.0)
    parser.add_argument("--markets", nargs="+", default=list(get_args(Kind)))
    wanted = parser.parse_args()
    print(HEADING)
    for kind, probing in product(wanted.markets, (False, True)):
        games: dict[str, list[Played]] = {}
        for seed in range(wanted.seeds):
            for name, played in rounds(
                kind, wanted.debtors, seed, probing=probing, wear=wanted.wear
            ):
                games.setdefault(name, []).append(played)
        for name, found in games.items():
            gain = gained(games["priors"], found)
            print(f"{kind:7} {'yes' if probing else 'no':7} {name:7} {line(found, gain)}")
            sys.stdout.flush()


def gained(before: list[Played], after: list[Played]) -> tuple[float, float]:
    """Return the mean difference of Brier scores over the seeds, and its standard error."""
    changes = [new.brier - old.brier for old, new in zip(before, after, strict=True)]
    return float(np.mean(changes)), float(np.std(changes) / np.sqrt(max(len(changes) - 1, 1)))


def against_oracle(found: list[Played]) -> tuple[float, float]:
    """Return debtors and amount of the lists as shares of the oracle's, means over the seeds."""
    pooled = pl.concat(
        [
            played.listed.with_columns(pl.lit(seed).alias("seed"))
            for seed, played in enumerate(found)
        ]
    )
    shares = []
    for rated in with_true_rates(pooled).partition_by("seed"):
        best, sent = best_list(rated, GateLimits().green), rated.filter("is_sent")
        amount = float(sent["amount"].sum()) / max(float(best["amount"].sum()), 1.0)
        shares.append((sent.height / max(best.height, 1), amount))
    debtors, amounts = np.mean(shares, axis=0).tolist()
    return debtors, amounts


def line(found: list[Played], gain: tuple[float, float]) -> str:
    """Return the figures of one game."""

    def mean(field: str) -> float:
        return float(np.mean([getattr(played, field) for played in found]))

    predicted = np.mean([played.predicted[0] for played in found])
    debtors, amount = against_oracle(found)
    return (
        f"{mean('raw'):6.4f} {mean('ece_delivery'):12.4f} {mean('ece_owner'):10.4f} "
        f"{mean('brier'):7.4f} {gain[0] * 1e6:9.1f} ±{gain[1] * 1e6:6.1f} {mean('sent'):7.0f} "
        f"{predicted:10.4f} {mean('bounced'):7.4f} {mean('inside'):7.3f} {mean('width'):6.2f} "
        f"{debtors:8.3f} {amount:7.3f} {mean('strangers'):10.4f} {mean('told'):6.3f}"
    )


if __name__ == "__main__":
    main()
