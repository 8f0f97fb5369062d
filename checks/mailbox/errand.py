"""Which recipient of a domain to ask next: the sentinel rule inside one session.

A sentinel (a random recipient) is asked after the first acceptance, and again after the last
where the host may change its mind. A refusal of any recipient bounds the acceptances before it,
so that the closing sentinel is spared there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checks.mailbox.session import Ask
from checks.model import Reason

if TYPE_CHECKING:
    from checks.mailbox.session import Answer, Errand, SessionPlan


class ErrandRun:
    """An errand under way; a decider without I/O."""

    def __init__(self, errand: Errand, plan: SessionPlan) -> None:
        """Begin with what earlier sessions have proven or left open."""
        self.domain = errand.domain
        self._sentinels = list(reversed(errand.sentinels))
        self._asks_sentinels = plan.asks_sentinels
        self._may_close = plan.closes_with_sentinel
        self._closes = plan.closes_with_sentinel and not errand.goes_on
        self._left = list(reversed(errand.recipients))
        self._proven = errand.proven
        self._open = errand.owed  # an acceptance waits for a refusal
        self._sentinel_waits = errand.waits  # it was answered 4xx: a matter for a later session
        self.accepts_all = False
        self.flipped = False

    def next_ask(self, *, room: int) -> Ask | None:
        """Return the next RCPT, None if nothing is left to ask; `room` counts RCPTs still allowed.

        A recipient is asked only where its sentinel would still fit behind it.
        """
        if self.accepts_all or self.flipped or room < 1:
            return None
        if self._sentinel_is_due(last=not self._left or room <= self._reserve()):
            return Ask(self._sentinels[-1], self.domain, sentinel=True)
        if self._left and room > self._reserve():
            return Ask(self._left[-1], self.domain)
        return None

    def note(self, answer: Answer) -> None:
        """Learn from an answer to this errand's last ask."""
        if answer.ask.sentinel:
            self._note_sentinel(answer)
            return
        if self._left and self._left[-1] == answer.ask.address:
            self._left.pop()
        if answer.accepted:
            self._open = True
        elif proves_honesty(answer):
            self._open, self._proven = False, True

    def _note_sentinel(self, answer: Answer) -> None:
        if proves_honesty(answer):
            self._open, self._proven = False, True
            self._sentinels.pop()
        elif answer.accepted:
            self.flipped, self.accepts_all = self._proven, not self._proven
        else:
            self._sentinel_waits = True

    def _sentinel_is_due(self, *, last: bool) -> bool:
        if not (self._asks_sentinels and self._open and self._sentinels) or self._sentinel_waits:
            return False
        # What is left of the room once all were asked is of no other use, and a sentinel that opens
        # a later session tells less of how this one was answered.
        return not self._proven or (self._may_close and (not self._left or (self._closes and last)))

    def _reserve(self) -> int:
        return 1 if self._asks_sentinels and (self._closes or not self._proven) else 0


def proves_honesty(answer: Answer) -> bool:
    """Whether an answer shows that the host tells mailboxes apart.

    Any refusal of a random recipient does; of a real one only "not found": a host that accepts
    all may still refuse a full or a disabled mailbox.
    """
    if not answer.tells_apart:
        return False
    return answer.ask.sentinel or answer.ruling.reason is Reason.MAILBOX_NOT_FOUND
