"""Before anything is asked: whom, how many a night, and for how many nights.

An estimate from counts alone, without network: the share of unknown recipients is an assumption
of the caller's, and how many MX addresses a provider has is not known, so one is taken.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from checks.mailbox.budget import HOUR
from checks.mailbox.providers import BudgetScope

if TYPE_CHECKING:
    from checks.mailbox.providers import Provider, Providers
    from checks.mailbox.settings import ProbeSettings

BOUND: Final = pl.Schema(
    {
        "provider": pl.String(),
        "label": pl.String(),
        "asked": pl.Boolean(),  # false: never, by policy
        "addresses": pl.Int64(),
        "domains": pl.Int64(),
        "sentinels": pl.Int64(),  # random recipients, at most
        "refusals": pl.Int64(),  # expected, sentinels included
        "per_night": pl.Int64(),  # addresses that fit into the first night; 0 where not asked
        "nights": pl.Int64(),  # 0 where not asked
        "seconds": pl.Float64(),  # of the whole work, by the spacing of connects alone
    },
)
"""One row per provider of a plan, in order of addresses."""

EXPECTED_UNKNOWN: Final = 0.15
"""Share of unknown recipients where nothing better is known; collections lists have 10 to 30 %."""


@dataclass(frozen=True, slots=True)
class _Load:
    """What one budget has to carry."""

    addresses: int
    domains: int
    sentinels: int
    refusals: int
    sessions: int
    per_night: int


def bound_plan(
    addresses: pl.DataFrame,
    providers: Providers,
    settings: ProbeSettings,
    unknown: float = EXPECTED_UNKNOWN,
) -> pl.DataFrame:
    """Return BOUND for distinct addresses (columns `domain`, `provider`).

    Budgets of everyone else belong to MX addresses; without DNS each domain counts as one.
    """
    sizes = addresses.group_by("provider", "domain").len().sort("provider", "domain")
    rows = [
        _row(providers.named(str(name)), part["len"].to_list(), providers, settings, unknown)
        for (name,), part in sizes.group_by("provider", maintain_order=True)
    ]
    return pl.DataFrame(rows, schema=BOUND, orient="row").sort(
        "addresses", "provider", descending=[True, False]
    )


def _row(
    provider: Provider,
    sizes: list[int],
    providers: Providers,
    settings: ProbeSettings,
    unknown: float,
) -> tuple[object, ...]:
    asked = (provider.name, provider.label, provider.asked, sum(sizes), len(sizes))
    if not provider.asked:
        return (*asked, 0, 0, 0, 0, 0.0)
    own = provider.limits.budget_scope is BudgetScope.ADDRESS
    parts = [[size] for size in sizes] if own else [sizes]
    loads = [_load(provider, part, settings, unknown) for part in parts]
    spacing = providers.courtesy.spacing
    return (
        *asked,
        sum(load.sentinels for load in loads),
        sum(load.refusals for load in loads),
        sum(load.per_night for load in loads),
        max(math.ceil(load.addresses / load.per_night) for load in loads),
        max((load.sessions - 1) * spacing for load in loads),
    )


def _load(
    provider: Provider,
    sizes: list[int],
    settings: ProbeSettings,
    unknown: float,
) -> _Load:
    limits, addresses = provider.limits, sum(sizes)
    a_domain = provider.needs_sentinel + provider.needs_closing_sentinel
    sentinels = a_domain * len(sizes)
    refusals = math.ceil(addresses * unknown) + sentinels
    asked = addresses + sentinels
    a_night = min(limits.refusals_per_day, int(limits.refusals_per_hour * settings.horizon / HOUR))
    share = refusals / asked
    recipients = int(a_night / share)
    if share > limits.unknown_share:
        recipients = min(recipients, limits.unknown_share_min)
    per_night = max(1, min(addresses, int(recipients * addresses / asked)))
    sessions = max(
        math.ceil(asked / limits.recipients_per_session),
        math.ceil(refusals / limits.refusals_per_session),
    )
    return _Load(addresses, len(sizes), sentinels, refusals, sessions, per_night)
