"""Whether our own way out is open: noticed after a few connects, not after a night of time-outs."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from checks.mailbox.plan import network_of
from checks.mailbox.session import Ending, SessionResult

NETWORKS_TO_STOP: Final = 20
"""Networks without a single answer that mean it is us; of an old portfolio one in ten is dead."""

FAULTS_TO_STOP: Final = 3
"""Sessions in a row that our own proxy kept from beginning."""


class Closed(StrEnum):
    """What keeps us from asking anybody."""

    PORT = "port"
    PROXY = "proxy"


class Egress:
    """Counts whom we reach, on the policy clock; no verdict but unknown hangs on it.

    >>> egress = Egress(networks=2)
    >>> gone = SessionResult("a/0/0", Ending.UNREACHABLE, ended_at=5.0)
    >>> egress.note(gone, "192.0.2.1"); egress.note(gone, "198.51.100.1")
    >>> egress.closed(5.0), egress.closed(5.1)
    (None, <Closed.PORT: 'port'>)
    """

    def __init__(self, networks: int = NETWORKS_TO_STOP) -> None:
        """Begin with nobody tried."""
        self._networks = networks
        self._silent: dict[str, float] = {}
        self._is_open = False
        self._faults: list[float] = []

    def note(self, result: SessionResult, mx_address: str) -> None:
        """Learn from how a session ended."""
        if result.ending is Ending.OUR_FAULT:
            self._faults.append(result.ended_at)
        elif result.ending is Ending.UNREACHABLE:
            self._silent.setdefault(network_of(mx_address), result.ended_at)
        elif result.ending not in {Ending.STOPPED, Ending.FORBIDDEN}:
            self._is_open = True
            self._faults.clear()

    def closed(self, now: float) -> Closed | None:
        """Return what is closed, by what was noted strictly before `now`; None: nothing is.

        Strictly before, as with the alarm: shards that act at one moment must not see each other.
        """
        if sum(moment < now for moment in self._faults) >= FAULTS_TO_STOP:
            return Closed.PROXY
        if self._is_open:
            return None
        tried = sum(moment < now for moment in self._silent.values())
        return Closed.PORT if tried >= self._networks else None
