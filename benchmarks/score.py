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
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Final, get_args

import numpy as np
import polars as pl

from benchmarks.score_worlds import NOW, World, make_world
from checks.frames import SUPPRESSIONS, empty
from checks.score import (
    EXPOSURE,
    OUTCOMES,
    DecidedDebtors,
    DecisionPolicy,
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
from data.reference.score import load_score_model, load_score_reference
from sandbox.answers import answer
from sandbox.market import Kind
from sandbox.portfolio import AS_OF
from sandbox.referee import FINE, best_list, calibration_error, with_classes, with_true_rates

HEADING: Final = (
    "market  probing model   raw     ECE deliver  ECE owner  Brier   against priors   sent"
    "  predicted  true    inside  width  debtors  amount  strangers   told"
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
