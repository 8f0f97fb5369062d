"""When several providers refuse us within an hour, the fault is ours: nobody is asked any more."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from checks.mailbox.budget import DAY, HOUR

PROVIDERS_TO_STOP: Final = 3


class Alarm:
    """Signs of blocks from all shards, on the policy clock.

    >>> alarm = Alarm([(0.0, "uol"), (5.0, "terra")])
    >>> alarm.add(9.0, "gmail"); alarm.rings(9.0), alarm.rings(9.1)
    (False, True)
    """

    def __init__(
        self, signs: Iterable[tuple[float, str]] = (), since: float = float("-inf")
    ) -> None:
        """Begin with the signs that journals hold; those of a day before `since` are forgotten."""
        self._signs = sorted(sign for sign in signs if sign[0] > since - DAY)

    def add(self, moment: float, provider: str) -> None:
        """Note that a provider has refused us; all hosts of "other" count as one provider."""
        self._signs.append((moment, provider))
        self._signs.sort()

    def rings(self, now: float) -> bool:
        """Whether three providers refused us within an hour at some time before `now`.

        Strictly before: shards that act at the same moment of a virtual clock must not see each
        other, or verdicts would depend on which came first. Once it rings it never stops.
        """
        past = [(moment, name) for moment, name in self._signs if moment < now]
        for position, (moment, _) in enumerate(past):
            names = {name for other, name in past[position:] if other - moment <= HOUR}
            if len(names) >= PROVIDERS_TO_STOP:
                return True
        return False
