"""Which address each debtor truly has on file, before anyone mistypes it."""

from __future__ import annotations

import numpy as np
import polars as pl

from sandbox.draws import indices, kinds, stream, words, zipf
from sandbox.mailboxes import mailbox_key
from sandbox.market import Market, fold

_PATTERNS = {
    "{first}.{last}": 0.26,
    "{first}{last}": 0.22,
    "{first}_{last}": 0.08,
    "{f}{last}": 0.10,
    "{first}{n}": 0.12,
    "{first}.{last}{n}": 0.12,
    "{last}{first}": 0.05,
    "{first}{last}{n}": 0.05,
}
"""How people make local parts; about 3 in 10 hold digits, as in Brazil's company register."""

_BIRTH_YEAR = 0.5  # of numbers in local parts
_SHARED_AT_OWN_DOMAIN = 3  # debtors of a consumer portfolio at one small company's domain
_STAFF = 25  # debtors of a consumer portfolio at one employer
_CLIENTS = 6  # companies at one accountant
_PARTNER = 0.5  # of wrong persons: another debtor of the portfolio, else an outsider


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
    with_errors = own.with_columns(error.alias("error"))
    return _lent(_elsewhere(market, with_errors, debtors, seed), debtors, seed)


def _own(market: Market, debtors: pl.DataFrame, seed: int, *, slot: int) -> pl.DataFrame:
    """Give everyone a mailbox of their own."""
    rng = stream(seed, f"own-{slot}")
    size = debtors.height
    provider = words(rng, market.providers, size)
    frame = debtors.select(
        "person",
        pl.lit(slot, dtype=pl.Int64).alias("slot"),
        provider.alias("provider"),
        _consumer_domains(market, rng, provider).alias("domain"),
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


def local_parts(rng: np.random.Generator, first: pl.Series, last: pl.Series) -> pl.Series:
    """Return local parts made of folded names, by the usual patterns."""
    size = len(first)
    number = np.where(
        rng.random(size) < _BIRTH_YEAR, rng.integers(50, 100, size), rng.integers(1, 2_000, size)
    )
    parts = {
        "first": first,
        "last": last,
        "f": first.str.head(1),
        "n": pl.Series(number).cast(pl.String),
    }
    columns = pl.DataFrame({**parts, "pattern": words(rng, _PATTERNS, size)})
    expression = pl.lit("")
    for pattern in _PATTERNS:
        template = pattern
        for name in parts:
            template = template.replace("{" + name + "}", "{}")
        fields = [piece.split("}")[0] for piece in pattern.split("{")[1:]]
        expression = (
            pl.when(pl.col("pattern") == pattern)
            .then(pl.format(template, *fields))
            .otherwise(expression)
        )
    return columns.select(expression.alias("local")).to_series()


def _consumer_domains(market: Market, rng: np.random.Generator, provider: pl.Series) -> pl.Series:
    """Draw a domain of each provider class; own domains stay null."""
    chance = rng.random(len(provider))
    domain = pl.lit(None, dtype=pl.String)
    for name, weights in market.domains.items():
        bounds = np.cumsum(list(weights.values()))
        place = np.searchsorted(bounds, chance * bounds[-1], side="right")
        drawn = pl.Series(list(weights), dtype=pl.String).gather(place)
        domain = pl.when(pl.Series(provider == name)).then(drawn).otherwise(domain)
    return pl.select(domain).to_series()


def _pool(market: Market, rng: np.random.Generator, count: int, word: str = "") -> pl.Series:
    """Return `count` different company domains under the reserved name "example"."""
    trades = [fold(trade) for trade in market.names["trades"]]
    names = [fold(name) for name in market.names["last"]]
    trade = pl.Series(trades, dtype=pl.String).gather(indices(rng, zipf(len(trades)), count))
    name = pl.Series(names, dtype=pl.String).gather(indices(rng, zipf(len(names)), count))
    label = (trade if not word else pl.Series([word] * count, dtype=pl.String)) + "-" + name
    number = pl.Series(range(count)).cast(pl.String)
    return label + number + ".example"


def _at_own_domains(
    market: Market,
    frame: pl.DataFrame,
    debtors: pl.DataFrame,
    rng: np.random.Generator,
) -> pl.DataFrame:
    """Fill in own domains: a company's is its own, a person's a small company's."""
    size = frame.height
    if market.companies:
        domain = (
            debtors["first"]
            + "-"
            + debtors["last"]
            + debtors["person"].cast(pl.String)
            + ".example"
        )
        staff = [fold(name) for name in market.names["first"]]
        given = pl.Series(staff, dtype=pl.String).gather(indices(rng, zipf(len(staff)), size))
        is_role = rng.random(size) < market.common("habits")["role_at_own_domain"]
        role = pl.Series(market.names["roles"], dtype=pl.String).gather(
            indices(rng, zipf(len(market.names["roles"])), size),
        )
        local = pl.select(
            pl.when(pl.Series(is_role)).then(role).otherwise(given + "." + debtors["last"])
        ).to_series()
        relation = pl.select(
            pl.when(pl.Series(is_role)).then(pl.lit("role")).otherwise(pl.lit("self"))
        ).to_series()
    else:
        pool = _pool(market, rng, max(1, size // _SHARED_AT_OWN_DOMAIN // 20), "studio")
        domain = pool.gather(rng.integers(0, len(pool), size))
        local, relation = frame["local"], frame["relation"]
    own = pl.col("provider") == "own_domain"
    return frame.with_columns(
        pl.when(own).then(domain).otherwise("domain").alias("domain"),
        pl.when(own).then(local).otherwise("local").alias("local"),
        pl.when(own).then(relation).otherwise("relation").alias("relation"),
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


def _elsewhere(
    market: Market,
    contacts: pl.DataFrame,
    debtors: pl.DataFrame,
    seed: int,
) -> pl.DataFrame:
    """Replace addresses that belong to an employer, an accountant, a stranger or nobody."""
    rng = stream(seed, "elsewhere")
    size = contacts.height
    people = contacts.select("person").join(debtors, on="person", how="left", maintain_order="left")
    employers = _pool(market, rng, max(1, debtors.height // _STAFF // 20), "grupo")
    accountants = _pool(
        market, rng, max(1, debtors.height // _CLIENTS // 10), market.names["accountant"]
    )
    at_work = (
        people["first"]
        + "."
        + people["last"]
        + "@"
        + employers.gather(indices(rng, zipf(len(employers)), size))
    )
    at_accountant = pl.lit(market.names["roles"][1] + "@") + accountants.gather(
        rng.integers(0, len(accountants), size)
    )
    consumer = {k: v for k, v in market.providers.items() if k != "own_domain"}
    provider = words(rng, consumer, size)
    shuffled = people.sample(fraction=1.0, shuffle=True, seed=int(rng.integers(2**31)))
    number = pl.Series(rng.integers(100_000, 1_000_000, size)).cast(pl.String)
    away = local_parts(rng, shuffled["first"], shuffled["last"]) + "." + number + "@"
    at_stranger = away + _consumer_domains(market, rng, provider)
    disposable = list(market.common("disposable"))
    at_disposable = away + pl.Series(disposable, dtype=pl.String).gather(
        rng.integers(0, len(disposable), size)
    )
    stranger = (pl.col("error") == "wrong_person") & pl.Series(rng.random(size) >= _PARTNER)
    cases: list[tuple[pl.Expr, str, pl.Series | pl.Expr, pl.Expr, bool]] = [
        (pl.col("error") == "employer_address", "employer", at_work, pl.lit("own_domain"), True),
        (pl.col("error") == "accountant", "accountant", at_accountant, pl.lit("own_domain"), False),
        (pl.col("error") == "disposable", "disposable", at_disposable, pl.lit("disposable"), True),
        (stranger, "stranger", at_stranger, pl.lit(provider), False),
    ]
    for case, relation, address, kind, owned in cases:
        contacts = contacts.with_columns(
            pl.when(case).then(address).otherwise("address").alias("address"),
            pl.when(case).then(pl.lit(relation)).otherwise("relation").alias("relation"),
            pl.when(case).then(kind).otherwise("provider").alias("provider"),
            pl.when(case & pl.lit(not owned)).then(None).otherwise("owner").alias("owner"),
            pl.when(case).then(None).otherwise("confirmed_age").alias("confirmed_age"),
        )
    return contacts.with_columns(pl.col("address").str.split("@").list.last().alias("domain"))


def _lent(contacts: pl.DataFrame, debtors: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Let some debtors use another debtor's address: a relative's, or by mistake."""
    rng = stream(seed, "lent")
    family = pl.col("error") == "shared_family"
    partner = (pl.col("error") == "wrong_person") & (pl.col("relation") == "self")
    named = contacts.with_columns(debtors["family"].gather(contacts["person"]).alias("family"))
    lenders = named.filter(
        (pl.col("slot") == 1) & (pl.col("relation") == "self") & (pl.col("error") == "none"),
    )
    if lenders.is_empty():
        return contacts
    ranked = lenders.select(
        "family",
        pl.int_range(pl.len()).over("family").alias("rank"),
        *(
            pl.col(name).alias(f"{name}_lent")
            for name in ("owner", "provider", "domain", "address")
        ),
    )
    anyone = (
        ranked.drop("family", "rank")
        .with_row_index("key")
        .with_columns(pl.col("key").cast(pl.Int64))
    )
    sizes = ranked.group_by("family").agg(pl.len().cast(pl.Int64).alias("size"))
    dice = pl.Series("dice", rng.integers(0, 2**40, contacts.height))
    asked = named.with_columns(dice).join(sizes, on="family", how="left", maintain_order="left")
    by_family = asked.with_columns((pl.col("dice") % pl.col("size")).alias("rank")).join(
        ranked,
        on=["family", "rank"],
        how="left",
        maintain_order="left",
    )
    by_chance = asked.with_columns((pl.col("dice") % anyone.height).alias("key")).join(
        anyone,
        on="key",
        how="left",
        maintain_order="left",
    )
    for frame, case, relation in ((by_family, family, "family"), (by_chance, partner, "partner")):
        found = (
            case & frame["owner_lent"].is_not_null() & (frame["owner_lent"] != contacts["person"])
        )
        contacts = contacts.with_columns(
            *(
                pl.when(found).then(frame[f"{name}_lent"]).otherwise(name).alias(name)
                for name in ("owner", "provider", "domain", "address")
            ),
            pl.when(found).then(pl.lit(relation)).otherwise("relation").alias("relation"),
            pl.when(found).then(None).otherwise("confirmed_age").alias("confirmed_age"),
        )
    return contacts
