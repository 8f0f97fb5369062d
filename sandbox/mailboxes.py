"""The truth about domains and mailboxes: who hosts them, which live, what a delivery would do."""

from __future__ import annotations

import polars as pl

from sandbox.draws import kinds, stream, words
from sandbox.market import Market

NO_ROUTE = ("nxdomain", "null_mx", "no_mx", "mx_missing", "mx_to_localhost", "mx_ip_literal")
"""DNS fates under which no mail can be delivered at all."""

OUT_OF_REACH = ("servfail", "mx_timeout", "no_listener")
"""Fates under which a delivery is put off until it expires; the mailbox may well live."""

_OTHER_HAZARD = 0.2  # a year, of mailboxes of no class: disposable ones
_DEAD_HOST = {"nxdomain": 0.4, "no_mx": 0.2, "no_listener": 0.25, "mx_missing": 0.15}


def mailbox_key(address: pl.Expr) -> pl.Expr:
    """Return what tells mailboxes apart: the address, at Gmail without the dots of its local part.

    >>> pl.DataFrame({"a": ["a.na@gmail.com", "a.na@uol.com.br"]}).select(
    ...     mailbox_key(pl.col("a"))).to_series().to_list()
    ['ana@gmail.com', 'a.na@uol.com.br']
    """
    local = address.str.replace("@gmail.com", "", literal=True)
    bare = local.str.replace_all(".", "", literal=True) + "@gmail.com"
    return pl.when(address.str.ends_with("@gmail.com")).then(bare).otherwise(address)


def make_domains(market: Market, names: pl.Series, seed: int) -> pl.DataFrame:
    """Return one row per distinct domain, the market's consumer domains among them, sorted.

    Columns: `domain`, `host` (a personality of personalities.toml), `dns` (ok, or a fate as in
    markets.toml), `accepts_all` (every RCPT is answered 250), `keeps_all` (and kept, too).
    """
    known = _known_domains(market)
    domains = pl.concat([names, known["domain"]]).unique().sort().rename("domain").to_frame()
    size = domains.height
    rng = stream(seed, "domains")
    own_host = words(rng, market.hosts, size)
    own_fate = kinds(rng, market.common("dns_faults"), size).replace("none", "ok")
    dead_fate = words(rng, _DEAD_HOST, size)
    joined = domains.join(known, on="domain", how="left", maintain_order="left").with_columns(
        own_host.alias("own_host"),
    )
    own = pl.col("domain").str.ends_with(".example")
    host = pl.coalesce("host", pl.when(own).then("own_host").otherwise(pl.lit("dead_host")))
    own_dns = pl.when(pl.col("own_host") == "dead_host").then(dead_fate).otherwise(own_fate)
    share = host.replace_strict(market.common("accept_all"), default=0.0, return_dtype=pl.Float64)
    all_open = (host == "squat") | (own & (pl.Series(rng.random(size)) < share))
    keeps = (host == "squat") | (
        pl.Series(rng.random(size)) < market.common("mailboxes")["catch_all_keeps"]
    )
    return joined.select(
        "domain",
        host.alias("host"),
        pl.coalesce("dns", pl.when(own).then(own_dns).otherwise(pl.lit("nxdomain"))).alias("dns"),
        all_open.alias("accepts_all"),
        (all_open & keeps).alias("keeps_all"),
    )


def _known_domains(market: Market) -> pl.DataFrame:
    """Domains whose host and fate are written down: consumer, disposable and squatted ones."""
    hosts = market.common("consumer_hosts")
    table = {
        domain: (hosts[kind], "ok")
        for kind, weights in market.domains.items()
        for domain in weights
    }
    table |= {domain: tuple(pair) for domain, pair in market.common("consumer_fates").items()}
    table |= {domain: (host, "ok") for domain, host in market.common("disposable").items()}
    table |= dict.fromkeys(market.common("squatted")["domains"], ("squat", "ok"))
    return pl.DataFrame(
        [(domain, host, fate) for domain, (host, fate) in table.items()],
        schema=["domain", "host", "dns"],
        orient="row",
    )


def live_and_die(
    market: Market, contacts: pl.DataFrame, seed: int, wear: float = 1.0
) -> pl.DataFrame:
    """Return what became of each distinct intended mailbox.

    A mailbox dies at a constant hazard of its provider, changed by the source of the address and
    by `wear`, from the day it was collected or last confirmed by its owner. Columns: `address`,
    `owner`, `relation`, `state` (exists | full | disabled | absent), `put_off` (a living mailbox
    whose next delivery is deferred).
    """
    first = contacts.sort("address", "person", "slot").unique(
        "address", keep="first", maintain_order=True
    )
    rng = stream(seed, "life")
    ills = market.common("mailboxes")
    size = first.height
    dead = pl.Series(rng.random(size)) > _survival(market, wear)
    death = pl.Series(rng.random(size))
    end = (
        pl.when(death < ills["dead_absent"])
        .then(pl.lit("absent"))
        .when(death < ills["dead_absent"] + ills["dead_disabled"])
        .then(pl.lit("disabled"))
        .otherwise(pl.lit("full"))
    )
    is_full = pl.Series(rng.random(size) < ills["living_full"])
    life = pl.when(is_full).then(pl.lit("full")).otherwise(pl.lit("exists"))
    return first.select(
        "address",
        "domain",
        "owner",
        pl.col("relation").replace({"family": "self", "partner": "self"}),
        pl.when(dead).then(end).otherwise(life).alias("state"),
        pl.Series("put_off", rng.random(size) < ills["living_soft"]),
    )


def _survival(market: Market, wear: float) -> pl.Expr:
    """Return the probability that a contact's mailbox still lives."""
    hazard = pl.col("provider").replace_strict(
        market.common("hazard_per_year"), default=_OTHER_HAZARD, return_dtype=pl.Float64
    )
    factor = pl.col("source").replace_strict(
        {name: values[1] for name, values in market.common("sources").items()},
        return_dtype=pl.Float64,
    )
    return (-wear * hazard * factor * pl.coalesce("confirmed_age", "age")).exp()


def settle(mailboxes: pl.DataFrame, domains: pl.DataFrame) -> pl.DataFrame:
    """Join mailboxes with their domains' fates into the truth per address, sorted.

    Columns: `address`, `domain`, `host`, `dns`, `accepts_all`, `owner`, `relation`, `mailbox`
    (exists | full | disabled | absent | no_route) and `delivery` (delivered | hard_bounce |
    soft_bounce: what a real sending would end in).
    """
    joined = mailboxes.join(domains, on="domain", how="left", maintain_order="left")
    no_route = pl.col("dns").is_in(NO_ROUTE)
    mailbox = pl.when(no_route).then(pl.lit("no_route")).otherwise("state")
    put_off = pl.col("put_off") & (pl.col("state") == "exists")
    delivery = (
        pl.when(no_route)
        .then(pl.lit("hard_bounce"))
        .when(pl.col("dns").is_in(OUT_OF_REACH) | (pl.col("host") == "no_listener") | put_off)
        .then(pl.lit("soft_bounce"))
        .when(pl.col("keeps_all") | (pl.col("state") == "exists"))
        .then(pl.lit("delivered"))
        .when(pl.col("state") == "full")
        .then(pl.lit("soft_bounce"))
        .otherwise(pl.lit("hard_bounce"))
    )
    return joined.select(
        "address",
        "domain",
        "host",
        "dns",
        "accepts_all",
        "owner",
        "relation",
        mailbox.alias("mailbox"),
        delivery.alias("delivery"),
    ).sort("address")
