"""Nights without sockets: planner, conversation, journal and breakers against scripted servers.

Time is an event queue's. A session's every RCPT and reply is an event of its own, so that sessions
interleave and a kill finds them in the middle. What servers saw is kept apart from what the
planner knows, and is checked by arithmetic of its own (`check_limits`).
"""

from __future__ import annotations

import hashlib
import heapq
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import accumulate, count, pairwise
from typing import Any

from checks.mailbox import records
from checks.mailbox.alarm import Alarm
from checks.mailbox.conversation import Conversation, Loss, Step
from checks.mailbox.domain_run import Outcome
from checks.mailbox.plan import Target, make_plan, network_of
from checks.mailbox.providers import OTHER, BudgetScope, Limits, Providers
from checks.mailbox.recall import connects_of, ended_sessions, replay
from checks.mailbox.reply import Reply
from checks.mailbox.rules import Stage
from checks.mailbox.session import Answer, Ending, Identity, SessionPlan, SessionResult
from checks.mailbox.settings import Memory, ProbeSettings
from checks.mailbox.shard_run import ShardRun, Wave, is_block_sign
from checks.model import VERDICT_OF, Reason, Verdict
from data.reference.providers import load_providers
from data.reference.smtp_replies import load_reply_rules

PROVIDERS, RULES = load_providers(), load_reply_rules()
SETTINGS = ProbeSettings(Identity("probe.example.com", "probe@example.com"))
HOUR, DAY = 3_600.0, 86_400.0

OK, UNKNOWN = "250 ok", "550 5.1.1 no such user"
GREY, BUSY, BLOCKED = "451 4.7.1 greylisted", "421 4.7.0 busy", "554 5.7.1 listed at spamhaus"
GREYLISTED_FOR = 300.0


@dataclass(frozen=True, slots=True)
class Seen:
    """One RCPT as a server saw it."""

    at: float
    session: int
    provider: str
    ip: str
    domain: str
    address: str
    refused: bool
    told: bool  # a final answer about this recipient


@dataclass(slots=True)
class Connection:
    """One connection as a server saw it."""

    number: int
    at: float
    plan: SessionPlan
    until: float = float("inf")
    blocked: bool = False


@dataclass
class World:
    """Servers: kind of host by IP, truth by address; `step` is seconds a reply takes."""

    kinds: dict[str, str]
    step: float = 0.0
    seen: list[Seen] = field(default_factory=list)
    connections: list[Connection] = field(default_factory=list)
    first: dict[str, float] = field(default_factory=dict)

    def exists(self, address: str) -> bool:
        """Tell the truth about a mailbox."""
        return address.startswith("ok")

    def reply(self, connection: Connection, step: Step, now: float) -> str | None:
        """Return what a host says, None where it drops the connection."""
        plan = connection.plan
        kind = self.kinds[plan.mx_address]
        if step.stage is Stage.BANNER:
            return BLOCKED if kind == "blocks" else "220 mx"
        if step.ask is None:
            return "221 bye" if step.stage is Stage.QUIT else "250 ok"
        said = self._answer(kind, step.ask.address, now)
        refused = (said or "").startswith("5")
        self.seen.append(
            Seen(
                now,
                connection.number,
                plan.provider,
                plan.mx_address,
                step.ask.domain,
                step.ask.address,
                refused,
                told=refused or said == OK,
            )
        )
        return said

    def _answer(self, kind: str, address: str, now: float) -> str | None:
        if kind == "grey" and now - self.first.setdefault(address, now) < GREYLISTED_FOR:
            return GREY
        if kind == "all" or (kind == "flips" and any(s.refused for s in self.seen)):
            return OK
        if kind == "drops" and hashlib.sha256(f"{address}{now}".encode()).digest()[0] < 60:
            return None
        if kind == "busy" and len(self.seen) % 3 == 2:
            return BUSY
        return OK if self.exists(address) else UNKNOWN


@dataclass
class Session:
    """A session under way."""

    shard: ShardRun
    plan: SessionPlan
    talk: Conversation
    earlier: tuple[Answer, ...]
    connection: Connection | None = None


