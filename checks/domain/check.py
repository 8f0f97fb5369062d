"""The domain check: every distinct domain once, by a resolver that is watched all the way."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeAlias

import polars as pl

from checks.domain.ask import Asker
from checks.domain.controls import Control, Trust, control
from checks.domain.judge import Guard, judge_domain
from checks.domain.model import LEAST_TTL, MOST_TTL, Judgement, Nameserver, ResolverSettings
from checks.frames import DOMAINS, empty, shaped
from checks.model import VERDICT_OF, Reason, Verdict

ProviderOf: TypeAlias = Callable[[Sequence[str]], str]
"""From MX hosts, most preferred first, to the name of a provider."""

_LIES: Final = frozenset({Trust.DENIES, Trust.INVENTS, Trust.REPEATS})


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
    when it fails. Never raises for what a server does.
    """
    wanted = pl.DataFrame({"domain": domains.cast(pl.String).drop_nulls().unique().sort()})
    known = _still_valid(empty(DOMAINS) if cache is None else cache, now)
    reused = known.join(wanted, on="domain", how="semi")
    names = wanted.join(known, on="domain", how="anti")["domain"].sort().to_list()
    sweep = Sweep(settings, guard, nonce)
    judgements = await sweep.judge(names) if names else []
    rows = _rows(names, judgements, provider_of, now)
    report = DomainReport(
        len(names),
        len(reused),
        sweep.queries,
        tuple(sweep.controls),
        sweep.degraded,
    )
    return pl.concat([shaped(reused, DOMAINS), rows]).sort("domain"), report


class Sweep:
    """One pass over domains in batches, with the nameservers that are still believed."""

    def __init__(
        self,
        settings: ResolverSettings,
        guard: Guard,
        nonce: Callable[[], str],
    ) -> None:
        """Prepare; asks nobody yet."""
        self._settings = settings
        self._guard = guard
        self._nonce = nonce
        self.queries = 0
        self.controls: list[Control] = []

    @property
    def degraded(self) -> str | None:
        """Return what was wrong with the first nameserver that failed a control."""
        failed = (one.sentence for one in self.controls if one.trust is not Trust.TRUSTED)
        return next(failed, None)

    async def judge(self, names: Sequence[str]) -> list[Judgement]:
        """Judge names in order, stopping at once when no nameserver is left to be believed."""
        believed = _believed(await self._control(self._settings.nameservers))
        unasked = _taken_back(Reason.RESOLVER_UNTRUSTED)
        judged: list[Judgement] = []
        while believed and len(judged) < len(names):
            batch = names[len(judged) : len(judged) + self._settings.batch]
            asker = Asker(self._settings, believed)
            found = await _judge_batch(batch, asker, self._guard, self._settings.concurrency)
            self.queries += asker.queries
            controls = await self._control(believed)
            judged += _settle(found, controls)
            believed = _believed(controls)
            unasked = _taken_back(_fault(controls))
        return judged + [unasked] * (len(names) - len(judged))

    async def _control(self, nameservers: Sequence[Nameserver]) -> list[Control]:
        controls = await asyncio.gather(
            *(control(one, self._settings, self._nonce) for one in nameservers),
        )
        self.controls += controls
        return controls


async def _judge_batch(
    names: Sequence[str],
    asker: Asker,
    guard: Guard,
    concurrency: int,
) -> list[Judgement]:
    judged: dict[int, Judgement] = {}
    waiting = iter(enumerate(names))

    async def work() -> None:
        for position, name in waiting:
            judged[position] = await asker.judge(judge_domain(name, guard))

    async with asyncio.TaskGroup() as workers:
        for _ in range(min(concurrency, len(names))):
            workers.create_task(work())
    return [judged[position] for position in range(len(names))]


def _believed(controls: Sequence[Control]) -> list[Nameserver]:
    return [one.nameserver for one in controls if one.trust is Trust.TRUSTED]


def _fault(controls: Sequence[Control]) -> Reason:
    lying = any(one.trust in _LIES for one in controls)
    return Reason.RESOLVER_UNTRUSTED if lying else Reason.DNS_TIMEOUT


def _settle(judged: list[Judgement], controls: Sequence[Control]) -> list[Judgement]:
    """Return what may be kept of a batch once the controls after it are known.

    1. All passed: everything.
    2. One lies: nothing, good news may be invented too.
    3. One fell silent: everything but condemnations.
    """
    if all(one.trust is Trust.TRUSTED for one in controls):
        return judged
    fault = _fault(controls)
    everything = fault is Reason.RESOLVER_UNTRUSTED
    return [_taken_back(fault) if everything or _condemned(one) else one for one in judged]


def _condemned(judgement: Judgement) -> bool:
    reason = judgement.reason
    return reason is not None and VERDICT_OF[reason] is Verdict.UNDELIVERABLE


def _taken_back(reason: Reason) -> Judgement:
    return Judgement(reason, 0, details={"failure": "resolver"})


def _still_valid(cache: pl.DataFrame, now: datetime) -> pl.DataFrame:
    certain = pl.col("verdict").is_null() | (pl.col("verdict") != Verdict.UNKNOWN)
    return cache.filter(certain & (pl.col("expires_at") > now))


def _rows(
    names: Sequence[str],
    judgements: Sequence[Judgement],
    provider_of: ProviderOf,
    now: datetime,
) -> pl.DataFrame:
    verdicts = [None if one.reason is None else VERDICT_OF[one.reason] for one in judgements]
    columns = {
        "domain": list(names),
        "verdict": verdicts,
        "reason": [one.reason for one in judgements],
        "provider": [provider_of(one.hosts) for one in judgements],
        "mx_hosts": [list(one.hosts) for one in judgements],
        "mx_addresses": [list(one.addresses) for one in judgements],
        "evidence": [_evidence(one) for one in judgements],
        "checked_at": [now] * len(names),
        "expires_at": [
            now if verdict is Verdict.UNKNOWN else now + timedelta(seconds=_clamped(one.ttl))
            for verdict, one in zip(verdicts, judgements, strict=True)
        ],
    }
    return pl.DataFrame(columns, schema=dict(DOMAINS))


def _evidence(judgement: Judgement) -> str:
    return json.dumps(judgement.details, sort_keys=True, separators=(",", ":"))


def _clamped(ttl: int) -> int:
    """Return a time to live that nobody can make a nuisance of.

    >>> _clamped(0), _clamped(3600), _clamped(2**32 - 1)
    (60, 3600, 86400)
    """
    return min(max(ttl, LEAST_TTL), MOST_TTL)
