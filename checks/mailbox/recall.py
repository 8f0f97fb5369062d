"""After a crash, or in a later run: where a journal says that we stand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from checks.mailbox.budget import DAY
from checks.mailbox.errand import proves_honesty
from checks.mailbox.providers import OTHER
from checks.mailbox.records import (
    BEGIN,
    Payload,
    ProbeTrace,
    SessionTrace,
    doubts,
    given_up,
    read_trace,
    reopened,
)
from checks.mailbox.session import IN_DOUBT, Answer, Ending, SessionPlan, SessionResult
from checks.mailbox.settings import Memory
from checks.mailbox.shard_run import ShardRun, is_block_sign

if TYPE_CHECKING:
    from checks.mailbox.providers import Providers
    from checks.mailbox.rules import Ruling


Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class CutOff:
    """A session that a crash has cut off, with the answers that it had got so far.

    What was in doubt too often counts as answered.
    """

    plan: SessionPlan
    answers: tuple[Answer, ...]


def replay(run: ShardRun, trace: ProbeTrace) -> tuple[CutOff, ...]:
    """Bring a fresh shard to where the journal ends; return the sessions still to be ended."""
    for wave in trace.waves.get(run.name, ()):
        for session_id in wave.folded:
            run.end(_result(trace, session_id))
            run.fold()
        run.take_up(wave)
        for plan in wave.sessions:
            for moment in doubts(_reopened(trace, plan)):
                run.count_doubt(plan, moment)
    cut_off = []
    for plan in run.under_way:
        session = _reopened(trace, plan)
        if session.result is not None:
            run.end(session.result)
        else:
            cut_off.append(CutOff(plan, _answers(session)))
    return tuple(cut_off)


def _reopened(trace: ProbeTrace, plan: SessionPlan) -> SessionTrace:
    return reopened(trace.sessions.get(plan.session_id, SessionTrace()))


def remember(records: Iterable[Payload], providers: Providers) -> Memory:
    """Return what a run must still be polite about, from the journals of earlier runs.

    Records in the order in which they were written, one journal after the other, in any order of
    journals. Names of sessions are a journal's own: each journal is read by itself.
    """
    memories = [memory_of(read_trace(journal), providers) for journal in _journals(records)]
    asked: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    blocked: dict[str, tuple[float, Ruling]] = {}
    for memory in memories:
        for key, moments in memory.asked.items():
            asked[key] += moments
        for key, block in memory.blocked.items():
            blocked[key] = max(block, blocked.get(key, block), key=lambda known: known[0])
    proven = latest(*(memory.proven for memory in memories))
    connected = latest(*(memory.connected for memory in memories))
    cut_off = latest(*(memory.cut_off for memory in memories))
    ordered = {key: tuple(sorted(moments)) for key, moments in asked.items()}
    cleared_at = max(memory.cleared_at for memory in memories)
    signs = sorted(s for memory in memories for s in memory.signs if s[0] > cleared_at)
    return Memory(ordered, proven, blocked, connected, tuple(signs), cut_off, cleared_at)


def memory_of(trace: ProbeTrace, providers: Providers) -> Memory:
    """Return what one journal says of budgets, sentinels, blocks and connects."""
    asked: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    proven: dict[tuple[str, str], float] = {}
    blocked: dict[str, tuple[float, Ruling]] = {}
    signs: list[tuple[float, str]] = []
    for plan, session in _sessions(trace):
        key = ShardRun.budget_key(providers.named(plan.provider), plan.mx_address)
        asked[key] += [(answer.asked_at, answer.refused) for answer in session.answers]
        asked[key] += [(moment, True) for moment in doubts(session)]
        if session.result is not None and session.result.doubt is not None:
            asked[key].append((session.result.ended_at, True))
        result = session.result
        if result is None or result.ending not in {Ending.VOID, Ending.UNPROVEN}:
            _note_sentinels(proven, plan.mx_address, session.answers)
        if result is None or result.ending is not Ending.REFUSED or result.ruling is None:
            continue
        blocked[plan.mx_address] = (result.ended_at + DAY, result.ruling)
        if is_block_sign(result):
            signs.append((result.ended_at, plan.provider))
            if plan.provider != OTHER:
                blocked[plan.provider] = (result.ended_at + DAY, result.ruling)
    ordered = {key: tuple(sorted(moments)) for key, moments in asked.items()}
    connected, cut_off = connects_of(trace), cut_off_at(trace)
    cleared_at = trace.began_at if trace.is_all_clear and trace.began_at else float("-inf")
    return Memory(ordered, proven, blocked, connected, tuple(sorted(signs)), cut_off, cleared_at)


def _journals(records: Iterable[Payload]) -> Iterator[list[Payload]]:
    """Yield the records of one run after the other: each begins with its own beginning."""
    journal: list[Payload] = []
    for record in records:
        if record.get("kind") == BEGIN and journal:
            yield journal
            journal = []
        journal.append(record)
    yield journal


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
    return latest(
        *(
            {plan.mx_address: session.connected_at}
            for plan, session in _sessions(trace)
            if session.connected_at is not None
        )
    )


def cut_off_at(trace: ProbeTrace) -> dict[str, float]:
    """Return when the last session was begun at each MX address of which no end was written.

    Whoever was killed has closed it, but a server that is busy, or waits for a machine that went
    down, still counts it as open.
    """
    return latest(
        *(
            {plan.mx_address: session.connected_at}
            for plan, session in _sessions(trace)
            if session.result is None and session.connected_at is not None
        )
    )


def latest(*known: Mapping[Key, float]) -> dict[Key, float]:
    """Return the latest moment of every key.

    >>> latest({"a": 1.0, "b": 5.0}, {"a": 2.0, "b": 4.0})
    {'a': 2.0, 'b': 5.0}
    """
    moments: dict[Key, float] = {}
    for each in known:
        for key, moment in each.items():
            moments[key] = max(moment, moments.get(key, moment))
    return moments


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


def _result(trace: ProbeTrace, session_id: str) -> SessionResult:
    result = trace.sessions[session_id].result
    if result is None:
        message = "a session was learnt from before it ended: the journal is not this program's"
        raise ValueError(message)
    return result


def _answers(session: SessionTrace) -> tuple[Answer, ...]:
    answers = list(session.answers)
    if session.open_asks and given_up(session, session.open_asks[-1][0].address):
        ask, moment = session.open_asks[-1]
        answers.append(Answer(ask, 0, None, "", IN_DOUBT, moment))
    return tuple(answers)
