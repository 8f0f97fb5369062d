"""What to do with each contact and each debtor, by the rule table and the debtor's best contact."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import polars as pl

from checks.frames import DECIDED_DEBTORS, empty, shaped
from checks.model import DebtorKind, Decision, DecisionReason
from checks.score.channel import other_channel
from checks.score.choice import DEBTOR_KEY, best_first
from checks.score.law import decision_rules
from checks.score.overriding import OVERRIDES, decided_by_person, override_contacts
from checks.score.rules import DecisionPolicy, decided_by
from checks.score.suppressions import Suppressed, open_invoices
from checks.score.tables import CANDIDATES, DECIDED, KEY

BACKUPS: Final = 2
_CARRIED: Final = ("email", "score", "ownership", "score_basis", "provider")
"""What a debtor shows of its chosen contact."""


@dataclass(frozen=True, slots=True)
class DecidedDebtors:
    """DECIDED_DEBTORS sorted by key, and the CANDIDATES among them that a list would write to."""

    debtors: pl.DataFrame
    candidates: pl.DataFrame


def decide_contacts(
    scored: pl.DataFrame,
    suppressed: Suppressed,
    policy: DecisionPolicy,
    overrides: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Return DECIDED: SCORED contacts with decision, reason and the rule that made them.

    OVERRIDES are persons' decisions; they come after the rules, and not over the law.
    """
    addresses = suppressed.addresses.rename({"reason": "suppressed_address"})
    debtors = suppressed.debtors.rename({"reason": "suppressed_debtor"})
    first_row = pl.col("debtor_id").min().over("creditor_id", "address")
    facts = (
        scored.join(addresses, on=["creditor_id", "address"], how="left")
        .join(debtors, on=DEBTOR_KEY, how="left")
        .with_columns((pl.col("debtor_id") > first_row).alias("is_repeated"), _paying())
    )
    by_rule = decided_by(facts, decision_rules(policy))
    decided = shaped(facts.with_columns(by_rule.get_columns()), DECIDED).sort(*KEY, "email_raw")
    return decided if overrides is None else override_contacts(decided, overrides)


def _paying() -> pl.Expr:
    company = pl.col("kind") == DebtorKind.COMPANY
    return (company & pl.col("is_finance") & pl.col("is_own_domain")).alias("is_paying")


def decide_debtors(
    *,
    contacts: pl.DataFrame,
    debtors: pl.DataFrame,
    clusters: pl.DataFrame,
    invoices: pl.DataFrame,
    suppressed: Suppressed,
    as_of: datetime,
    policy: DecisionPolicy,
    overrides: pl.DataFrame | None = None,
) -> DecidedDebtors:
    """Return one decision per debtor: that of its best contact, or another channel.

    `contacts` is DECIDED, the others DEBTORS, CLUSTERS and INVOICES, and the OVERRIDES that the
    contacts were decided with. `best_first` says which contact is best. A suppressed debtor stays
    suppressed whatever contacts and persons say.
    """
    chosen = _chosen(contacts)
    silenced = suppressed.debtors.rename({"reason": "silenced"})
    decided = decided_by_person(empty(OVERRIDES) if overrides is None else overrides)
    merged = (
        debtors.drop("invoices", "amount", "due_date")
        .join(clusters.drop("link"), on=DEBTOR_KEY, how="left")
        .join(chosen, on=DEBTOR_KEY, how="left")
        .join(_owed(debtors, open_invoices(invoices, suppressed)), on=DEBTOR_KEY, how="left")
        .join(silenced, on=DEBTOR_KEY, how="left")
        .join(decided, on=DEBTOR_KEY, how="left")
        .with_columns(pl.col("cluster_id").fill_null(pl.col("debtor_id")), *_decision())
    )
    reachable = pl.col("decision") != Decision.OTHER_CHANNEL
    merged = merged.with_columns(
        pl.when(reachable).then("email").alias("email"),
        pl.when(~reachable).then(other_channel(policy.mobile_channel)).alias("other_channel"),
        pl.col("backups").fill_null([]),
        pl.col("invoices").fill_null(0),
        (pl.lit(as_of.date()) - pl.col("due_date")).dt.total_days().alias("days_overdue"),
    ).sort(DEBTOR_KEY)
    sendable = pl.col("decision").is_in([Decision.SEND, Decision.SEND_NEUTRAL])
    return DecidedDebtors(
        debtors=shaped(merged, DECIDED_DEBTORS),
        candidates=shaped(merged.filter(sendable), CANDIDATES),
    )


def _chosen(contacts: pl.DataFrame) -> pl.DataFrame:
    """Return each debtor's best contact and up to two further addresses that may be written to."""
    needed = contacts.select(
        *DEBTOR_KEY, "address", "email_raw", *_CARRIED,
        "decision", "decision_reason", "source_date", "confirmed_at", "is_paying",
    )  # fmt: skip
    ranked = best_first(needed).unique([*DEBTOR_KEY, "address"], keep="first", maintain_order=True)
    spare = pl.col("decision").is_in([Decision.SEND, Decision.SEND_NEUTRAL])
    return ranked.group_by(DEBTOR_KEY, maintain_order=True).agg(
        pl.col(
            "rank", "email", "score", "ownership", "score_basis", "provider",
            "decision", "decision_reason",
        ).first().name.prefix("best_"),
        pl.col("email").slice(1).filter(spare.slice(1)).head(BACKUPS).alias("backups"),
    ).rename({f"best_{name}": name for name in _CARRIED})  # fmt: skip


def _owed(debtors: pl.DataFrame, invoices: pl.DataFrame) -> pl.DataFrame:
    """Return what each debtor still owes: count, amount in its currency, oldest due date."""
    currency = debtors.select(*DEBTOR_KEY, pl.col("currency").alias("own_currency"))
    same = pl.col("currency").eq_missing(pl.col("own_currency"))
    return (
        invoices.join(currency, on=DEBTOR_KEY, how="inner")
        .group_by(DEBTOR_KEY)
        .agg(
            pl.len().cast(pl.Int64).alias("invoices"),
            pl.when(pl.col("amount").filter(same).count() > 0)
            .then(pl.col("amount").filter(same).sum())
            .alias("amount"),
            pl.col("due_date").min(),
        )
    )


def _decision() -> list[pl.Expr]:
    silenced = pl.col("silenced").is_not_null()
    usable = pl.col("best_rank").is_not_null()
    known = pl.col("best_decision").is_not_null()
    by_person = pl.col("wanted").is_not_null()
    return [
        pl.when(silenced)
        .then(pl.lit(Decision.SUPPRESS.value))
        .when(by_person)
        .then("wanted")
        .when(usable)
        .then("best_decision")
        .otherwise(pl.lit(Decision.OTHER_CHANNEL.value))
        .alias("decision"),
        pl.when(silenced)
        .then("silenced")
        .when(by_person)
        .then(pl.lit(DecisionReason.OVERRIDDEN.value))
        .when(usable)
        .then("best_decision_reason")
        .when(known)
        .then(pl.lit(DecisionReason.NO_USABLE_ADDRESS.value))
        .otherwise(pl.lit(DecisionReason.NO_ADDRESS.value))
        .alias("decision_reason"),
    ]
