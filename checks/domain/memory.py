"""Since when a domain has been condemned: one bad hour of a registry must not cost a debtor."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import polars as pl

from checks.domain.model import Judgement
from checks.model import Verdict

AGAIN_AFTER: Final = timedelta(hours=1)
"""Until a condemnation is this old it is kept for no longer, whatever its time to live says."""

SINCE: Final = "condemned_since"
"""In the evidence: when the domain was first condemned without a better answer since (ISO 8601)."""

_ENCODER: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


def encode_evidence(details: Mapping[str, object]) -> str:
    """Return evidence as text, the same for the same details."""
    return _ENCODER.encode(details)


def date_condemnations(
    names: Sequence[str],
    judgements: Sequence[Judgement],
    cache: pl.DataFrame,
    now: datetime,
) -> list[Judgement]:
    """Return the judgements, condemnations dated by `cache` (DOMAINS) or by `now`.

    One that is younger than an hour is to be asked again when it is an hour old.
    """
    condemned = cache.filter(pl.col("verdict") == Verdict.UNDELIVERABLE)
    earlier = dict(condemned.select("domain", "evidence").iter_rows())
    return [
        _dated(one, earlier.get(name), now) if one.condemns else one
        for name, one in zip(names, judgements, strict=True)
    ]


def condemned_since(evidence: str) -> datetime | None:
    """Return since when evidence says that a domain is condemned.

    >>> condemned_since('{"condemned_since":"2026-11-21T12:00:00Z"}')
    datetime.datetime(2026, 11, 21, 12, 0, tzinfo=datetime.timezone.utc)
    >>> condemned_since("{}") is None
    True
    """
    text = json.loads(evidence).get(SINCE)
    return datetime.fromisoformat(text) if isinstance(text, str) else None


def _dated(judgement: Judgement, earlier: str | None, now: datetime) -> Judgement:
    since = (condemned_since(earlier) if earlier else None) or now
    ttl = judgement.ttl
    if now - since < AGAIN_AFTER:
        ttl = min(ttl, int(AGAIN_AFTER.total_seconds()))
    stamp = since.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return replace(judgement, ttl=ttl, details={**judgement.details, SINCE: stamp})
