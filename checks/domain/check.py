"""The domain check: every distinct domain once, by a resolver that is watched all the way."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeAlias

import polars as pl

from checks.domain.controls import Control
from checks.domain.judge import Guard
from checks.domain.memory import date_condemnations, encode_evidence
from checks.domain.model import LEAST_TTL, MOST_TTL, Judgement, ResolverSettings
from checks.domain.sweep import Sweep
from checks.frames import DOMAINS, empty, shaped
from checks.model import VERDICT_OF, Verdict

ProviderOf: TypeAlias = Callable[[Sequence[str]], str]
"""From MX hosts, most preferred first, to the name of a provider."""

_JUDGED: Final = {column: kind for column, kind in DOMAINS.items() if column != "domain"}


@dataclass(frozen=True, slots=True)
class DomainReport:
    """How the check went: what it cost, and what was wrong with the resolver."""

    asked: int
    cached: int
    queries: int
    controls: tuple[Control, ...] = ()
    degraded: str | None = None
    """One sentence with the remedy where a nameserver could not be believed; None: all well."""


def random_label() -> str:
    """Return a label of 24 hexadecimal digits that nobody has registered."""
    return secrets.token_hex(12)


async def check_domains(
    domains: pl.Series,
    *,
    settings: ResolverSettings,
    guard: Guard,
    provider_of: ProviderOf,
    now: datetime,
    cache: pl.DataFrame | None = None,
    nonce: Callable[[], str] = random_label,
) -> tuple[pl.DataFrame, DomainReport]:
    """Return DOMAINS, one row per distinct domain, sorted; and how the check went.

    `domains` are ASCII, lower case; null is skipped. `guard` tells which addresses must not be
    dialled. Rows of `cache` (DOMAINS) that are certain and have not expired at `now` are taken
    over. Works on any subset, so that shards may each take a part.

    No fault of a resolver condemns a domain: its controls are asked before the first domain,
    after every batch and at the end, and what it condemned since it last passed is taken back
    when it fails. A condemnation, though asked twice, is asked again after an hour at the latest:
    rows of `cache`, expired ones too, tell since when it stands, and the evidence says so
    (`condemned_since`). Never raises for what a server does.
    """
    wanted = pl.DataFrame({"domain": domains.cast(pl.String).drop_nulls().unique().sort()})
    cache = empty(DOMAINS) if cache is None else cache
    known = _still_valid(cache, now)
    reused = known.join(wanted, on="domain", how="semi")
    names = wanted.join(known, on="domain", how="anti")["domain"].sort().to_list()
    sweep = Sweep(settings, guard, nonce)
    judgements = await sweep.judge(names) if names else []
    judgements = date_condemnations(names, judgements, cache, now)
    rows = _rows(names, judgements, provider_of, now)
    report = DomainReport(
        len(names),
        len(reused),
        sweep.queries,
        tuple(sweep.controls),
        sweep.degraded,
    )
    return pl.concat([shaped(reused, DOMAINS), rows]).sort("domain"), report


def _still_valid(cache: pl.DataFrame, now: datetime) -> pl.DataFrame:
    certain = pl.col("verdict").is_null() | (pl.col("verdict") != Verdict.UNKNOWN)
    return cache.filter(certain & (pl.col("expires_at") > now))


def _rows(
    names: Sequence[str],
    judgements: Sequence[Judgement],
    provider_of: ProviderOf,
    now: datetime,
) -> pl.DataFrame:
    """Return a row for each name, made once for each distinct judgement."""
    distinct = {id(one): one for one in judgements}
    rows = _distinct_rows(list(distinct.values()), provider_of, now)
    place_of = {each: place for place, each in enumerate(distinct)}
    rows = rows[[place_of[id(one)] for one in judgements]]
    return rows.select(pl.Series("domain", names, dtype=pl.String), pl.all())


def _distinct_rows(
    judgements: Sequence[Judgement],
    provider_of: ProviderOf,
    now: datetime,
) -> pl.DataFrame:
    """Return DOMAINS but for `domain`."""
    verdicts = [None if one.reason is None else VERDICT_OF[one.reason] for one in judgements]
    columns = {
        "verdict": verdicts,
        "reason": [one.reason for one in judgements],
        "provider": [provider_of(one.hosts) for one in judgements],
        "mx_hosts": _lists([one.hosts for one in judgements]),
        "mx_addresses": _lists([one.addresses for one in judgements]),
        "evidence": [encode_evidence(one.details) for one in judgements],
        "checked_at": [now] * len(judgements),
        "expires_at": [
            now if verdict is Verdict.UNKNOWN else now + timedelta(seconds=_clamped(one.ttl))
            for verdict, one in zip(verdicts, judgements, strict=True)
        ],
    }
    return pl.DataFrame(columns, schema=_JUDGED)


def _lists(rows: Sequence[Sequence[str]]) -> pl.Series:
    """Return lists of words without spaces; a list object for each row takes Polars ten times."""
    return pl.Series([" ".join(row) for row in rows], dtype=pl.String).str.extract_all(r"\S+")


def _clamped(ttl: int) -> int:
    """Return a time to live that nobody can make a nuisance of.

    >>> _clamped(0), _clamped(3600), _clamped(2**32 - 1)
    (60, 3600, 86400)
    """
    return min(max(ttl, LEAST_TTL), MOST_TTL)
