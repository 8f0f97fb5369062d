"""How long asking will take before anyone is asked: expectations from counts, no clock, no network.

What bounds a provider is rarely the wire: it is how many unknown recipients it may be shown.
The estimate takes the pessimistic side where it has to choose: every domain costs its sentinels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from checks.mailbox.budget import HOUR
from checks.mailbox.providers import BudgetScope
from checks.mailbox.settings import NIGHT

if TYPE_CHECKING:
    from checks.mailbox.providers import Courtesy, Limits, Provider

REPLY_SECONDS: Final = 1.0
"""What one command is taken to cost: a round trip to Brazil or Mexico and a server's thinking."""

_OVERHEAD: Final = 4  # banner, EHLO, MAIL, QUIT


class Bound(StrEnum):
    """What keeps a night from asking more."""

    NOTHING = "nothing"  # one night is enough
    REFUSALS = "refusals"  # unknown recipients an hour and a day
    UNKNOWN_SHARE = "unknown_share"  # too many of those asked would be unknown: stopped for a day
    TIME = "time"  # spacing, sessions and connections


@dataclass(frozen=True, slots=True)
class Load:
    """What one owner of limits is to be asked: a provider, or a domain of everyone else.

    `hosts` is the number of MX addresses that share it; 1 where DNS was not asked.
    """

    recipients: int
    domains: int = 1
    hosts: int = 1


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is to be expected of a load; `hours` are of the first night, the policy clock's."""

    recipients: int
    sentinels: int
    refusals: float
    sessions: int
    a_night: int
    nights: int
    hours: float
    bound: Bound


def forecast_load(
    load: Load,
    provider: Provider,
    courtesy: Courtesy,
    *,
    unknown: float,
    night: float = NIGHT,
) -> Outlook:
    """Return how many of the load's recipients a night of `night` seconds can ask.

    `unknown` is the share of them expected not to exist.

    >>> from checks.mailbox.providers import BudgetScope, Courtesy, Honesty, Limits, Provider
    >>> limits = Limits(20, 3, 2, 4, 4, 120, 1000, BudgetScope.PROVIDER, 0.10, 50)
    >>> gmail = Provider("gmail", "Gmail", "honest_consumer", Honesty.HONEST, True, limits)
    >>> found = forecast_load(Load(30_000), gmail, Courtesy(), unknown=0.08)
    >>> found.a_night, found.nights, found.bound.value
    (12000, 3, 'refusals')
    """
    limits = provider.limits
    sentinels = load.domains * (provider.needs_sentinel + provider.needs_closing_sentinel)
    asked, refused = load.recipients + sentinels, unknown * load.recipients + sentinels
    sessions = _sessions(limits, asked, refused)
    seconds = _seconds(load, limits, courtesy, asked, sessions)
    owners = load.hosts if limits.budget_scope is BudgetScope.ADDRESS else 1
    shares = {
        Bound.REFUSALS: _share(_refusals_a_night(limits, night) * owners, refused),
        Bound.UNKNOWN_SHARE: _before_stop(limits, asked, refused, owners),
        Bound.TIME: _share(night, seconds),
    }
    bound = min(shares, key=shares.__getitem__)
    a_night = max(1, math.floor(load.recipients * shares[bound] + 1e-9))
    waited = (math.ceil(refused * shares[bound] / (limits.refusals_per_hour * owners)) - 1) * HOUR
    return Outlook(
        recipients=load.recipients,
        sentinels=sentinels,
        refusals=refused,
        sessions=sessions,
        a_night=min(a_night, load.recipients),
        nights=math.ceil(load.recipients / a_night),
        hours=min(max(seconds * shares[bound], waited), night) / HOUR,
        bound=bound if a_night < load.recipients else Bound.NOTHING,
    )


def _sessions(limits: Limits, asked: int, refused: float) -> int:
    by_recipients = math.ceil(asked / limits.recipients_per_session)
    return max(by_recipients, math.ceil(refused / limits.refusals_per_session), 1)


def _seconds(load: Load, limits: Limits, courtesy: Courtesy, asked: int, sessions: int) -> float:
    """Return how long the sessions take, were there no budgets."""
    lanes = min(load.hosts * limits.connections_per_address, courtesy.connections)
    if limits.connections_per_provider:
        lanes = min(lanes, limits.connections_per_provider)
    talking = (asked + _OVERHEAD * sessions) * REPLY_SECONDS / lanes
    spacing = sessions * courtesy.spacing / load.hosts
    return max(talking, spacing)


def _refusals_a_night(limits: Limits, night: float) -> int:
    return min(limits.refusals_per_day, limits.refusals_per_hour * math.ceil(night / HOUR))


def _before_stop(limits: Limits, asked: int, refused: float, owners: int) -> float:
    """Return the share asked before the budget stops for a day; 1 where it is not to be expected.

    The share is looked at once `unknown_share_min` were asked, and stops at once where it is over.
    """
    stops = asked > limits.unknown_share_min * owners and refused > limits.unknown_share * asked
    return _share(limits.unknown_share_min * owners, asked) if stops else 1.0


def _share(possible: float, wanted: float) -> float:
    return min(1.0, possible / wanted) if wanted else 1.0