class Night:
    """One run of the planner over targets; `journal` is what a kill leaves."""

    def __init__(
        self,
        targets: Sequence[Target],
        world: World,
        *,
        providers: Providers = PROVIDERS,
        settings: ProbeSettings = SETTINGS,
        memory: Memory | None = None,
    ) -> None:
        """Plan; nothing is asked yet."""
        self.journal: list[Mapping[str, Any]] = []
        self.outcomes: dict[str, Outcome] = {}
        self.cut = 0  # sessions that the last kill found open
        self._plan = make_plan(targets, providers)
        self._world, self._providers, self._settings = world, providers, settings
        self._memory = memory or Memory()

    def run(self, now: float, *, events: int | None = None) -> float:
        """Ask until everybody has an outcome, or until a kill after so many events.

        Returns the moment of the end. Called again after a kill it takes up the journal.
        """
        self.cut = 0
        self._begin(now)
        for number in count():
            if not self._events:
                break
            now, _, act = heapq.heappop(self._events)
            if events is not None and number >= events:
                self._die(now)
                return now
            act(now)
        for shard in self._shards:
            self.outcomes |= {outcome.address: outcome for outcome in shard.outcomes()}
        self.outcomes |= {a: Outcome(a, reason) for a, reason in self._plan.not_asked.items()}
        return now

    def _begin(self, now: float) -> None:
        trace = records.read_trace(self.journal)
        began_at = now if trace.began_at is None else trace.began_at
        if trace.began_at is None:
            self.journal.append(records.begin_record(now))
        self._events: list[tuple[float, int, Callable[[float], None]]] = []
        self._ticket = count()
        self._due: dict[str, float] = {}
        self._alarm = Alarm(self._memory.signs)
        spacing = self._providers.courtesy.spacing
        connected = {**self._memory.connected, **connects_of(trace)}
        self._free = {ip: at + spacing for ip, at in connected.items()}
        self._shards = []
        for part in self._plan.shards:
            shard = ShardRun(part, self._providers, self._settings, self._memory, began_at)
            self._shards.append(shard)
            for one in replay(shard, trace):
                self._start(shard, one.plan, one.answers, now)
            for plan, result in ended_sessions(trace, part.name):
                self._hear(plan, result)
            self._at(now, partial(self._move, shard))

    def _at(self, moment: float, act: Callable[[float], None]) -> None:
        heapq.heappush(self._events, (moment, next(self._ticket), act))

    def _move(self, shard: ShardRun, now: float, *, due: float | None = None) -> None:
        if due is not None and self._due.get(shard.name) != due:
            return  # it has moved meanwhile
        shard.fold()
        stopped = Reason.OUR_SIDE_BLOCKED if self._alarm.rings(now) else None
        move = shard.next_move(now, stopped=stopped)
        while isinstance(move, Wave):
            self.journal.append(records.wave_record(move, now))
            for plan in move.sessions:
                self._start(shard, plan, (), now)
            move = shard.next_move(now, stopped=stopped)
        if move is not None and move < float("inf"):
            assert move > now, "a shard that waits must wait for something"
            self._due[shard.name] = move
            self._at(move, partial(self._move, shard, due=move))

    def _start(
        self, shard: ShardRun, plan: SessionPlan, earlier: tuple[Answer, ...], now: float
    ) -> None:
        start = max(now, self._free.get(plan.mx_address, now))
        self._free[plan.mx_address] = start + self._providers.courtesy.spacing
        session = Session(
            shard,
            plan,
            Conversation(plan, self._settings.identity, self._settings.deadlines, RULES, earlier),
            earlier,
        )
        self._at(start, partial(self._connect, session))

    def _connect(self, session: Session, now: float) -> None:
        plan = session.plan
        if self._alarm.rings(now) or not session.shard.may_begin(plan, now):
            stopped = SessionResult(plan.session_id, Ending.STOPPED, session.earlier, ended_at=now)
            self._end(session, stopped, now)
        elif session.talk.step() is None:
            self._end(session, session.talk.result(), now)
        else:
            self.journal.append(records.connect_record(plan.session_id, now))
            session.connection = Connection(len(self._world.connections), now, plan)
            self._world.connections.append(session.connection)
            if self._world.kinds[plan.mx_address] == "dead":
                session.talk.lose(Loss.UNREACHABLE)
            self._go_on(session, now)

    def _go_on(self, session: Session, now: float) -> None:
        step = session.talk.step()
        if step is None:
            self._end(session, session.talk.result(), now)
            return
        if step.ask is not None:
            self.journal.append(records.ask_record(session.plan.session_id, step.ask, now))
        if session.connection is None:
            return
        said = self._world.reply(session.connection, step, now)
        self._at(now + self._world.step, partial(self._hear_reply, session, said))

    def _hear_reply(self, session: Session, said: str | None, now: float) -> None:
        if said is None:
            session.talk.lose(Loss.CLOSED)
        elif (answer := session.talk.take(reply(said), now)) is not None:
            self.journal.append(records.answer_record(session.plan.session_id, answer))
        self._go_on(session, now)

    def _end(self, session: Session, result: SessionResult, now: float) -> None:
        result = replace(result, ended_at=now)
        if session.connection is not None:
            session.connection.until = now
            session.connection.blocked = result.ending is Ending.REFUSED
        self.journal.append(records.end_record(result))
        self._hear(session.plan, result)
        session.shard.end(result)
        self._at(now, partial(self._move, session.shard))

    def _hear(self, plan: SessionPlan, result: SessionResult) -> None:
        if is_block_sign(result):
            self._alarm.add(result.ended_at, plan.provider)

    def _die(self, now: float) -> None:
        open_now = [one for one in self._world.connections if one.until == float("inf")]
        self.cut = len(open_now)
        for connection in open_now:
            connection.until = now


