"""What the journal holds of a probe: waves before they start, asks before they are sent.

Every record is a flat JSON object with a `kind`. Addresses stand in them: the journal is the
working state of a run, kept as closely as the warehouse.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from checks.mailbox.alarm import AllClear
from checks.mailbox.rules import Ruling, Scope
from checks.mailbox.session import (
    Answer,
    Ask,
    Encryption,
    Ending,
    Errand,
    SessionPlan,
    SessionResult,
)
from checks.mailbox.shard_run import Wave
from checks.model import Reason

BEGIN, WAVE, CONNECT, ASK, ANSWER, END = "begin", "wave", "connect", "ask", "answer", "end"
Payload = Mapping[str, Any]

# Every kill may repeat the ask it left in doubt. A slow host's is in doubt at each of them, and
# its verdict must not depend on how often we were killed; a crash loop must end all the same.
_ASKS_AT_MOST: Final = 5


@dataclass(slots=True)
class SessionTrace:
    """What the journal knows of one session; `repeated` are asks sent again after a crash."""

    connected_at: float | None = None
    answers: list[Answer] = field(default_factory=list)
    open_asks: list[tuple[Ask, float]] = field(default_factory=list)  # in doubt, in order
    repeated: list[float] = field(default_factory=list)
    result: SessionResult | None = None


@dataclass(slots=True)
class ProbeTrace:
    """A whole journal, read once: when the run began, its waves in order, its sessions.

    `is_all_clear`: a person has said at its beginning that providers take us again.
    """

    began_at: float | None = None
    waves: dict[str, list[Wave]] = field(default_factory=dict)
    sessions: dict[str, SessionTrace] = field(default_factory=dict)
    is_all_clear: bool = False


def begin_record(now: float, all_clear: AllClear | None = None) -> dict[str, Any]:
    """Return the record that a run writes first; it says so where a person has cleared the way."""
    begin = {"kind": BEGIN, "at": now}
    return begin if all_clear is None else {**begin, "all_clear": asdict(all_clear)}


def wave_record(wave: Wave, now: float) -> dict[str, Any]:
    """Return the record of a wave, to be written before any of its sessions connects."""
    sessions = [_plan_to_json(plan) for plan in wave.sessions]
    return {
        "kind": WAVE,
        "shard": wave.shard,
        "wave": wave.number,
        "at": now,
        "folded": list(wave.folded),
        "sessions": sessions,
    }


def connect_record(session_id: str, now: float) -> dict[str, Any]:
    """Return the record of a connect that is about to be tried."""
    return {"kind": CONNECT, "session": session_id, "at": now}


def ask_record(session_id: str, ask: Ask, now: float) -> dict[str, Any]:
    """Return the record of a RCPT that is about to be sent."""
    return {"kind": ASK, "session": session_id, "at": now, **_ask_to_json(ask)}


def answer_record(session_id: str, answer: Answer) -> dict[str, Any]:
    """Return the record of a RCPT's answer."""
    return {
        "kind": ANSWER,
        "session": session_id,
        "at": answer.asked_at,
        "code": answer.code,
        "enhanced": answer.enhanced,
        "text": answer.text,
        "tls": answer.encryption.value,
        **_ask_to_json(answer.ask),
        **_ruling_to_json(answer.ruling),
    }


def end_record(result: SessionResult) -> dict[str, Any]:
    """Return the record of a session's end; its answers stand in records of their own."""
    doubt = None if result.doubt is None else _ask_to_json(result.doubt)
    return {
        "kind": END,
        "session": result.session_id,
        "at": result.ended_at,
        "ending": result.ending.value,
        "code": result.code,
        "text": result.text,
        "doubt": doubt,
        "tls": result.encryption.value,
        **_ruling_to_json(result.ruling),
    }


def read_trace(records: Iterable[Payload]) -> ProbeTrace:
    """Return what a journal's records say; kinds of other writers are passed over."""
    trace = ProbeTrace()
    for record in records:
        kind = record.get("kind")
        if kind == BEGIN:
            trace.began_at = record["at"] if trace.began_at is None else trace.began_at
            trace.is_all_clear = trace.is_all_clear or "all_clear" in record
        elif kind == WAVE:
            _read_wave(trace, record)
        elif kind in {CONNECT, ASK, ANSWER, END}:
            _read_session(trace.sessions.setdefault(record["session"], SessionTrace()), record)
    return trace


def doubts(session: SessionTrace) -> list[float]:
    """Return when RCPTs were sent whose answers nobody heard: servers may have refused them all."""
    if session.result is not None and session.result.doubt is not None:
        return [*session.repeated, *(moment for _, moment in session.open_asks[:-1])]
    return [*session.repeated, *(moment for _, moment in session.open_asks)]


