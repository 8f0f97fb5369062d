"""How long asking will take before anyone is asked: expectations from counts, no clock, no network.

What bounds a provider is rarely the wire: it is how many unknown recipients it may be shown.
The estimate takes the pessimistic side where it has to choose: every domain costs its sentinels.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from checks.mailbox.budget import HOUR
from checks.mailbox.providers import BudgetScope
from checks.mailbox.settings import NIGHT

if TYPE_CHECKING:
    from checks.mailbox.providers import Courtesy, Provider

REPLY_SECONDS: Final = 1.0
"""What one command is taken to cost: a round trip to Brazil or Mexico and a server's thinking."""

_OVERHEAD: Final = 4  # banner, EHLO, MAIL, QUIT
_ROUNDING: Final = 1e-9


class Bound(StrEnum):
    """What keeps a night from asking more."""

    NOTHING = "nothing"  # one night is enough
    REFUSALS = "refusals"  # unknown recipients an hour and a day
    UNKNOWN_SHARE = "unknown_share"  # too many of those asked would be unknown: stopped for a day
    TIME = "time"  # spacing, sessions and connections


@dataclass(frozen=True, slots=True)
class Load:
    """What one owner of limits is to be asked: a provider, or a domain of everyone else.

    `unknown`: for each recipient the probability that it does not exist, in the order in which they
    are asked. `hosts` is the number of MX addresses that share the
    load; 1 where DNS was not asked.
    """

    unknown: tuple[float, ...]
    domains: int = 1
    hosts: int = 1

    @property
    def recipients(self) -> int:
        """How many there are to ask."""
        return len(self.unknown)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is to be expected of a load.

    `by_night`: recipients asked each night. `hours` and `bound` are of the first night; hours are
    the policy clock's. `refusals` and `sessions` are of all nights together.
    """

    recipients: int
    sentinels: int
    refusals: float
    sessions: int
    by_night: tuple[int, ...]
    hours: float
    bound: Bound

    @property
    def nights(self) -> int:
        """How many nights the load takes."""
        return len(self.by_night)


def forecast_load(
    load: Load, provider: Provider, courtesy: Courtesy, *, night: float = NIGHT
) -> Outlook:
    """Return how many of the load's recipients each night of `night` seconds can ask.

    >>> from checks.mailbox.providers import BudgetScope, Courtesy, Honesty, Limits, Provider
    >>> limits = Limits(20, 3, 2, 4, 4, 120, 1000, BudgetScope.PROVIDER, 0.10, 50)
    >>> gmail = Provider("gmail", "Gmail", "honest_consumer", Honesty.HONEST, True, limits)
    >>> found = forecast_load(Load((0.08,) * 30_000), gmail, Courtesy())
    >>> found.by_night, found.bound.value
    ((12000, 12000, 6000), 'refusals')
    """
    course = _Course(load, provider, courtesy)
    by_night: list[int] = []
    bounds: list[Bound] = []
    start = 0
    while start < load.recipients:
        asked, bound = course.one_night(start, night)
        by_night.append(asked)
        bounds.append(bound)
        start += asked
    return Outlook(
        recipients=load.recipients,
        sentinels=course.sentinels,
        refusals=course.refused(0, load.recipients),
        sessions=course.sessions(0, load.recipients),
        by_night=tuple(by_night),
        hours=course.hours(0, by_night[0], night) if by_night else 0.0,
        bound=bounds[0] if bounds else Bound.NOTHING,
    )


class _Course:
    """A load in the order in which it is asked; sums over any stretch of it."""

    def __init__(self, load: Load, provider: Provider, courtesy: Courtesy) -> None:
        self._load, self._limits, self._courtesy = load, provider.limits, courtesy
        self._sums = list(accumulate(load.unknown, initial=0.0))
        self.sentinels = load.domains * (provider.needs_sentinel + provider.needs_closing_sentinel)
        self._cost = self.sentinels / max(1, load.recipients)
        by_address = provider.limits.budget_scope is BudgetScope.ADDRESS
        self._owners = load.hosts if by_address else 1

    def refused(self, start: int, count: int) -> float:
        """Return the refusals to expect of so many recipients, their sentinels' included."""
        return self._sums[start + count] - self._sums[start] + self._cost * count

    def sessions(self, start: int, count: int) -> int:
        """Return the sessions that so many recipients take."""
        asked = count * (1 + self._cost)
        by_recipients = math.ceil(asked / self._limits.recipients_per_session)
        by_refusals = math.ceil(self.refused(start, count) / self._limits.refusals_per_session)
        return max(by_recipients, by_refusals, 1)

    def hours(self, start: int, count: int, night: float) -> float:
        """Return how long so many recipients take: talking, spacing, and waiting for budgets."""
        an_hour = self._limits.refusals_per_hour * self._owners
        waiting = (math.ceil(self.refused(start, count) / an_hour) - 1) * HOUR
        return min(max(self._seconds(start, count), waiting), night) / HOUR

    def one_night(self, start: int, night: float) -> tuple[int, Bound]:
        """Return how many are asked in a night that begins at `start`, and what bounds it."""
        left = self._load.recipients - start
        most = {
            Bound.NOTHING: left,
            Bound.REFUSALS: self._within_refusals(start, left, night),
            Bound.TIME: self._within_time(start, left, night),
        }
        most[Bound.UNKNOWN_SHARE] = self._before_stop(start, min(most.values()))
        bound = min(most, key=most.__getitem__)
        return max(1, most[bound]), bound

    def _within_refusals(self, start: int, left: int, night: float) -> int:
        hourly = self._limits.refusals_per_hour * math.ceil(night / HOUR)
        budget = min(self._limits.refusals_per_day, hourly) * self._owners + _ROUNDING
        counts = range(1, left + 1)
        return bisect_right(counts, budget, key=lambda count: self.refused(start, count))

    def _before_stop(self, start: int, most: int) -> int:
        """Return how many are asked until the budget stops for a day.

        The share is looked at once `unknown_share_min` were asked, and from then on at each.
        """
        least = math.ceil(self._limits.unknown_share_min * self._owners / (1 + self._cost))
        share = self._limits.unknown_share + _ROUNDING
        passed = (n for n in range(least, most) if self._share(start, n) > share)
        return min(most, next(passed, most))

    def _share(self, start: int, count: int) -> float:
        return self.refused(start, count) / (count * (1 + self._cost))

    def _within_time(self, start: int, left: int, night: float) -> int:
        counts = range(1, left + 1)
        return bisect_right(counts, night, key=lambda count: self._seconds(start, count))

    def _seconds(self, start: int, count: int) -> float:
        """Return how long the sessions take, were there no budgets."""
        limits, hosts = self._limits, self._load.hosts
        lanes = min(hosts * limits.connections_per_address, self._courtesy.connections)
        if limits.connections_per_provider:
            lanes = min(lanes, limits.connections_per_provider)
        sessions = self.sessions(start, count)
        talking = (count * (1 + self._cost) + _OVERHEAD * sessions) * REPLY_SECONDS / lanes
        return max(talking, sessions * self._courtesy.spacing / hosts)
