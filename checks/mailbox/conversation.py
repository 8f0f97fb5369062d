"""The SMTP handshake as a state machine without I/O: it says what to send and learns from replies.

Banner, EHLO (HELO where EHLO is not known), MAIL, RCPT..., QUIT; one command at a time. The loop
around it (talk.py) writes the line of a step, reads one reply within its deadline, and calls
`take`, or `lose` where no reply came.

Where MAIL or RCPT is answered "only after STARTTLS", that comes next, then the handshake, of which
the loop tells by `encrypted` or `lose`, then EHLO and MAIL again. What EHLO offers is never kept,
so that nothing said in the clear holds afterwards (RFC 3207, section 4.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from checks.mailbox import commands
from checks.mailbox.errand import ErrandRun
from checks.mailbox.judge import demands_tls, judge_host, judge_recipient
from checks.mailbox.rules import ReplyRules, Ruling, Scope, Stage
from checks.mailbox.session import (
    OUR_ADDRESS,
    TLS_DEMANDED,
    TLS_FAILED,
    TURNED,
    Answer,
    Ask,
    Deadlines,
    Encryption,
    Ending,
    Identity,
    SessionPlan,
    SessionResult,
    Tally,
    is_about_sender,
    scrubbed,
)
from checks.model import Reason, Verdict

if TYPE_CHECKING:
    from checks.mailbox.reply import Reply

_GREETING: Final = 220
_OK: Final = 250
_CLOSING: Final = frozenset({221, 421})
_UNKNOWN_COMMAND: Final = frozenset({500, 501, 502, 503, 504, 550})  # EHLO refused: try HELO
_RECIPIENT_OK: Final = frozenset({250, 251, 252})
_HELLO: Final = frozenset({Stage.EHLO, Stage.HELO})
_FIXED: Final = {
    Stage.BANNER: b"",
    Stage.HANDSHAKE: b"",
    Stage.STARTTLS: commands.STARTTLS,
    Stage.QUIT: commands.QUIT,
}


class Loss(StrEnum):
    """Why no reply came."""

    UNREACHABLE = "unreachable"  # no connection
    FORBIDDEN = "forbidden"  # the guard refuses the address
    OUR_FAULT = "our_fault"  # our own proxy failed
    SILENT = "silent"  # a deadline passed
    STALLED = "stalled"  # the same, after an answer so slow that it may have been a stray reply
    CLOSED = "closed"  # the peer closed
    GARBLED = "garbled"  # bytes that are no reply, or one reply too many
    EARLY = "early"  # bytes before the question they would answer, which was then not sent
    UNENCRYPTED = "unencrypted"  # the TLS handshake came to nothing


@dataclass(frozen=True, slots=True)
class Step:
    """Send `line` (nothing for the banner), then read one reply within `seconds`.

    Seconds 0: no reply is read. `ask` is the RCPT that the line carries, to be written down before.
    At HANDSHAKE there is no line and no reply: TLS is to be there within `seconds`.
    """

    line: bytes
    stage: Stage
    seconds: float
    ask: Ask | None = None


class Conversation:
    """One session with one host."""

    def __init__(
        self,
        plan: SessionPlan,
        identity: Identity,
        deadlines: Deadlines,
        rules: ReplyRules,
        earlier: Sequence[Answer] = (),
        *,
        starttls: bool = True,
    ) -> None:
        """Begin a session; `earlier` are its answers from before a crash, in order.

        `starttls`: whether TLS is begun where the server demands it.
        """
        self._plan, self._identity, self._deadlines = plan, identity, deadlines
        self._rules = rules
        self._may_encrypt, self._must_encrypt = starttls, starttls and plan.encrypts
        self._encryption = Encryption.NONE
        self._runs = [ErrandRun(errand, plan) for errand in plan.errands]
        self._run = 0
        self._tally = Tally()
        self._stage: Stage | None = Stage.BANNER
        self._ask: Ask | None = None
        self._doubt: Ask | None = None
        self._ending = Ending.DONE
        self._ruling: Ruling | None = None
        self._last: tuple[int, str] = (0, "")
        for answer in earlier:
            self._note(answer)
        if earlier and (self._stage is not Stage.BANNER or self._choose() is None):
            self._stage = None  # everything was asked; only the end was not written down

    def step(self) -> Step | None:
        """Return the I/O to do next, None when the connection is to be closed."""
        if self._stage is Stage.RCPT or self._stage is Stage.MAIL:
            self._ask = self._choose()
            if self._ask is None:
                self._stage = Stage.QUIT
        if self._stage is None:
            return None
        return Step(*self._line(self._stage), ask=self._ask if self._stage is Stage.RCPT else None)

    def take(self, reply: Reply, asked_at: float) -> Answer | None:
        """Learn from a reply to the last step; return the answer if the step was a RCPT."""
        stage, self._last = self._stage, (reply.code, scrubbed(reply.text, ""))
        if stage is Stage.RCPT and self._ask is not None:
            return self._take_recipient(reply, self._ask, asked_at)
        if stage is Stage.QUIT:
            self._take_farewell(reply)
        elif stage is not None:
            self._take_host(reply, stage)
        return None

    def encrypted(self) -> None:
        """Learn that TLS is there: the session begins anew with EHLO (RFC 3207, section 4.2)."""
        self._encryption, self._stage = Encryption.UNVERIFIED, Stage.EHLO

    def lose(self, loss: Loss) -> None:
        """Learn that the last step brought no reply, or no TLS."""
        stage, self._stage = self._stage, None
        if loss is Loss.GARBLED:
            self._ending, self._doubt = Ending.VOID, self._ask if stage is Stage.RCPT else None
            self._stage = None if stage in {Stage.BANNER, Stage.QUIT} else Stage.QUIT
        elif loss is Loss.EARLY:
            self._ending, self._doubt = Ending.VOID, self._ask if stage is Stage.RCPT else None
            self._stage = Stage.QUIT  # also where it was the farewell that was not sent
        elif loss is Loss.FORBIDDEN:
            self._ending = Ending.FORBIDDEN
        elif loss is Loss.OUR_FAULT:
            self._ending = Ending.OUR_FAULT
        elif stage is Stage.BANNER:
            self._ending = Ending.UNREACHABLE
        elif stage is Stage.HANDSHAKE:
            self._give_up_tls()
            self._stage = None  # what one side now takes for TLS carries no QUIT
        elif stage is not Stage.QUIT:
            self._ending = Ending.UNPROVEN if loss is Loss.STALLED else Ending.LOST
            self._doubt = self._ask if stage is Stage.RCPT else None
            self._stage = Stage.QUIT if loss in {Loss.SILENT, Loss.STALLED} else None

    def result(self) -> SessionResult:
        """Return what came of the session; a void one keeps its answers only to be counted."""
        return SessionResult(
            self._plan.session_id,
            self._ending,
            tuple(self._tally.answers),
            self._ruling,
            *self._last,
            doubt=self._doubt,
            encryption=self._encryption,
        )

    def _line(self, stage: Stage) -> tuple[bytes, Stage, float]:
        deadlines = self._deadlines
        waits = self._ending not in {Ending.VOID, Ending.LOST, Ending.UNPROVEN}
        own = {
            Stage.BANNER: deadlines.banner,
            Stage.HANDSHAKE: deadlines.handshake,
            Stage.QUIT: deadlines.quit if waits else 0.0,
        }
        return self._command(stage), stage, own.get(stage, deadlines.reply)

    def _command(self, stage: Stage) -> bytes:
        if stage is Stage.RCPT and self._ask is not None:
            return commands.rcpt_to(self._ask.address)
        if stage is Stage.MAIL:
            return commands.mail_from(self._identity.mail_from)
        if stage in _HELLO:
            hello = commands.ehlo if stage is Stage.EHLO else commands.helo
            return hello(self._identity.helo)
        return _FIXED[stage]

    def _choose(self) -> Ask | None:
        room = self._plan.recipients - self._tally.recipients
        if self._tally.refusals >= self._plan.refusals:
            return None
        while self._run < len(self._runs):
            ask = self._runs[self._run].next_ask(room=room)
            if ask is not None:
                return ask
            self._run += 1
        return None

    def _note(self, answer: Answer) -> None:
        self._tally.note(answer)
        if answer.is_about_tls:
            self._must_encrypt = True
            return
        run = next(run for run in self._runs if run.domain == answer.ask.domain)
        run.note(answer)
        if run.flipped:
            self._finish(Ending.FLIPPED, TURNED)
        elif answer.ruling.scope is not Scope.RECIPIENT:
            self._finish(ending_of(answer.ruling), answer.ruling)

    def _take_recipient(self, reply: Reply, ask: Ask, asked_at: float) -> Answer | None:
        ruling = judge_recipient(reply, self._plan.provider, self._rules)
        if self._is_demand(reply):
            ruling, self._stage = TLS_DEMANDED, Stage.STARTTLS
        elif ruling.verdict is Verdict.UNDELIVERABLE and self._is_about_sender(reply, ask):
            ruling = OUR_ADDRESS
        if ruling.reason is Reason.PROTOCOL_ERROR:
            self.lose(Loss.GARBLED)
            return None
        text = scrubbed(reply.text, ask.address)
        self._last = (reply.code, text)
        answer = Answer(ask, reply.code, reply.enhanced, text, ruling, asked_at, self._encryption)
        self._note(answer)
        return answer

    def _take_host(self, reply: Reply, stage: Stage) -> None:
        expected = _GREETING if stage in {Stage.BANNER, Stage.STARTTLS} else _OK
        names_itself = stage is Stage.BANNER or stage in _HELLO
        if reply.code == expected and names_itself and self._is_us(reply):
            self._finish(Ending.OWN_HOST, None)
        elif reply.code == expected:
            self._stage = self._after(stage)
        elif stage is Stage.EHLO and reply.code in _UNKNOWN_COMMAND:
            self._stage = Stage.HELO
        else:
            self._refuse(reply, stage)

    def _after(self, stage: Stage) -> Stage:
        if stage in _HELLO:
            is_due = self._must_encrypt and self._encryption is Encryption.NONE
            return Stage.STARTTLS if is_due else Stage.MAIL
        following = {Stage.BANNER: Stage.EHLO, Stage.STARTTLS: Stage.HANDSHAKE}
        return following.get(stage, Stage.RCPT)

    def _is_demand(self, reply: Reply) -> bool:
        may_begin = self._may_encrypt and self._encryption is Encryption.NONE
        return may_begin and demands_tls(reply, self._rules)

    def _is_about_sender(self, reply: Reply, ask: Ask) -> bool:
        return is_about_sender(reply.text, self._identity.mail_from, ask.address)

    def _give_up_tls(self) -> None:
        self._encryption = Encryption.FAILED
        self._finish(Ending.DEFERRED, TLS_FAILED)

    def _refuse(self, reply: Reply, stage: Stage) -> None:
        if stage is Stage.MAIL and self._is_demand(reply):
            self._stage = Stage.STARTTLS
            return
        ruling = judge_host(reply, stage, self._rules)
        if ruling.reason is Reason.PROTOCOL_ERROR:
            self.lose(Loss.GARBLED)
        elif stage is Stage.STARTTLS:
            self._give_up_tls()
        else:
            self._finish(ending_of(ruling), ruling)

    def _take_farewell(self, reply: Reply) -> None:
        # Anything but a farewell belongs to an earlier question: every answer is one off.
        if reply.code not in _CLOSING:
            self._ending = Ending.VOID
        self._stage = None

    def _is_us(self, reply: Reply) -> bool:
        # RFC 5321 4.2, 4.1.1.1: the first word of greeting and of the EHLO reply is the host.
        words = reply.lines[0].lower().split()
        return bool(words) and words[0] == self._identity.helo.lower()

    def _finish(self, ending: Ending, ruling: Ruling | None) -> None:
        self._ending, self._ruling, self._stage = ending, ruling, Stage.QUIT


def ending_of(ruling: Ruling) -> Ending:
    """Return how a session ends on a ruling about the host or about us."""
    later = {Reason.RATE_LIMITED, Reason.GREYLISTED, Reason.TEMPORARY_FAILURE}
    return Ending.DEFERRED if ruling.reason in later else Ending.REFUSED
