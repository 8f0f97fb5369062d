"""Whom a run would ask and on which night, from files and what earlier runs left; no network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

from checks.mailbox.commands import is_askable
from checks.mailbox.forecast import Load, Outlook, forecast_load
from checks.mailbox.providers import OTHER, BudgetScope, Providers
from checks.mailbox.worth import order_of_asking, worth_of_answers
from checks.model import Reason
from flows.settings import GateSettings, ScoreSettings

KEY: Final = ("creditor_id", "debtor_id")
SUPPRESSED: Final = "suppressed"
ANSWERED_LATELY: Final = "answered_lately"


@dataclass(frozen=True, slots=True)
class AskPlan:
    """What is to be expected.

    `outlooks`: per owner of limits, a provider or a domain. `nights`: `address`, `provider`,
    `night` (from 1). `left_out`: `reason`, `provider` (null: not a provider's doing),
    `addresses`. `coverage`: `night`, `debtors`, `share`, `currency`, `amount`, `amount_share`,
    cumulative; a debtor is covered after the night of the last address that can be asked.
    """

    providers: tuple[str, ...]
    outlooks: Mapping[str, tuple[Outlook, ...]]
    nights: pl.DataFrame
    left_out: pl.DataFrame
    coverage: pl.DataFrame


@dataclass(frozen=True, slots=True)
class AskFacts:
    """What a plan is made from: CONTACTS found, SYNTAX, DEBTORS, the domain cache (DOMAINS).

    `suppressed` and `answered` hold `address`: who is not asked, and who need not be. `scores`
    holds `creditor_id, debtor_id, address, score`: what is believed before anyone is asked.
    `threshold` is the score from which a debt is sent without an answer.
    """

    contacts: pl.DataFrame
    syntax: pl.DataFrame
    debtors: pl.DataFrame
    domains: pl.DataFrame
    suppressed: pl.DataFrame
    answered: pl.DataFrame
    scores: pl.DataFrame
    threshold: float


def sent_unasked(score: ScoreSettings, gate: GateSettings) -> float:
    """Return the score from which a debt is sent though nobody was asked: the gate lets it pass."""
    return max(score.deliverable, 1.0 - gate.amber)


def plan_asking(facts: AskFacts, providers: Providers) -> AskPlan:
    """Return whom to ask when, in the order in which a run asks them."""
    addresses = _judged(facts, providers)
    asked = _in_order(addresses.filter(pl.col("reason").is_null()), providers)
    outlooks = {
        party: (provider, forecast_load(load, providers.named(provider), providers.courtesy))
        for party, provider, load in _loads(asked)
    }
    nights = _nights(asked, {party: found.by_night for party, (_, found) in outlooks.items()})
    named = sorted({provider for provider, _ in outlooks.values()})
    left_out = (
        addresses.drop_nulls("reason")
        .with_columns(
            provider=pl.when(pl.col("reason") == Reason.NOT_ASKED_POLICY.value).then("provider")
        )
        .group_by("reason", "provider")
        .agg(addresses=pl.len().cast(pl.Int64))
        .sort("addresses", "reason", descending=[True, False])
    )
    return AskPlan(
        providers=tuple(named),
        outlooks={
            name: tuple(found for provider, found in outlooks.values() if provider == name)
            for name in named
        },
        nights=nights,
        left_out=left_out,
        coverage=_coverage(facts, nights),
    )


def _judged(facts: AskFacts, providers: Providers) -> pl.DataFrame:
    """Return each distinct address with provider, party, hosts and the reason it is left out."""
    shapes = facts.syntax.join(facts.contacts.select("email_raw").unique(), on="email_raw")
    known = facts.domains.select(
        "domain",
        known_provider="provider",
        verdict_of_domain="verdict",
        reason_of_domain="reason",
        hosts=pl.col("mx_addresses").list.len().clip(1, providers.courtesy.addresses_per_domain),
    )
    rows = (
        shapes.sort("address", "email_raw")
        .unique("address", keep="first", maintain_order=True)
        .join(known, on="domain", how="left", maintain_order="left")
    )
    owners = {name: providers.provider_of_domain(name) for name in rows["domain"].drop_nulls()}
    provider = pl.coalesce(
        pl.col("known_provider"),
        pl.col("domain").replace_strict(owners, default=OTHER, return_dtype=pl.String),
    )
    by_domain = [
        name
        for name, entry in providers.by_name.items()
        if entry.limits.budget_scope is BudgetScope.ADDRESS
    ]
    rows = rows.with_columns(provider=provider).with_columns(
        party=pl.when(pl.col("provider").is_in(by_domain)).then("domain").otherwise("provider"),
        hosts=pl.col("hosts").fill_null(1).cast(pl.Int64),
    )
    owed = facts.debtors.select(*KEY, "amount", "currency")
    worth = worth_of_answers(facts.scores.join(owed, on=KEY, how="left"), facts.threshold)
    rows = rows.join(worth, on="address", how="left", maintain_order="left")
    return rows.with_columns(reason=_left_out(rows, facts, providers))


def _left_out(rows: pl.DataFrame, facts: AskFacts, providers: Providers) -> pl.Expr:
    """Return why an address is not asked; null: it is. The first that holds is told."""
    willing = [name for name, entry in providers.by_name.items() if entry.asked]
    plain = [address for address in rows["address"].drop_nulls() if is_askable(address)]
    condemned = pl.col("reason_of_domain").is_not_null() & (
        pl.col("verdict_of_domain") == "undeliverable"
    )
    return (
        pl.when(pl.col("reason").is_not_null())
        .then("reason")
        .when("is_disposable")
        .then(pl.lit(Reason.DISPOSABLE.value))
        .when(pl.col("address").is_in(facts.suppressed["address"].implode()))
        .then(pl.lit(SUPPRESSED))
        .when(condemned)
        .then("reason_of_domain")
        .when(~pl.col("provider").is_in(willing) | ~pl.col("address").is_in(plain))
        .then(pl.lit(Reason.NOT_ASKED_POLICY.value))
        .when(pl.col("address").is_in(facts.answered["address"].implode()))
        .then(pl.lit(ANSWERED_LATELY))
    )


def _in_order(asked: pl.DataFrame, providers: Providers) -> pl.DataFrame:
    """Return the rows by owner of limits; inside, as sessions take them: domain after domain."""
    order = order_of_asking(asked, providers)
    return (
        asked.with_columns(pl.col("unknown").fill_null(1.0))
        .join(order, on="address")
        .with_columns(turn=pl.col("priority").min().over("party", "domain"))
        .sort("party", "turn", "domain", "priority")
    )


def _loads(asked: pl.DataFrame) -> list[tuple[str, str, Load]]:
    parties = asked.group_by("party", "provider", maintain_order=True).agg(
        pl.col("unknown"), domains=pl.col("domain").n_unique(), hosts=pl.col("hosts").max()
    )
    return [
        (party, provider, Load(tuple(unknown), domains, hosts))
        for party, provider, unknown, domains, hosts in parties.sort("party").iter_rows()
    ]


def _nights(asked: pl.DataFrame, by_night: Mapping[str, tuple[int, ...]]) -> pl.DataFrame:
    """Return the night of each address, `asked` in order."""
    ordered = asked.select("party", "address", "provider")
    nights = [
        night
        for party in ordered["party"].unique(maintain_order=True)
        for night, count in enumerate(by_night[party], start=1)
        for _ in range(count)
    ]
    return ordered.select("address", "provider", night=pl.Series(nights, dtype=pl.Int64))


def _coverage(facts: AskFacts, nights: pl.DataFrame) -> pl.DataFrame:
    last = (
        facts.contacts.join(facts.syntax.select("email_raw", "address"), on="email_raw")
        .join(nights, on="address")
        .group_by(KEY)
        .agg(pl.col("night").max())
    )
    debtors = facts.debtors.select(*KEY, "amount", pl.col("currency").fill_null("")).join(
        last, on=KEY, how="left"
    )
    totals = debtors.group_by("currency").agg(
        all_debtors=pl.len(), total=pl.col("amount").sum().cast(pl.Float64)
    )
    steps = (
        debtors.drop_nulls("night")
        .group_by("currency", "night")
        .agg(pl.len().alias("debtors"), pl.col("amount").sum().cast(pl.Float64))
        .sort("currency", "night")
        .with_columns(pl.col("debtors", "amount").cum_sum().over("currency"))
        .join(totals, on="currency", maintain_order="left")
    )
    return steps.select(
        "night",
        "currency",
        pl.col("debtors").cast(pl.Int64),
        share=pl.col("debtors") / pl.col("all_debtors"),
        amount=pl.col("amount").round(2),
        amount_share=pl.when(pl.col("total") > 0).then(pl.col("amount") / pl.col("total")),
    )
