"""After a crash, or in a later run: where a journal says that we stand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from checks.mailbox.budget import DAY
from checks.mailbox.errand import proves_honesty
from checks.mailbox.records import Payload, ProbeTrace, SessionTrace, given_up, read_trace
from checks.mailbox.session import IN_DOUBT, Answer, Ending, SessionPlan, SessionResult
from checks.mailbox.settings import Memory
from checks.mailbox.shard_run import ShardRun, Wave

if TYPE_CHECKING:
    from checks.mailbox.providers import Providers
    from checks.mailbox.rules import Ruling


@dataclass(frozen=True, slots=True)
class CutOff:
    """A wave that a crash has cut off, with what is known of each of its sessions.

    A session is a result, or the answers it had got so far; in doubt too often is answered too.
    """

    wave: Wave
    sessions: tuple[SessionResult | tuple[Answer, ...], ...]


def replay(run: ShardRun, trace: ProbeTrace) -> CutOff | None:
    """Bring a fresh shard to where the journal ends; return the wave still to be ended, if any."""
    for wave in trace.waves.get(run.name, ()):
        known = [_known(plan, trace) for plan in wave.sessions]
        results = [one for one in known if isinstance(one, SessionResult)]
        run.take_up(wave)
        if len(results) < len(known):
            return CutOff(wave, tuple(known))
        run.fold(wave, results)
    return None


def remember(records: Iterable[Payload], providers: Providers) -> Memory:
    """Return what a run must still be polite about, from the journals of earlier runs.

    Records in the order in which they were written, older journals first.
    """
    return memory_of(read_trace(records), providers)


def memory_of(trace: ProbeTrace, providers: Providers) -> Memory:
    """Return what an already read journal says of budgets, sentinels, blocks and connects."""
    asked: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    proven: dict[tuple[str, str], float] = {}
    blocked: dict[str, tuple[float, Ruling]] = {}
    for plan, session in _sessions(trace):
        key = ShardRun.budget_key(providers.named(plan.provider), plan.mx_address)
        asked[key] += [(answer.asked_at, answer.refused) for answer in session.answers]
        asked[key] += [(moment, True) for _, moment in session.open_asks]
        result = session.result
        if result is None or result.ending is not Ending.VOID:
            _note_sentinels(proven, plan.mx_address, session.answers)
        if result is not None and result.ending is Ending.REFUSED and result.ruling is not None:
            blocked[plan.mx_address] = (result.ended_at + DAY, result.ruling)
    ordered = {key: tuple(sorted(moments)) for key, moments in asked.items()}
    return Memory(ordered, proven, blocked, connects_of(trace))


def _note_sentinels(
    proven: dict[tuple[str, str], float], mx_address: str, answers: Sequence[Answer]
) -> None:
    """Note what a session shows of honesty; a host that has turned is no longer proven."""
    for answer in answers:
        key = (mx_address, answer.ask.domain)
        if proves_honesty(answer):
            proven[key] = answer.asked_at
        elif answer.ask.sentinel and answer.accepted:
            proven.pop(key, None)


def connects_of(trace: ProbeTrace) -> dict[str, float]:
    """Return when each MX address was last connected to."""
    connects: dict[str, float] = {}
    for plan, session in _sessions(trace):
        if session.connected_at is not None:
            last = connects.get(plan.mx_address, session.connected_at)
            connects[plan.mx_address] = max(last, session.connected_at)
    return connects


def ended_sessions(trace: ProbeTrace, shard: str) -> list[tuple[SessionPlan, SessionResult]]:
    """Return the sessions of a shard that had ended, in order of plan."""
    return [
        (plan, session.result)
        for wave in trace.waves.get(shard, ())
        for plan in wave.sessions
        if (session := trace.sessions.get(plan.session_id)) is not None
        and session.result is not None
    ]


def _sessions(trace: ProbeTrace) -> Sequence[tuple[SessionPlan, SessionTrace]]:
    return [
        (plan, trace.sessions[plan.session_id])
        for waves in trace.waves.values()
        for wave in waves
        for plan in wave.sessions
        if plan.session_id in trace.sessions
    ]


def _known(plan: SessionPlan, trace: ProbeTrace) -> SessionResult | tuple[Answer, ...]:
    session = trace.sessions.get(plan.session_id, SessionTrace())
    if session.result is not None:
        return session.result
    answers = list(session.answers)
    if session.open_asks and given_up(session, session.open_asks[-1][0].address):
        ask, moment = session.open_asks[-1]
        answers.append(Answer(ask, 0, None, "", IN_DOUBT, moment))
    return tuple(answers)