def reply(text: str) -> Reply:
    """Return a one-line reply."""
    return Reply(int(text[:3]), (text[4:],))


def check_verdicts(outcomes: Mapping[str, Outcome], world: World) -> None:
    """Fail where a verdict contradicts the truth."""
    for address, outcome in outcomes.items():
        verdict = VERDICT_OF[outcome.reason]
        if world.exists(address):
            assert verdict is not Verdict.UNDELIVERABLE
        else:
            assert verdict is not Verdict.DELIVERABLE


def check_limits(world: World, providers: Providers = PROVIDERS) -> None:
    """Fail where the servers saw more than the table allows."""
    sessions: dict[int, list[Seen]] = defaultdict(list)
    budgets: dict[str, list[Seen]] = defaultdict(list)
    for seen in world.seen:
        sessions[seen.session].append(seen)
        scope = providers.named(seen.provider).limits.budget_scope
        budgets[seen.ip if scope is BudgetScope.ADDRESS else seen.provider].append(seen)
    for asked in sessions.values():
        limits = providers.named(asked[0].provider).limits
        assert len(asked) <= limits.recipients_per_session
        assert sum(s.refused for s in asked) <= limits.refusals_per_session
    for asked in budgets.values():
        limits = providers.named(asked[0].provider).limits
        refused = sorted(s.at for s in asked if s.refused)
        assert is_within(refused, HOUR, limits.refusals_per_hour)
        assert is_within(refused, DAY, limits.refusals_per_day)
        check_share(asked, world.connections, limits)
    check_connections(world.connections, providers)


def check_share(asked: Sequence[Seen], connections: Sequence[Connection], limits: Limits) -> None:
    """Fail where a session of the first day began after the share was passed by more than one.

    One that a kill has cut off is ended afterwards: it began when it was first connected to.
    """
    day = [seen for seen in asked if seen.at < asked[0].at + DAY]
    refused = list(accumulate(seen.refused for seen in day))
    passed = (
        seen.at
        for number, (seen, unknown) in enumerate(zip(day, refused, strict=True), start=1)
        if number >= limits.unknown_share_min and unknown > limits.unknown_share * number + 1
    )
    moment = next(passed, float("inf"))
    began: dict[SessionPlan, float] = {}
    for one in connections:
        began.setdefault(one.plan, one.at)
    assert all(began[connections[seen.session].plan] <= moment for seen in day)


def is_within(moments: Sequence[float], span: float, limit: int) -> bool:
    """Whether no sliding span holds more than `limit` of the sorted moments."""
    return all(b - a >= span - 1e-6 for a, b in zip(moments, moments[limit:], strict=False))


def check_connections(connections: Sequence[Connection], providers: Providers) -> None:
    """Fail where connects were too close, too many were open, or one came after a block."""
    by_ip: dict[str, list[Connection]] = defaultdict(list)
    owners: dict[tuple[str, str], list[Connection]] = defaultdict(list)
    for one in connections:
        by_ip[one.plan.mx_address].append(one)
        owners["network", network_of(one.plan.mx_address)].append(one)
        owners["provider", one.plan.provider].append(one)
        for domain in {errand.domain for errand in one.plan.errands}:
            owners["domain", domain].append(one)
    courtesy = providers.courtesy
    for at_ip in by_ip.values():
        limits = providers.named(at_ip[0].plan.provider).limits
        assert all(b.at - a.at >= courtesy.spacing - 1e-6 for a, b in pairwise(at_ip))
        assert most_open(at_ip) <= limits.connections_per_address
        blocks = [one.until for one in at_ip if one.blocked]
        assert not any(until < one.at < until + DAY for until in blocks for one in at_ip)
    for (kind, name), at_owner in owners.items():
        limits = providers.named(name if kind == "provider" else OTHER).limits
        most = {
            "network": limits.connections_per_network,
            "provider": limits.connections_per_provider or courtesy.connections,
            "domain": courtesy.sessions_per_domain,
        }[kind]
        assert most_open(at_owner) <= most, (kind, name)


def most_open(connections: Iterable[Connection]) -> int:
    """Return how many connections were open at once; one that ends makes room at that moment."""
    steps = Counter[tuple[float, int]]()
    for one in connections:
        if one.until > one.at:
            steps[one.at, 1] += 1
            steps[one.until, 0] -= 1
    most = now_open = 0
    for _, change in sorted(steps.items()):
        now_open += change
        most = max(most, now_open)
    return most
