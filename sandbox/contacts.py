"""Which address each debtor truly has on file, before anyone mistypes it."""

from __future__ import annotations

import numpy as np
import polars as pl

from sandbox.borrowed import elsewhere, lent
from sandbox.draws import indices, kinds, stream, words, zipf
from sandbox.mailboxes import mailbox_key
from sandbox.market import Market, fold
from sandbox.naming import company_domains, consumer_domains, local_parts

_NEVER_CONFIRMED = ("domain_typo", "local_typo", "syntax", "placeholder", "missing")
_SHARED_AT_OWN_DOMAIN = 3  # debtors of a consumer portfolio at one small company's domain


def make_contacts(market: Market, debtors: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Return the addresses on file, one row per debtor and slot (1, and for some debtors 2).

    Columns: `person`, `slot`, `error` (one of the market's entry errors or "none"), `relation`
    (self | role | employer | accountant | disposable | stranger | partner | family), `owner`
    (the person whose mailbox it is; null: no debtor's), `provider`, `domain`, `address`,
    `source`, `age` (years since it was collected), `confirmed_age` (years since its owner last
    confirmed it; null: never).
    """
    errors = kinds(stream(seed, "errors"), market.entry_errors, debtors.height)
    first = _own(market, debtors, seed, slot=1)
    two = pl.Series(stream(seed, "second").random(debtors.height) < market.second_address)
    two = (two & (errors != "missing")) | (errors == "two_in_cell")
    second = _own(market, debtors.filter(two), seed, slot=2)
    own = _made_unique(pl.concat([first, second]))
    error = (
        pl.when(pl.col("slot") == 1).then(errors.gather(own["person"])).otherwise(pl.lit("none"))
    )
    mistyped = error.is_in(_NEVER_CONFIRMED)  # what was clicked in a message has arrived
    with_errors = own.with_columns(
        error.alias("error"),
        pl.when(~mistyped).then("confirmed_age").alias("confirmed_age"),
    )
    return lent(elsewhere(market, with_errors, debtors, seed), debtors, seed)


def _own(market: Market, debtors: pl.DataFrame, seed: int, *, slot: int) -> pl.DataFrame:
    """Give everyone a mailbox of their own."""
    rng = stream(seed, f"own-{slot}")
    size = debtors.height
    provider = words(rng, market.providers, size)
    frame = debtors.select(
        "person",
        pl.lit(slot, dtype=pl.Int64).alias("slot"),
        provider.alias("provider"),
        consumer_domains(market, rng, provider).alias("domain"),
        local_parts(rng, debtors["first"], debtors["last"]).alias("local"),
        pl.lit("self").alias("relation"),
    )
    frame = _at_own_domains(market, frame, debtors, rng)
    source_shares = {name: values[0] for name, values in market.common("sources").items()}
    ages = market.common("ages")
    bounds = np.array(ages["bounds"])[indices(rng, ages["shares"], size)]
    age = bounds[:, 0] + rng.random(size) * (bounds[:, 1] - bounds[:, 0])
    confirmed = pl.Series("confirmed_age", age * rng.random(size))
    return frame.with_columns(
        words(rng, source_shares, size).alias("source"),
        pl.Series("age", age),
        pl.select(
            pl.when(pl.Series(rng.random(size) < market.confirmed)).then(confirmed)
        ).to_series(),
    )


def _at_own_domains(
    market: Market,
    frame: pl.DataFrame,
    debtors: pl.DataFrame,
    rng: np.random.Generator,
) -> pl.DataFrame:
    """Fill in own domains: a company's is its own, a person's a small company's."""
    if market.companies:
        at_home = _at_own_company(market, debtors, rng)
    else:
        share = market.providers["own_domain"] / _SHARED_AT_OWN_DOMAIN
        pool = company_domains(market, rng, "studio", frame.height * share)
        domain = pool.gather(rng.integers(0, len(pool), frame.height))
        at_home = frame.select(domain.alias("domain"), "local", "relation")
    own = pl.col("provider") == "own_domain"
    return frame.with_columns(
        pl.when(own).then(at_home[name]).otherwise(name).alias(name) for name in at_home.columns
    )


def _at_own_company(
    market: Market, debtors: pl.DataFrame, rng: np.random.Generator
) -> pl.DataFrame:
    """Give every company a domain with a mailbox of its staff or of a role."""
    size = debtors.height
    roles = market.names["roles"]
    staff = [fold(name) for name in market.names["first"]]
    given = pl.Series("given", staff, dtype=pl.String).gather(indices(rng, zipf(len(staff)), size))
    role = pl.Series("role", roles, dtype=pl.String).gather(indices(rng, zipf(len(roles)), size))
    is_role = pl.Series(rng.random(size) < market.common("habits")["role_at_own_domain"])
    return debtors.select(
        pl.format("{}-{}{}.example", "first", "last", "person").alias("domain"),
        pl.when(is_role).then(role).otherwise(pl.format("{}.{}", given, "last")).alias("local"),
        pl.when(is_role).then(pl.lit("role")).otherwise(pl.lit("self")).alias("relation"),
    )


def _made_unique(contacts: pl.DataFrame) -> pl.DataFrame:
    """Two people cannot hold one mailbox: later comers at a provider get a number."""
    address = pl.concat_str("local", pl.lit("@"), "domain")
    later = pl.int_range(pl.len()).over(mailbox_key(address)) > 0
    number = (2 * pl.col("person") + pl.col("slot")).cast(pl.String).str.zfill(8)
    local = pl.when(later).then(pl.concat_str("local", number, separator=".")).otherwise("local")
    return contacts.with_columns(
        pl.concat_str(local, pl.lit("@"), "domain").alias("address"),
        pl.col("person").alias("owner"),
    ).drop("local")
