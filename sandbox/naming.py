"""How people name their mailboxes, and which domains they have them at."""

from __future__ import annotations

import numpy as np
import polars as pl

from sandbox.draws import indices, words, zipf
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

_BIRTH_YEAR = 0.5  # of the numbers: two digits of a year


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


def consumer_domains(market: Market, rng: np.random.Generator, provider: pl.Series) -> pl.Series:
    """Draw a domain of each provider class; own domains stay null."""
    chance = rng.random(len(provider))
    domain = pl.lit(None, dtype=pl.String)
    for name, weights in market.domains.items():
        bounds = np.cumsum(list(weights.values()))
        place = np.searchsorted(bounds, chance * bounds[-1], side="right")
        drawn = pl.Series(list(weights), dtype=pl.String).gather(place)
        domain = pl.when(pl.Series(provider == name)).then(drawn).otherwise(domain)
    return pl.select(domain).to_series()


def company_domains(
    market: Market,
    rng: np.random.Generator,
    word: str,
    count: float,
) -> pl.Series:
    """Return about `count` different domains, at least one, under the reserved name "example"."""
    size = max(1, round(count))
    names = [fold(name) for name in market.names["last"]]
    name = pl.Series("name", names, dtype=pl.String).gather(indices(rng, zipf(len(names)), size))
    number = pl.Series(range(size)).cast(pl.String)
    return word + "-" + name + number + ".example"
