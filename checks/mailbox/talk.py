"""One session over a real connection: the thin loop around a conversation.

A server can end a session in any way it likes and this only returns how. QUIT is sent whenever
the server has greeted us; the connection is closed in any case.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final, Protocol

from checks.mailbox.conversation import Conversation, Loss
from checks.mailbox.dial import dial
from checks.mailbox.guard import refuse_reason
from checks.mailbox.proxy import ProxyError
from checks.mailbox.rules import Stage
from checks.mailbox.wire import Wire

if TYPE_CHECKING:
    from checks.mailbox.conversation import Step
    from checks.mailbox.reply import Reply
    from checks.mailbox.rules import ReplyRules
    from checks.mailbox.session import Answer, Ask, Deadlines, SessionPlan, SessionResult
    from checks.mailbox.settings import ProbeSettings

_PROMPT: Final = 0.2  # of the farewell's seconds: who answers sooner has answered all within them


class Scribe(Protocol):
    """Writes down what a session does, before it does it; and tells the policy time."""

    def now(self) -> float:
        """Return the policy time."""
        ...

    def connects(self, session_id: str) -> None:
        """Note a connect that is about to be tried."""
        ...

    def connected(self, mx_address: str) -> None:
        """Note that a connect was tried: the server may have seen us until now."""
        ...

    def asks(self, session_id: str, ask: Ask) -> None:
        """Note a RCPT that is about to be sent."""
        ...

    def answers(self, session_id: str, answer: Answer) -> None:
        """Note a RCPT's answer."""
        ...

    def ends(self, result: SessionResult) -> None:
        """Note how a session ended."""
        ...


async def hold_session(
    plan: SessionPlan,
    settings: ProbeSettings,
    rules: ReplyRules,
    scribe: Scribe,
    *,
    earlier: Sequence[Answer] = (),
    source: str | None = None,
) -> SessionResult:
    """Hold one planned session and return its result; `earlier` are answers from before a crash.

    Connects to the literal address of the plan and to nothing else, by `source` if given. Ends
    within the session's deadline, plus the QUIT's.
    """
    talk = Conversation(
        plan,
        settings.identity,
        settings.deadlines,
        rules,
        earlier,
        starttls=settings.starttls,
    )
    if talk.step() is not None:
        wire = await _connect(plan, settings, scribe, source)
        if isinstance(wire, Loss):
            talk.lose(wire)
        else:
            try:
                await _converse(talk, wire, plan.session_id, settings.deadlines, scribe)
            finally:
                wire.close()
    result = replace(talk.result(), ended_at=scribe.now())
    scribe.ends(result)
    return result


async def _connect(
    plan: SessionPlan,
    settings: ProbeSettings,
    scribe: Scribe,
    source: str | None,
) -> Wire | Loss:
    ip = plan.mx_address
    # Asked again here: the plan may come from a journal or a cache.
    if refuse_reason(ip, settings.lab_networks) is not None:
        return Loss.FORBIDDEN
    scribe.connects(plan.session_id)
    seconds, proxy = settings.deadlines.connect, settings.proxy
    try:
        transport, wire = await dial(ip, settings.port, seconds, source=source, proxy=proxy)
    except ProxyError:
        return Loss.OUR_FAULT
    except OSError:
        return Loss.UNREACHABLE
    finally:
        scribe.connected(ip)
    if proxy is not None:
        return wire  # the peer is the proxy
    peer = transport.get_extra_info("peername")
    if peer is None or ip_address(peer[0]) != ip_address(ip):
        wire.close()
        return Loss.FORBIDDEN
    return wire


async def _converse(
    talk: Conversation,
    wire: Wire,
    session_id: str,
    deadlines: Deadlines,
    scribe: Scribe,
) -> None:
    loop = asyncio.get_running_loop()
    deadline, slowest = loop.time() + deadlines.session, 0.0
    slow = False
    while (step := talk.step()) is not None:
        seconds = _patience(step, deadline - loop.time(), slowest, deadlines)
        if step.stage is Stage.HANDSHAKE:
            await _encrypt(talk, wire, seconds)
            continue
        if step.ask is not None:
            scribe.asks(session_id, step.ask)
        asked = loop.time()
        heard = await _exchange(step, wire, seconds, deadlines)
        if heard is None:
            return
        if step.line:
            slowest = max(slowest, loop.time() - asked)
        if isinstance(heard, Loss):
            stalls = slow and heard is Loss.SILENT and seconds == step.seconds
            talk.lose(Loss.STALLED if stalls else heard)
        elif (answer := talk.take(heard, scribe.now())) is not None:
            slow = slow or loop.time() - asked > deadlines.quit * _PROMPT
            scribe.answers(session_id, answer)


def _patience(step: Step, left: float, slowest: float, deadlines: Deadlines) -> float:
    """Return how long to wait at a step, of the session's seconds that are left.

    The farewell has its own few, also after the session's time is over. A host that is slow gets
    a whole reply's: its reply to QUIT is what shows that no reply too many has moved the answers
    by one, and one that takes longer with each refusal owes the longest of all by then.
    """
    if step.stage is Stage.QUIT:
        return deadlines.reply if slowest > deadlines.quit * _PROMPT else step.seconds
    return max(0.0, min(step.seconds, left))


async def _exchange(
    step: Step, wire: Wire, seconds: float, deadlines: Deadlines
) -> Reply | Loss | None:
    """Send a step's line and return the reply; None after a farewell that waits for none."""
    if step.line:
        loss = await wire.send(step.line, deadlines.write, is_last=not step.seconds)
        if loss is not None:
            return loss
    if step.seconds:
        return await wire.reply(seconds)
    await wire.linger(deadlines.quit)
    return None


async def _encrypt(talk: Conversation, wire: Wire, seconds: float) -> None:
    loss = await wire.encrypt(seconds)
    if loss is None:
        talk.encrypted()
    else:
        talk.lose(loss)
