"""What happens between a DNS server and its callers: loss, doubles, delays, a limit per second."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

from sandbox.dns_packets import HEADER_SIZE, Packet, Packets

_BEHIND: Final = 0.03  # seconds that a packet comes later than those sent after it
_REFUSED: Final = b"\x81\x85"  # third and fourth byte: a reply, recursion desired and had, REFUSED


@dataclass(frozen=True, slots=True)
class Weather:
    """Shares of packets that are lost, doubled or overtaken; seconds of delay; a limit per second.

    What is above the limit of a second is dropped, or with `refuses` answered by REFUSED.
    """

    loss: float = 0.0
    doubled: float = 0.0
    overtaken: float = 0.0
    latency: float = 0.0
    per_second: float | None = None
    refuses: bool = False


class Air:
    """Changes what is sent by the weather; the same seed and questions give the same."""

    def __init__(self, weather: Weather, seed: int = 1) -> None:
        """Begin with a full allowance."""
        self._weather = weather
        self._chance = random.Random(seed)  # noqa: S311 - repeatable, nobody's secret
        self._allowance = 0.0
        self._last = 0.0

    def carry(self, query: bytes, packets: Packets, now: float) -> Packets:
        """Return what of a query's packets arrives, and when; `now` in seconds of any clock."""
        if not self._allows(now):
            return [Packet(0, _refusal(query))] if self._weather.refuses else []
        arrived: Packets = []
        for packet in packets:
            if self._chance.random() < self._weather.loss:
                continue
            late = _BEHIND if self._chance.random() < self._weather.overtaken else 0
            moved = packet._replace(delay=packet.delay + self._weather.latency + late)
            arrived += [moved] * (2 if self._chance.random() < self._weather.doubled else 1)
        return arrived

    def _allows(self, now: float) -> bool:
        limit = self._weather.per_second
        if limit is None:
            return True
        grown = self._allowance + (now - self._last) * limit
        self._allowance = min(grown, limit)
        self._last = now
        if self._allowance < 1:
            return False
        self._allowance -= 1
        return True


def _refusal(query: bytes) -> bytes:
    end = query.index(b"\0", HEADER_SIZE) + 5
    return query[:2] + _REFUSED + b"\0\1" + bytes(6) + query[HEADER_SIZE:end]
