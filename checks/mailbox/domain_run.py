"""One domain under way: who waits, who was answered, which acceptances are proven."""

from __future__ import annotations

import base64
import hashlib
import heapq
from collections import Counter, defaultdict, deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from checks.mailbox.errand import proves_honesty
from checks.mailbox.providers import Honesty, Provider
from checks.mailbox.session import Answer, Errand
from checks.model import Reason

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from checks.mailbox.plan import Target

NOW: Final = float("-inf")
"""Due at once."""

_PASSING: Final = frozenset({Reason.GREYLISTED, Reason.RATE_LIMITED, Reason.TEMPORARY_FAILURE})
_IN_DOUBT_TWICE: Final = 2
_SENTINEL_LETTERS: Final = 12
_SENTINELS: Final = 2  # the first and the closing one of a session
_OPEN_AT_MOST: Final = 20  # acceptances that a sentinel which flips may make worthless


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a probe concludes of one address; `answer` is None where its server gave none.

    `inferred`: the answer is a sentinel's, this address was spared.
    """

    address: str
    reason: Reason
    mx_address: str = ""
    answer: Answer | None = None
    inferred: bool = False


class DomainRun:
    """A domain's recipients on their way to outcomes; knows no clock and does no I/O."""

    def __init__(
        self,
        target: Target,
        provider: Provider,
        retry_after: tuple[float, ...],
        seed: int,
        proven: Iterable[str] = (),
    ) -> None:
        """Begin with everybody due; `proven` are MX addresses whose sentinel is still fresh."""
        self.target, self.provider = target, provider
        self.outcomes: dict[str, Outcome] = {}
        self._retry_after, self._seed = provider.retry_after or retry_after, seed
        self._fresh = deque(target.recipients)
        self._later: list[tuple[float, str]] = []  # a heap of those who were asked before
        self._deferred: dict[str, tuple[int, Answer, str]] = {}
        self._unanswered: dict[str, int] = defaultdict(int)
        self._open: dict[str, list[Answer]] = defaultdict(list)
        self._owed: dict[str, float] = {}
        self._out: Counter[str] = Counter()  # errands under way
        self._sentinels: dict[str, int] = defaultdict(int)  # made so far
        self._unasked: dict[str, list[str]] = defaultdict(list)  # made, and not answered yet
        self._put_off: dict[str, int] = defaultdict(int)
        self._proven = set(proven)
        self._catch_all: Outcome | None = None

    @property
    def is_finished(self) -> bool:
        """Whether every recipient has its outcome."""
        return len(self.outcomes) == len(self.target.recipients)

    @property
    def is_out(self) -> bool:
        """Whether a session under way has an errand here."""
        return any(self._out.values())

    def due_at(self, mx_address: str) -> float:
        """Return when there is something to ask at an MX address; infinity if nothing waits."""
        return NOW if self._fresh else self.begun_due_at(mx_address)

    def begun_due_at(self, mx_address: str) -> float:
        """Return when something that was begun is due there; infinity if nothing was."""
        later = self._later[0][0] if self._later else float("inf")
        return min(later, self._owed_at(mx_address))

    def is_proven(self, mx_address: str) -> bool:
        """Whether a random recipient was refused there."""
        return mx_address in self._proven

    def outlasts(self, mx_address: str, room: int) -> bool:
        """Whether a session with so much room cannot hold all and close as well.

        Not for ever: a sentinel that flips makes every acceptance since the last one worthless.
        """
        return len(self._fresh) >= room and len(self._open[mx_address]) + room <= _OPEN_AT_MOST

    def take_errand(
        self, mx_address: str, now: float, most: int, *, goes_on: bool = False
    ) -> Errand | None:
        """Return an errand with at most so many due recipients, who are then out for the session.

        None where there is nothing to ask now. `goes_on`: the next session closes for this one.
        """
        recipients: list[str] = []
        while self._later and self._later[0][0] <= now and len(recipients) < most:
            recipients.append(heapq.heappop(self._later)[1])
        while self._fresh and len(recipients) < most:
            recipients.append(self._fresh.popleft())
        owed_at = self._owed_at(mx_address)
        owed = owed_at <= now
        if not recipients and not owed:
            return None
        errand = Errand(
            domain=self.target.domain,
            recipients=tuple(recipients),
            sentinels=self._next_sentinels(mx_address),
            proven=self.is_proven(mx_address),
            owed=owed,
            waits=now < owed_at < float("inf"),
            goes_on=goes_on,
        )
        self._send_out(errand, mx_address)
        return errand

    def take_up(self, errand: Errand, mx_address: str) -> None:
        """Let an errand be out that was planned before a crash."""
        out = set(errand.recipients)
        self._send_out(errand, mx_address)
        self._fresh = deque(recipient for recipient in self._fresh if recipient not in out)
        self._later = [waiting for waiting in self._later if waiting[1] not in out]
        heapq.heapify(self._later)

    def put_back(self, recipients: Iterable[str], due: float = NOW) -> None:
        """Let recipients wait again: those who were not reached come first, others when due."""
        fresh: list[str] = []
        for recipient in recipients:
            if recipient in self.outcomes:
                continue
            if self._catch_all is not None:
                self._spare(recipient, self._catch_all)
            elif due == NOW and recipient not in self._deferred:
                fresh.append(recipient)
            else:
                heapq.heappush(self._later, (due, recipient))
        self._fresh.extendleft(reversed(fresh))

    def note(self, answer: Answer, mx_address: str, ended_at: float) -> None:
        """Learn from one answer of a session that ended at `ended_at`."""
        if answer.ask.sentinel:
            self._note_sentinel(answer, mx_address, ended_at)
        elif answer.accepted:
            self._accept(answer, mx_address)
        elif answer.code and answer.ruling.reason in _PASSING:
            self._defer(answer, mx_address, ended_at)
        else:
            self._conclude(answer, answer.ruling.reason, mx_address)
        if proves_honesty(answer):
            self._proven.add(mx_address)
            self._settle(mx_address, Reason.MAILBOX_ACCEPTED, until=answer.asked_at)

    def note_unanswered(self, recipient: str, due: float, reason: Reason, mx_address: str) -> None:
        """Learn that nothing can be made of an ask: it is repeated once, then unknown."""
        self._unanswered[recipient] += 1
        if self._unanswered[recipient] >= _IN_DOUBT_TWICE:
            self.outcomes[recipient] = Outcome(recipient, reason, mx_address)
        else:
            self.put_back([recipient], due)

    def note_unproven(self, answer: Answer, mx_address: str) -> None:
        """Learn that an answer may have been another's; a host so slow is not asked again.

        A sentinel tells nothing then, and whom it was to prove waits for the next.
        """
        if not answer.ask.sentinel:
            address = answer.ask.address
            self.outcomes[address] = Outcome(address, Reason.TEMPORARY_FAILURE, mx_address)

    def end_errand(
        self, errand: Errand, mx_address: str, now: float, spent: Container[str]
    ) -> None:
        """Let acceptances that no refusal bounds wait for a sentinel in a session to come.

        A sentinel that is not `spent` comes first then: who put it off knows it already.
        """
        self._out[mx_address] -= 1
        left = [sentinel for sentinel in errand.sentinels if sentinel not in spent]
        self._unasked[mx_address][:0] = left
        if self._open[mx_address]:
            self._owed.setdefault(mx_address, now)
        else:
            self._owed.pop(mx_address, None)

    def give_up_host(self, mx_address: str) -> None:
        """Conclude acceptances at an MX address that will not be asked again."""
        self._settle(mx_address, Reason.ACCEPTANCE_UNPROVEN)

    def finish(self, reason: Reason, mx_address: str = "") -> None:
        """Conclude everybody who still waits: by their last deferral, or else by `reason`."""
        for opened in list(self._open):
            self.give_up_host(opened)
        for recipient in self._clear():
            deferral = self._deferred.get(recipient)
            if deferral is None:
                self.outcomes[recipient] = Outcome(recipient, reason, mx_address)
            else:
                _, answer, asked_at = deferral
                self._conclude(answer, answer.ruling.reason, asked_at)

    def _clear(self) -> list[str]:
        waiting = [*self._fresh, *(recipient for _, recipient in self._later)]
        self._fresh.clear()
        self._later.clear()
        return waiting

    def _accept(self, answer: Answer, mx_address: str) -> None:
        honesty = self.provider.honesty
        if answer.ruling.reason is not Reason.MAILBOX_ACCEPTED:
            self._conclude(answer, answer.ruling.reason, mx_address)
        elif honesty is Honesty.ACCEPTS_THEN_REJECTS:
            self._conclude(answer, Reason.ACCEPTS_THEN_REJECTS, mx_address)
        elif self._believes(mx_address):
            self._conclude(answer, Reason.MAILBOX_ACCEPTED, mx_address)
        else:
            self._open[mx_address].append(answer)

    def _believes(self, mx_address: str) -> bool:
        if self.provider.needs_closing_sentinel:
            return False
        return not self.provider.needs_sentinel or self.is_proven(mx_address)

    def _defer(self, answer: Answer, mx_address: str, ended_at: float) -> None:
        recipient = answer.ask.address
        times = self._deferred[recipient][0] + 1 if recipient in self._deferred else 1
        if times > len(self._retry_after):
            self._conclude(answer, answer.ruling.reason, mx_address)
            return
        self._deferred[recipient] = (times, answer, mx_address)
        # From the session's end, so that all whom it put off come back in one session.
        self.put_back([recipient], ended_at + self._retry_after[times - 1])

    def _note_sentinel(self, answer: Answer, mx_address: str, ended_at: float) -> None:
        if proves_honesty(answer):
            self._put_off[mx_address] = 0
        elif answer.accepted and self.is_proven(mx_address):
            # It refused once and accepts now: nothing it said since the refusal counts.
            self._proven.discard(mx_address)
            self._settle(mx_address, Reason.ACCEPTANCE_UNPROVEN)
        elif answer.accepted:
            self._spare_everybody(answer, mx_address)
        else:
            self._put_sentinel_off(mx_address, ended_at)

    def _put_sentinel_off(self, mx_address: str, ended_at: float) -> None:
        self._put_off[mx_address] += 1
        times = self._put_off[mx_address]
        if times > len(self._retry_after):
            self._settle(mx_address, Reason.ACCEPTANCE_UNPROVEN)
        else:
            self._owed[mx_address] = ended_at + self._retry_after[times - 1]

    def _settle(self, mx_address: str, reason: Reason, until: float = float("inf")) -> None:
        """Conclude what was accepted before `until`: a refusal says nothing of what came later."""
        answers = self._open.pop(mx_address, [])
        for answer in answers:
            if answer.asked_at <= until:
                self._conclude(answer, reason, mx_address)
        later = [answer for answer in answers if answer.asked_at > until]
        if later:
            self._open[mx_address] = later
        self._owed.pop(mx_address, None)

    def _owed_at(self, mx_address: str) -> float:
        # An errand under way asks the sentinel for all: a second would only cost a refusal.
        waits = not self._out[mx_address]
        return self._owed.get(mx_address, float("inf")) if waits else float("inf")

    def _send_out(self, errand: Errand, mx_address: str) -> None:
        self._out[mx_address] += 1
        unasked = self._unasked[mx_address]
        while len(unasked) < _SENTINELS:  # planned before a crash
            unasked.append(self._new_sentinel(mx_address))
        self._unasked[mx_address] = [one for one in unasked if one not in errand.sentinels]
        if errand.owed:
            self._owed.pop(mx_address, None)

    def _spare_everybody(self, answer: Answer, mx_address: str) -> None:
        # 252, "cannot verify": the server accepts all because it does not look.
        looks = answer.ruling.reason is Reason.MAILBOX_ACCEPTED
        reason = Reason.ACCEPTS_ALL if looks else Reason.ACCEPTANCE_UNPROVEN
        self._catch_all = Outcome("", reason, mx_address, answer, inferred=True)
        self._settle(mx_address, reason)
        for recipient in self._clear():
            self._spare(recipient, self._catch_all)

    def _spare(self, recipient: str, inferred: Outcome) -> None:
        self.outcomes[recipient] = replace(inferred, address=recipient)

    def _conclude(self, answer: Answer, reason: Reason, mx_address: str) -> None:
        address = answer.ask.address
        self.outcomes[address] = Outcome(address, reason, mx_address, answer)

    def _next_sentinels(self, mx_address: str) -> tuple[str, ...]:
        """Return two that no session under way may ask."""
        unasked = self._unasked[mx_address]
        while len(unasked) < _SENTINELS:
            unasked.append(self._new_sentinel(mx_address))
        return tuple(unasked[:_SENTINELS])

    def _new_sentinel(self, mx_address: str) -> str:
        number = self._sentinels[mx_address]
        self._sentinels[mx_address] += 1
        key = f"{self._seed} {mx_address} {self.target.domain} {number}"
        return f"{_random_local(key)}@{self.target.domain}"


def _random_local(key: str) -> str:
    digest = hashlib.blake2b(key.encode(), digest_size=8).digest()
    return "x" + base64.b32encode(digest).decode().lower()[:_SENTINEL_LETTERS]
