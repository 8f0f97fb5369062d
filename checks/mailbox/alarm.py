"""When several providers refuse us within an hour, the fault is ours: nobody is asked any more.

Not this night and not by any later run, until a person has found out why and says so: an address
that is on blocklists does not come off by waiting, and asking on makes it worse.
"""

from __future__ import annotations

import math
from bisect import insort
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from checks.mailbox.budget import HOUR

PROVIDERS_TO_STOP: Final = 3


@dataclass(frozen=True, slots=True)
class AllClear:
    """Who says that providers take us again, and why."""

    by: str
    reason: str


class Alarm:
    """Signs of blocks from all shards, on the policy clock.

    >>> alarm = Alarm([(0.0, "uol"), (5.0, "terra")])
    >>> alarm.add(9.0, "gmail"); alarm.rings(9.0), alarm.rings(9.1)
    (False, True)
    """

    def __init__(self, signs: Iterable[tuple[float, str]] = ()) -> None:
        """Begin with the signs that journals hold since the last all-clear."""
        self._signs = sorted(signs)
        self._rang_at = _first_ring(self._signs)

    @property
    def providers(self) -> list[str]:
        """Who has refused us, in order of name."""
        return sorted({name for _, name in self._signs})

    def add(self, moment: float, provider: str) -> None:
        """Note that a provider has refused us; all hosts of "other" count as one provider."""
        insort(self._signs, (moment, provider))
        if moment < self._rang_at:
            self._rang_at = _first_ring(self._signs)

    def rings(self, now: float) -> bool:
        """Whether three providers refused us within an hour at some time before `now`.

        Strictly before: shards that act at the same moment of a virtual clock must not see each
        other, or verdicts would depend on which came first. Once it rings it never stops.
        """
        return self._rang_at < now


def _first_ring(signs: Iterable[tuple[float, str]]) -> float:
    """Return when the third provider within an hour refused us; infinity if that never was."""
    last: dict[str, float] = {}
    for moment, name in signs:
        last[name] = moment
        if sum(moment - other <= HOUR for other in last.values()) >= PROVIDERS_TO_STOP:
            return moment
    return math.inf
