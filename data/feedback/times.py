"""Times as event files write them: ISO 8601 with a zone, or seconds since 1970."""

from __future__ import annotations

from typing import Final

import polars as pl

from checks.frames import MOMENT

_ISO: Final = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:?\d{2})$"
_ISO_FORMAT: Final = "%Y-%m-%dT%H:%M:%S%.f%z"
_LAST_EPOCH: Final = 4_102_444_800  # 2100-01-01
_UNITS: Final = {"s": 1_000_000, "ms": 1_000}  # microseconds


def moment_of_iso(text: pl.Expr) -> pl.Expr:
    """Return the moment of an ISO 8601 text; null without a zone or for anything else.

    >>> texts = pl.DataFrame({"t": ["2026-11-05T16:33:54.9070259-03:00", "2026-11-05 16:33:54"]})
    >>> texts.select(moment_of_iso(pl.col("t")).dt.strftime("%H:%M:%S%.6f"))["t"].to_list()
    ['19:33:54.907025', None]
    """
    zoned = text.str.replace(" ", "T").str.replace("Z$", "+0000")
    return (
        pl.when(text.str.contains(_ISO))
        .then(zoned)
        .str.to_datetime(_ISO_FORMAT, time_unit="us", strict=False)
        .cast(MOMENT)
    )


def moment_of_epoch(text: pl.Expr, unit: str) -> pl.Expr:
    """Return the moment of a number of `s` or `ms` since 1970, UTC; null outside 1970 to 2100.

    >>> numbers = pl.DataFrame({"t": ["1529006854.329574", "1e300", "soon"]})
    >>> numbers.select(moment_of_epoch(pl.col("t"), "s").dt.microsecond())["t"].to_list()
    [329574, None, None]
    """
    micros = text.cast(pl.Float64, strict=False) * _UNITS[unit]
    possible = micros.is_between(0, _LAST_EPOCH * _UNITS["s"])
    return pl.when(possible).then(micros).round().cast(pl.Int64).cast(MOMENT)
