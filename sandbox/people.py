"""Synthetic debtors: persons and companies with names, tax ids and phones."""

from __future__ import annotations

import numpy as np
import polars as pl

from sandbox.draws import indices, stream, zipf
from sandbox.market import Market, fold, read_table
from sandbox.tax_ids import cnpj, cpf, rfc

# Initials that the tax office never issues; it puts an X for the last letter.
_UNSEEMLY = tuple(read_table("names.toml")["unseemly_initials"])


_TWO_GIVEN = 0.25  # of persons: two given names
_PARTICLE = 0.2  # of persons: "da", "de" and their like before the last surname


def _pick(rng: np.random.Generator, values: list[str], size: int) -> pl.DataFrame:
    """Draw names by rank: column `full` as written, `plain` folded for addresses."""
    drawn = indices(rng, zipf(len(values)), size)
    full = pl.Series("full", values, dtype=pl.String).gather(drawn)
    plain = pl.Series("plain", [fold(value) for value in values], dtype=pl.String).gather(drawn)
    return pl.DataFrame([full, plain])


def make_debtors(market: Market, count: int, seed: int) -> pl.DataFrame:
    """Return `count` debtors.

    Columns: `person` Int64 (from 0), `name`, `first`, `last` (folded, for addresses), `family`
    (the name that relatives share, as written), `tax_id`, `phone` (as a person types it).
    """
    frame = _companies(market, count, seed) if market.companies else _persons(market, count, seed)
    rng = stream(seed, "phones")
    return (
        frame.with_columns(_phones(rng, market, count).alias("phone"))
        .with_row_index("person")
        .with_columns(
            pl.col("person").cast(pl.Int64),
        )
    )


def _persons(market: Market, count: int, seed: int) -> pl.DataFrame:
    rng = stream(seed, "persons")
    names = market.names
    first, middle = (_pick(rng, names["first"], count) for _ in range(2))
    one, two = (_pick(rng, names["last"], count) for _ in range(2))
    particles = pl.Series("particle", names["particles"], dtype=pl.String)
    particle = particles.gather(rng.integers(0, len(particles), count))
    two_given = pl.Series(rng.random(count) < _TWO_GIVEN)
    has_particle = pl.Series(rng.random(count) < _PARTICLE)
    in_full = pl.select(
        pl.concat_str(
            first["full"],
            pl.when(two_given).then(middle["full"]),
            one["full"],
            pl.when(has_particle).then(particle),
            two["full"],
            separator=" ",
            ignore_nulls=True,
        ).alias("name"),
    )
    if market.country == "BR":
        last, tax_id = two, cpf(rng, count)
    else:  # Mexico's first surname is the father's, and the one that relatives share
        last, tax_id = one, rfc(rng, _initials(one, two, first), (1950, 2005))
    return in_full.with_columns(
        first["plain"].alias("first"),
        last["plain"].alias("last"),
        last["full"].alias("family"),
        tax_id.alias("tax_id"),
    )


def _initials(one: pl.DataFrame, two: pl.DataFrame, first: pl.DataFrame) -> pl.Series:
    vowel = one["plain"].str.slice(1).str.extract("([aeiou])").fill_null("x")
    letters = (
        one["plain"].str.head(1) + vowel + two["plain"].str.head(1) + first["plain"].str.head(1)
    )
    upper = letters.str.to_uppercase().alias("initials")
    return (
        pl.DataFrame([upper])
        .select(
            pl.when(pl.col("initials").is_in(_UNSEEMLY))
            .then(pl.col("initials").str.head(3) + "X")
            .otherwise("initials"),
        )
        .to_series()
    )


def _companies(market: Market, count: int, seed: int) -> pl.DataFrame:
    rng = stream(seed, "companies")
    names = market.names
    trade = _pick(rng, names["trades"], count)
    owner = _pick(rng, names["last"], count)
    partner = _pick(rng, names["last"], count)
    suffix = pl.Series(names["suffixes"], dtype=pl.String).gather(
        indices(rng, zipf(len(names["suffixes"])), count),
    )
    initials = (
        trade["plain"].str.head(1) + owner["plain"].str.head(1) + partner["plain"].str.head(1)
    ).str.to_uppercase()
    tax_id = cnpj(rng, count) if market.country == "BR" else rfc(rng, initials, (1970, 2024))
    return pl.DataFrame(
        {
            "name": trade["full"] + " " + owner["full"] + " " + partner["full"] + " " + suffix,
            "first": trade["plain"],
            "last": owner["plain"],
            "family": owner["full"],
            "tax_id": tax_id,
        }
    )


def _phones(rng: np.random.Generator, market: Market, count: int) -> pl.Series:
    codes = pl.Series(market.names["cities"], dtype=pl.String).gather(
        indices(rng, zipf(len(market.names["cities"])), count),
    )
    digits = pl.Series(rng.integers(0, 100_000_000, count)).cast(pl.String).str.zfill(8)
    if market.country == "BR":  # mobile numbers: nine digits, the first a nine
        return "(" + codes + ") 9" + digits.str.head(4) + "-" + digits.str.tail(4)
    whole = pl.Series("phone", codes + digits).str.head(10)  # area code and number: ten digits
    return whole.str.replace(r"^(.+)(.{3})(.{4})$", "$1 $2 $3")
