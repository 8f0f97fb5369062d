"""Both scores of every contact, with the facts that the rules ask about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import polars as pl

from checks.frames import STEPS, shaped
from checks.model import DebtorKind
from checks.score.deliverability import score_addresses
from checks.score.law import ACCOUNTANT_ROOTS
from checks.score.lookalike import add_lookalikes
from checks.score.model import ScoreModel
from checks.score.names import NAMED, NameLevel, add_name_levels
from checks.score.ownership import score_owners
from checks.score.reference import CONSUMER_PROVIDERS, ScoreReference
from checks.score.sharing import add_sharing
from checks.score.tables import KEY, SCORED, Facts
from checks.score.verdicts import merge_verdicts


@dataclass(frozen=True, slots=True)
class Scored:
    """What scoring gives: SCORED contacts sorted by key, and the STEPS of both scores."""

    contacts: pl.DataFrame
    steps: pl.DataFrame


PART_CONTACTS: Final = 150_000
"""Contacts scored at a time, cut between addresses: a million fit beside each other in 2 GiB."""


def score_contacts(
    facts: Facts,
    as_of: datetime,
    model: ScoreModel,
    reference: ScoreReference,
) -> Scored:
    """Return verdict, deliverability and ownership of every contact.

    Contacts whose `email_raw` has no row in SYNTAX are an error of the caller and are left out.
    `as_of` is the run's frozen moment, in UTC.
    """
    parts = [_score_part(part, as_of, model, reference) for part in _parts(facts)]
    contacts = add_lookalikes(pl.concat([part.contacts for part in parts]))
    return Scored(
        contacts=shaped(contacts, SCORED).sort(*KEY, "email_raw"),
        steps=pl.concat([part.steps for part in parts]),
    )


def _parts(facts: Facts) -> Iterator[Facts]:
    """Cut the facts between addresses, in their order: all that share one stay together."""
    key = facts.contacts.select("creditor_id", "email_raw").join(
        facts.syntax.select("email_raw", "address"), on="email_raw", maintain_order="left"
    )
    place = pl.struct("creditor_id", "address").rank("min") // PART_CONTACTS
    numbered = key.with_columns(place.alias("part")).select("creditor_id", "email_raw", "part")
    if numbered.is_empty():
        yield facts
    for _, rows in sorted(numbered.unique().partition_by("part", as_dict=True).items()):
        yield replace(
            facts,
            contacts=facts.contacts.join(rows, on=["creditor_id", "email_raw"], how="semi"),
            syntax=facts.syntax.join(rows, on="email_raw", how="semi"),
        )


def _score_part(
    facts: Facts,
    as_of: datetime,
    model: ScoreModel,
    reference: ScoreReference,
) -> Scored:
    """Score contacts whose neighbours at the same address are all there."""
    merged = merge_verdicts(facts, reference, answer_days=model.answer_days)
    gathered = _gathered(facts, merged, reference)
    scored, delivery_steps = score_addresses(
        _with_misspelt(merged, gathered), facts.history, as_of, model
    )
    key = ["creditor_id", "address"]
    with_score = gathered.join(scored.select(*key, "score"), on=key, how="left")
    owned, owner_steps = score_owners(with_score, as_of, model)
    kept = [name for name in SCORED if name != "is_lookalike"]
    return Scored(
        contacts=owned.select(*kept, "domain"),
        steps=pl.concat([shaped(delivery_steps, STEPS), shaped(owner_steps, STEPS)]),
    )


def _gathered(facts: Facts, merged: pl.DataFrame, reference: ScoreReference) -> pl.DataFrame:
    """Return contacts joined with all that is known of address, debtor and neighbours."""
    shape = facts.syntax.select("email_raw", "address", "is_role", "is_free", "suggestion")
    debtors = facts.debtors.select(
        "creditor_id", "debtor_id", "kind", "name", "tax_id", "invoices"
    ).join(
        facts.clusters.select("creditor_id", "debtor_id", "cluster_id"),
        on=["creditor_id", "debtor_id"],
        how="left",
    )
    contacts = (
        facts.contacts.rename({"confirmed_at": "file_confirmed_at"})
        .join(shape, on="email_raw", how="inner")
        .join(merged.drop("source"), on=["creditor_id", "address"], how="inner")
        .join(debtors, on=["creditor_id", "debtor_id"], how="inner")
        .with_columns(
            pl.col("cluster_id").fill_null(pl.col("debtor_id")),
            pl.col("kind").fill_null(DebtorKind.UNKNOWN.value),
            pl.col("is_role", "is_free").fill_null(value=False),
            pl.when(pl.col("domain").is_not_null()).then("address").alias("email"),
            (pl.col("invoices").fill_null(0) > 0).alias("owes"),
        )
    )
    named = contacts.with_columns(_words(reference))
    compared = add_name_levels(named, reference)
    own_domain = pl.col("is_own_domain") & ~pl.col("is_consumer")
    by_name = pl.col("name_level").is_in(NAMED)
    return add_sharing(
        compared.with_columns(own_domain, (by_name | own_domain).alias("is_named"))
    ).with_columns(_confirmed(), _identified(), _accountant(reference))


def _with_misspelt(addresses: pl.DataFrame, contacts: pl.DataFrame) -> pl.DataFrame:
    """Return ADDRESSES with `is_misspelt`: one slip from a debtor's name, and nobody's own name."""
    key = ["creditor_id", "address"]
    slipped = (pl.col("name_level") == NameLevel.MISSPELT.value).any()
    named = pl.col("name_level").is_in(NAMED).any()
    slips = contacts.group_by(key).agg((slipped & ~named).alias("is_misspelt"))
    return addresses.join(slips, on=key, how="left", maintain_order="left").with_columns(
        pl.col("is_misspelt").fill_null(value=False)
    )


def _words(reference: ScoreReference) -> list[pl.Expr]:
    local = pl.col("address").str.split("@").list.first().str.to_lowercase()
    consumer = pl.col("provider").is_in(sorted(CONSUMER_PROVIDERS)) | pl.col("is_free")
    return [
        local.alias("local"),
        consumer.alias("is_consumer"),
        local.is_in(sorted(reference.finance_mailboxes)).alias("is_finance"),
        local.is_in(sorted(reference.never_mailboxes)).alias("is_never"),
    ]


def _confirmed() -> pl.Expr:
    """Return this contact's confirmation; a click at the address counts where nobody shares it."""
    alone = (pl.col("people") + pl.col("companies")) <= 1
    clicked = pl.when(alone).then("heard_at")
    return pl.max_horizontal("file_confirmed_at", clicked).alias("confirmed_at")


def _identified() -> pl.Expr:
    return (pl.col("name").is_not_null() | pl.col("tax_id").is_not_null() | pl.col("owes")).alias(
        "is_identified"
    )


def _accountant(reference: ScoreReference) -> pl.Expr:
    words = sorted(reference.accountant_words)
    named = pl.col("address").str.to_lowercase().str.contains_any(words)
    foreign = named & ~pl.col("is_own_domain")
    return (foreign | (pl.col("companies") >= ACCOUNTANT_ROOTS)).alias("is_accountant")
