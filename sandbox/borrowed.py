"""Addresses on file that are not the debtor's own: an employer's, an accountant's, a stranger's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from sandbox.draws import indices, stream, words, zipf
from sandbox.market import Market
from sandbox.naming import company_domains, consumer_domains, local_parts

_STAFF = 25  # debtors of a consumer portfolio at one employer
_CLIENTS = 6  # companies at one accountant
_PARTNER = 0.5  # of wrong persons: another debtor of the portfolio, else an outsider
_LENT = ("owner", "provider", "domain", "address")


@dataclass(frozen=True, slots=True)
class _Elsewhere:
    """Addresses of one relation, one for every contact, and for which contacts they hold."""

    relation: str
    case: pl.Expr
    address: pl.Series
    provider: pl.Expr
    owned: bool  # it is the debtor's own mailbox all the same


def elsewhere(
    market: Market,
    contacts: pl.DataFrame,
    debtors: pl.DataFrame,
    seed: int,
) -> pl.DataFrame:
    """Replace addresses that belong to an employer, an accountant, a stranger or nobody."""
    rng = stream(seed, "elsewhere")
    people = contacts.select("person").join(debtors, on="person", how="left", maintain_order="left")
    for other in (
        _at_work(market, people, rng, debtors.height),
        _at_accountant(market, people, rng, debtors.height),
        *_at_strangers(market, people, rng),
    ):
        case = other.case
        lost = case & pl.lit(not other.owned)
        contacts = contacts.with_columns(
            pl.when(case).then(other.address).otherwise("address").alias("address"),
            pl.when(case).then(pl.lit(other.relation)).otherwise("relation").alias("relation"),
            pl.when(case).then(other.provider).otherwise("provider").alias("provider"),
            pl.when(lost).then(None).otherwise("owner").alias("owner"),
            pl.when(case).then(None).otherwise("confirmed_age").alias("confirmed_age"),
        )
    return contacts.with_columns(pl.col("address").str.split("@").list.last().alias("domain"))


def _at_work(
    market: Market, people: pl.DataFrame, rng: np.random.Generator, debtors: int
) -> _Elsewhere:
    share = market.entry_errors.get("employer_address", 0.0)
    pool = company_domains(market, rng, "grupo", debtors * share / _STAFF)
    domain = pool.gather(indices(rng, zipf(len(pool)), people.height))
    address = people["first"] + "." + people["last"] + "@" + domain
    case = pl.col("error") == "employer_address"
    return _Elsewhere("employer", case, address, pl.lit("own_domain"), owned=True)


def _at_accountant(
    market: Market, people: pl.DataFrame, rng: np.random.Generator, debtors: int
) -> _Elsewhere:
    share = market.entry_errors.get("accountant", 0.0)
    pool = company_domains(market, rng, market.names["accountant"], debtors * share / _CLIENTS)
    domain = pool.gather(rng.integers(0, len(pool), people.height))
    address = market.names["roles"][1] + "@" + domain
    case = pl.col("error") == "accountant"
    return _Elsewhere("accountant", case, address, pl.lit("own_domain"), owned=False)


def _at_strangers(
    market: Market, people: pl.DataFrame, rng: np.random.Generator
) -> tuple[_Elsewhere, _Elsewhere]:
    """Return mailboxes of people who owe nothing, and disposable ones."""
    size = people.height
    consumer = {name: share for name, share in market.providers.items() if name != "own_domain"}
    provider = words(rng, consumer, size)
    shuffled = people.sample(fraction=1.0, shuffle=True, seed=int(rng.integers(2**31)))
    number = pl.Series(rng.integers(100_000, 1_000_000, size)).cast(pl.String)
    away = local_parts(rng, shuffled["first"], shuffled["last"]) + "." + number + "@"
    names = list(market.common("disposable"))
    thrown_away = pl.Series(names, dtype=pl.String).gather(rng.integers(0, len(names), size))
    by_mistake = pl.Series(rng.random(size) >= _PARTNER)
    return (
        _Elsewhere(
            "stranger",
            (pl.col("error") == "wrong_person") & by_mistake,
            away + consumer_domains(market, rng, provider),
            pl.lit(provider),
            owned=False,
        ),
        _Elsewhere(
            "disposable",
            pl.col("error") == "disposable",
            away + thrown_away,
            pl.lit("disposable"),
            owned=True,
        ),
    )


def lent(contacts: pl.DataFrame, debtors: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Let some debtors use another debtor's address: a relative's, or by mistake."""
    rng = stream(seed, "lent")
    named = contacts.with_columns(
        debtors["family"].gather(contacts["person"]).alias("family"),
        pl.Series("dice", rng.integers(0, 2**40, contacts.height)),
    )
    lenders = named.filter(
        (pl.col("slot") == 1) & (pl.col("relation") == "self") & (pl.col("error") == "none"),
    ).select("family", *(pl.col(name).alias(f"{name}_lent") for name in _LENT))
    if lenders.is_empty():
        return contacts
    family = pl.col("error") == "shared_family"
    partner = (pl.col("error") == "wrong_person") & (pl.col("relation") == "self")
    contacts = _take_over(contacts, _drawn_from(lenders, named, ["family"]), family, "family")
    return _take_over(contacts, _drawn_from(lenders, named, []), partner, "partner")


def _drawn_from(lenders: pl.DataFrame, named: pl.DataFrame, groups: list[str]) -> pl.DataFrame:
    """Return, row by row of `named`, a lender of the same group drawn by its dice; null: none."""
    group = pl.struct(*groups) if groups else pl.lit(0)
    ranked = lenders.with_columns(group.alias("group")).with_columns(
        pl.int_range(pl.len(), dtype=pl.Int64).over("group").alias("rank"),
        pl.len().cast(pl.Int64).over("group").alias("size"),
    )
    sizes = ranked.select("group", "size").unique("group")
    return (
        named.select(group.alias("group"), "dice")
        .join(sizes, on="group", how="left", maintain_order="left")
        .with_columns((pl.col("dice") % pl.col("size")).alias("rank"))
        .join(ranked.drop("size"), on=["group", "rank"], how="left", maintain_order="left")
    )


def _take_over(
    contacts: pl.DataFrame, lenders: pl.DataFrame, case: pl.Expr, relation: str
) -> pl.DataFrame:
    """Put the lender's address where the case holds and somebody else could be drawn."""
    another = lenders["owner_lent"].is_not_null() & (lenders["owner_lent"] != contacts["person"])
    found = case & another
    return contacts.with_columns(
        *(pl.when(found).then(lenders[f"{n}_lent"]).otherwise(n).alias(n) for n in _LENT),
        pl.when(found).then(pl.lit(relation)).otherwise("relation").alias("relation"),
        pl.when(found).then(None).otherwise("confirmed_age").alias("confirmed_age"),
    )
