"""One MX address under way: when it may be connected to again, and whether it was given up."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from checks.mailbox.budget import DAY
from checks.mailbox.session import Encryption, Ending, SessionResult
from checks.model import Reason

if TYPE_CHECKING:
    from checks.mailbox.domain_run import DomainRun
    from checks.mailbox.rules import Ruling

OPEN = float("-inf")

_DEAD_AFTER = 2  # connects in a row that found nobody
_PASSABLE = frozenset({Reason.NO_CONNECTION, Reason.PROTOCOL_ERROR})


@dataclass(slots=True)
class HostRun:
    """An MX address; all moments are on the policy clock."""

    ip: str
    network: str
    retry_after: tuple[float, ...]
    domains: list[DomainRun] = field(default_factory=list)
    closed_until: float = OPEN
    free_at: float = OPEN  # the next connect keeps its distance from the last
    is_down: bool = False  # closed because nobody answers: another MX may be asked meanwhile
    closed_for: Reason = Reason.NO_CONNECTION
    given_up: Reason | None = None
    encrypts: bool = False  # it demands TLS, and TLS has worked
    _strikes: int = 0
    _silent: int = 0

    @property
    def may_be_passed_by(self) -> bool:
        """Whether a domain's next MX may be asked in its place; never after a refusal of us."""
        return self.is_down or self.given_up in _PASSABLE

    def note(self, result: SessionResult) -> None:
        """Learn from how a session ended."""
        now = result.ended_at
        if result.encryption is not Encryption.NONE:
            self.encrypts = result.encryption is Encryption.UNVERIFIED
        if result.ending is Ending.DONE:
            self._strikes, self._silent, self.is_down = 0, 0, False
        elif result.ending is Ending.REFUSED and result.ruling is not None:
            self.block(now + DAY, result.ruling)
        elif result.ending in {Ending.OWN_HOST, Ending.FORBIDDEN}:
            own = result.ending is Ending.OWN_HOST
            self.given_up = Reason.PROTOCOL_ERROR if own else Reason.NO_CONNECTION
        elif result.ending in {Ending.UNREACHABLE, Ending.OUR_FAULT}:
            self._note_silence(now)
        elif result.ending is not Ending.STOPPED:
            self._strike(now, result)

    def block(self, until: float, ruling: Ruling) -> None:
        """Leave the host alone: it has refused us."""
        self.closed_until, self.given_up = until, ruling.reason

    def _note_silence(self, now: float) -> None:
        self._silent += 1
        self.is_down, self.closed_until = True, now + self.retry_after[0]
        self.closed_for = Reason.NO_CONNECTION
        if self._silent >= _DEAD_AFTER:
            self.given_up = Reason.NO_CONNECTION

    def _strike(self, now: float, result: SessionResult) -> None:
        self.is_down = False
        void = result.ending is Ending.VOID
        self.closed_for = Reason.PROTOCOL_ERROR if void else Reason.TEMPORARY_FAILURE
        if result.ruling is not None:
            self.closed_for = result.ruling.reason
        if self._strikes >= len(self.retry_after):
            self.given_up = self.closed_for
            return
        self.closed_until = now + self.retry_after[self._strikes]
        self._strikes += 1