def reopened(session: SessionTrace) -> SessionTrace:
    """Return a session that was cut off, its last answer in doubt where the farewell was next.

    Only the reply to QUIT shows that no reply too many has moved the answers by one. The last ask
    is therefore sent again, in a connection that comes to its farewell: what a server does to its
    callers there, it did before. No more than one recipient is asked again either way.
    """
    is_last = session.result is None and not session.open_asks and session.answers
    if not is_last or len(session.repeated) >= _ASKS_AT_MOST:
        return session
    last = session.answers[-1]
    if not last.code or last.is_about_tls:
        return session
    return replace(session, answers=session.answers[:-1], open_asks=[(last.ask, last.asked_at)])


def given_up(session: SessionTrace, address: str) -> bool:
    """Whether an ask was sent so often without an answer that it is not sent again."""
    return sum(ask.address == address for ask, _ in session.open_asks) >= _ASKS_AT_MOST


def _read_wave(trace: ProbeTrace, record: Payload) -> None:
    plans = tuple(_plan_from_json(plan) for plan in record["sessions"])
    wave = Wave(record["shard"], record["wave"], plans, tuple(record["folded"]))
    trace.waves.setdefault(wave.shard, []).append(wave)


def _read_session(session: SessionTrace, record: Payload) -> None:
    kind = record["kind"]
    if kind == CONNECT:
        session.connected_at = record["at"]
    elif kind == ASK:
        _read_ask(session, _ask_from_json(record), record["at"])
    elif kind == ANSWER:
        answer = _answer_from_json(record)
        session.answers.append(answer)
        sent = [moment for ask, moment in session.open_asks if ask == answer.ask]
        session.repeated += sent[:-1]
        session.open_asks = [open_ for open_ in session.open_asks if open_[0] != answer.ask]
    else:
        session.result = _result_from_json(record, tuple(session.answers))


def _read_ask(session: SessionTrace, ask: Ask, moment: float) -> None:
    """Note an ask; an answer that a crash has put in doubt again no longer counts as one."""
    doubted = [a for a in session.answers if a.ask == ask and not a.is_about_tls]
    session.answers = [answer for answer in session.answers if answer not in doubted]
    session.open_asks += [(ask, answer.asked_at) for answer in doubted]
    session.open_asks.append((ask, moment))


def _ask_to_json(ask: Ask) -> dict[str, Any]:
    return {"address": ask.address, "domain": ask.domain, "sentinel": ask.sentinel}


def _ask_from_json(record: Payload) -> Ask:
    return Ask(record["address"], record["domain"], record["sentinel"])


def _ruling_to_json(ruling: Ruling | None) -> dict[str, Any]:
    if ruling is None:
        return {"reason": None}
    return {"reason": ruling.reason.value, "scope": ruling.scope.value, "rule": ruling.rule}


def _ruling_from_json(record: Payload) -> Ruling | None:
    if record["reason"] is None:
        return None
    return Ruling(Reason(record["reason"]), Scope(record["scope"]), record["rule"])


def _answer_from_json(record: Payload) -> Answer:
    return Answer(
        ask=_ask_from_json(record),
        code=record["code"],
        enhanced=record["enhanced"],
        text=record["text"],
        ruling=Ruling(Reason(record["reason"]), Scope(record["scope"]), record["rule"]),
        asked_at=record["at"],
        encryption=Encryption(record.get("tls", "")),  # older journals know no TLS
    )


def _result_from_json(record: Payload, answers: tuple[Answer, ...]) -> SessionResult:
    return SessionResult(
        session_id=record["session"],
        ending=Ending(record["ending"]),
        answers=answers,
        ruling=_ruling_from_json(record),
        code=record["code"],
        text=record["text"],
        doubt=None if record["doubt"] is None else _ask_from_json(record["doubt"]),
        ended_at=record["at"],
        encryption=Encryption(record.get("tls", "")),
    )


def _plan_to_json(plan: SessionPlan) -> dict[str, Any]:
    errands = [
        [e.domain, list(e.recipients), list(e.sentinels), e.proven, e.owed, e.waits, e.goes_on]
        for e in plan.errands
    ]
    return {
        "session": plan.session_id,
        "provider": plan.provider,
        "mx": plan.mx_address,
        "errands": errands,
        "recipients": plan.recipients,
        "refusals": plan.refusals,
        "sentinels": plan.asks_sentinels,
        "closing": plan.closes_with_sentinel,
        "tls": plan.encrypts,
    }


def _plan_from_json(record: Payload) -> SessionPlan:
    return SessionPlan(
        session_id=record["session"],
        provider=record["provider"],
        mx_address=record["mx"],
        errands=tuple(
            Errand(domain, tuple(recipients), tuple(sentinels), *state)
            for domain, recipients, sentinels, *state in record["errands"]
        ),
        recipients=record["recipients"],
        refusals=record["refusals"],
        asks_sentinels=record["sentinels"],
        closes_with_sentinel=record["closing"],
        encrypts=record.get("tls", False),
    )
