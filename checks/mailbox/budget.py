"""How much may still be asked: refusals an hour and a day, and the share of unknown recipients.

All times are seconds on the policy clock. A budget is rebuilt from what was asked and answered,
so a restart does not refill it.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from checks.mailbox.providers import Limits

HOUR: Final = 3_600.0
DAY: Final = 86_400.0


class Window:
    """Moments inside a sliding span.

    >>> window = Window(HOUR)
    >>> window.add(0.0), window.add(10.0), window.count(3_600.0), window.count(3_610.0)
    (None, None, 1, 0)
    """

    def __init__(self, span: float) -> None:
        """Begin empty; `span` is in seconds."""
        self._span = span
        self._moments: deque[float] = deque()

    def add(self, moment: float) -> None:
        """Add a moment; sessions that overlap report theirs in any order."""
        insort(self._moments, moment)

    def count(self, now: float) -> int:
        """Return how many moments are less than a span before `now`."""
        # Not `now - span`: `opens_at` adds, and floats need not agree on the two.
        while self._moments and self._moments[0] + self._span <= now:
            self._moments.popleft()
        return len(self._moments)

    def opens_at(self, now: float, limit: int) -> float:
        """Return when fewer than `limit` moments will be inside, `now` if they already are."""
        inside = self.count(now)
        return now if inside < limit else self._moments[inside - limit] + self._span

    def expiries(self) -> list[float]:
        """Return when each moment that is inside leaves, the earliest first."""
        return [moment + self._span for moment in self._moments]

    def clear(self) -> None:
        """Forget everything."""
        self._moments.clear()


class Budget:
    """What one provider, or one address of everyone else, has been asked and has refused."""

    def __init__(self, limits: Limits) -> None:
        """Begin with nothing asked."""
        self._limits = limits
        self._refused_in_hour = Window(HOUR)
        self._refused_in_day = Window(DAY)
        self._asked = Window(DAY)
        self._unknown = Window(DAY)
        self._stopped_until = float("-inf")

    def count(self, moment: float, *, refused: bool) -> None:
        """Count one RCPT, a sentinel's too; stops where the unknown share passes its limit."""
        self._asked.add(moment)
        if refused:
            for window in (self._refused_in_hour, self._refused_in_day, self._unknown):
                window.add(moment)
        asked, unknown = self._asked.count(moment), self._unknown.count(moment)
        if asked < self._limits.unknown_share_min:
            return
        if unknown > self._limits.unknown_share * asked:
            self._stopped_until = moment + DAY
            self._asked.clear()
            self._unknown.clear()

    def refusals_left(self, now: float) -> int:
        """Return how many refusals may still come, from all sessions under way together.

        Before the share is looked at, refusals count only against hour and day; after it, at
        most one more than the share allows, so that it is passed by one refusal and not by a
        whole wave of sessions.
        """
        if now < self._stopped_until:
            return 0
        left = min(
            self._limits.refusals_per_hour - self._refused_in_hour.count(now),
            self._limits.refusals_per_day - self._refused_in_day.count(now),
        )
        asked, unknown = self._asked.count(now), self._unknown.count(now)
        if asked >= self._limits.unknown_share_min:
            left = min(left, self._share_allows(asked) - unknown)
        return max(0, left)

    def recipients_left(self, now: float) -> int | None:
        """Return how many may be asked before the share is looked at; None once it was."""
        asked = self._asked.count(now)
        least = self._limits.unknown_share_min
        return None if asked >= least else least - asked

    def opens_at(self, now: float) -> float:
        """Return when a refusal may come again, `now` if it may."""
        return max(
            self._stopped_until,
            self._refused_in_hour.opens_at(now, self._limits.refusals_per_hour),
            self._refused_in_day.opens_at(now, self._limits.refusals_per_day),
            self._share_opens_at(now),
        )

    def _share_allows(self, asked: int) -> int:
        return int(self._limits.unknown_share * asked) + 1

    def _share_opens_at(self, now: float) -> float:
        """Return when the share lets a refusal come again.

        What was accepted a day ago leaves the window as refusals do: the share can pass its limit
        by time alone, without anybody's being asked.
        """
        asked, unknown = self._asked.count(now), self._unknown.count(now)
        if asked < self._limits.unknown_share_min or unknown < self._share_allows(asked):
            return now
        leaves = self._unknown.expiries()
        for passed, moment in enumerate(self._asked.expiries(), start=1):
            left = asked - passed
            inside = unknown - bisect_right(leaves, moment)
            if left < self._limits.unknown_share_min or inside < self._share_allows(left):
                return moment
        return now
