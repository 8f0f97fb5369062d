"""Ask mail servers whether mailboxes exist: all shards at once, each within its limits.

What will be asked is in the journal before it is asked; with a journal's records a run that was
killed is taken up where it stood, and ends with the same verdicts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

import polars as pl

from checks.mailbox import records
from checks.mailbox.alarm import Alarm, AllClear
from checks.mailbox.commit import GroupCommit
from checks.mailbox.domain_run import Outcome
from checks.mailbox.egress import Egress
from checks.mailbox.findings import ProbeReport, findings_of
from checks.mailbox.garbage import small_collections
from checks.mailbox.pace import Pace, PolicyClock, Spacing
from checks.mailbox.plan import Target, make_plan
from checks.mailbox.providers import Providers
from checks.mailbox.recall import connects_of, cut_off_at, ended_sessions, latest, replay
from checks.mailbox.rules import ReplyRules
from checks.mailbox.session import Answer, Ask, Ending, SessionPlan, SessionResult
from checks.mailbox.settings import Memory, ProbeSettings
from checks.mailbox.shard_run import ShardRun, Wave, is_block_sign
from checks.mailbox.talk import hold_session
from checks.model import Reason

ADDRESSES: Final = pl.Schema(
    {
        "address": pl.String(),
        "domain": pl.String(),
        "provider": pl.String(),
        "mx_hosts": pl.List(pl.String()),
        "mx_addresses": pl.List(pl.String()),
    },
)
"""What a probe takes: distinct addresses of domains that take mail."""

SHARDS_AT_ONCE: Final = 20_000
"""Shards under way; most of them wait, each holds about 10 KB."""

PLANNED_AT_ONCE: Final = 32
"""Shards that plan in one turn of the event loop: thousands together would hold up every reply."""

Progress = Callable[[int, int], None]
"""Called with (addresses concluded, addresses in all)."""


class Journal(Protocol):
    """Where intents and results are written; one `write` each, in order."""

    def intend(self, payload: Mapping[str, object]) -> int:
        """Note what is going to be done; return its number."""
        ...

    def conclude(self, intent: int, payload: Mapping[str, object]) -> int:
        """Note how the intent of that number ended; return the record's own number."""
        ...

    def flush(self) -> None:
        """Have every record on the disk; may be called on another thread than the rest."""
        ...


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """The findings of a probe, one per address, and its figures."""

    findings: pl.DataFrame
    report: ProbeReport


async def probe_mailboxes(
    addresses: pl.DataFrame,
    settings: ProbeSettings,
    providers: Providers,
    rules: ReplyRules,
    *,
    clock: PolicyClock,
    journal: Journal,
    as_of: datetime,
    written: Iterable[records.Payload] = (),
    memory: Memory | None = None,
    all_clear: AllClear | None = None,
    progress: Progress | None = None,
) -> ProbeResult:
    """Return one mailbox finding for every address of `addresses` (ADDRESSES), none left out.

    `written` are the payloads that this run's journal held before a restart, `memory` is what
    earlier runs leave behind for politeness; `as_of` becomes every finding's `checked_at`.
    `all_clear`: a person says that the providers who refused us then take us again.
    Raises only what the journal raises: no server can make this fail.
    """
    targets = targets_of(addresses)
    plan = make_plan(targets, providers)
    trace = records.read_trace(written)
    past = memory or Memory()
    pace = Pace(clock)
    began_at = clock.now() if trace.began_at is None else trace.began_at
    if trace.began_at is None:
        journal.intend(records.begin_record(began_at, all_clear))
    is_clear = all_clear is not None or trace.is_all_clear
    report = ProbeReport()
    connected = latest(past.connected, connects_of(trace))
    # Its own deadlines would have ended a session by then, whatever its server was busy with.
    longest = settings.deadlines.session + max(settings.deadlines.quit, settings.deadlines.reply)
    cut_off, now = latest(past.cut_off, cut_off_at(trace)), clock.now()
    open_until = {ip: min(moment, now) + longest for ip, moment in cut_off.items()}
    probe = _Probe(
        settings=settings,
        providers=providers,
        rules=rules,
        journal=journal,
        commit=GroupCommit(journal),
        pace=pace,
        spacing=Spacing(pace, providers.courtesy.spacing, connected, open_until),
        alarm=Alarm(() if is_clear else past.signs),
        egress=Egress(),
        places=asyncio.Semaphore(providers.courtesy.connections),
        planning=asyncio.Semaphore(PLANNED_AT_ONCE),
        trace=trace,
        report=report,
    )
    outcomes = [Outcome(address, reason) for address, reason in plan.not_asked.items()]
    waiting = iter(enumerate(plan.shards))
    sources = settings.source_addresses or (None,)

    async def work() -> None:
        for number, shard in waiting:
            async with probe.planning:
                run = ShardRun(shard, providers, settings, past, began_at)
                await asyncio.sleep(0)
            outcomes.extend(await probe.run(run, sources[number % len(sources)]))
            if progress is not None:
                progress(len(outcomes), len(addresses))

    with small_collections():
        async with probe.commit.kept_up():
            await pace.gather(work() for _ in range(min(SHARDS_AT_ONCE, len(plan.shards))))
    journal.flush()
    report.reasons.update(outcome.reason for outcome in outcomes)
    mx_hosts = {target.domain: target.mx_host for target in targets}
    return ProbeResult(findings_of(outcomes, mx_hosts, as_of), report)


def targets_of(addresses: pl.DataFrame) -> list[Target]:
    """Return the distinct addresses of a frame (ADDRESSES) by domain.

    Where budgets are short it matters who is asked first: an optional column `priority` (Float64,
    lower first) orders addresses and domains; equals are ordered by name.
    """
    if "priority" not in addresses.columns:
        addresses = addresses.with_columns(priority=pl.lit(0.0))
    grouped = (
        addresses.sort("priority", "address")
        .group_by("domain")
        .agg(
            pl.col("provider", "mx_hosts", "mx_addresses", "priority").first(),
            pl.col("address").unique(maintain_order=True),
        )
        .sort("domain")
    )
    return [
        Target(domain, provider, tuple(ips or ()), tuple(people), (hosts or [""])[0], priority)
        for domain, provider, hosts, ips, priority, people in grouped.iter_rows()
    ]


@dataclass(frozen=True, slots=True)
class _Probe:
    settings: ProbeSettings
    providers: Providers
    rules: ReplyRules
    journal: Journal
    commit: GroupCommit
    pace: Pace
    spacing: Spacing
    alarm: Alarm
    egress: Egress
    places: asyncio.Semaphore
    planning: asyncio.Semaphore
    trace: records.ProbeTrace
    report: ProbeReport

    async def run(self, shard: ShardRun, source: str | None) -> list[Outcome]:
        cut_off = replay(shard, self.trace)
        for plan, result in ended_sessions(self.trace, shard.name):
            self._count(plan, result)
            if result.ending not in {Ending.UNREACHABLE, Ending.OUR_FAULT}:
                self.egress.note(result, plan.mx_address)  # a way that was closed may be open now
        async with self.pace.crew() as crew:
            for one in cut_off:
                crew.start(self._hold(shard, one.plan, one.answers, source))
            while (move := await self._next_move(shard)) is not None:
                if isinstance(move, Wave):
                    for plan in move.sessions:
                        crew.start(self._hold(shard, plan, (), source))
                else:
                    await crew.wait(move)
        return shard.outcomes()

    async def _next_move(self, shard: ShardRun) -> Wave | float | None:
        async with self.planning:
            shard.fold()
            move = shard.next_move(self.pace.now(), stopped=self._stopped())
            if isinstance(move, Wave):
                self.journal.intend(records.wave_record(move, self.pace.now()))
                await self.commit.written()  # an ask counts in every budget, whatever happens to us
            else:
                await asyncio.sleep(0)  # the others' replies come first
            return move

    def _stopped(self) -> Reason | None:
        """Return why nobody is asked any more; None: there is no reason."""
        now = self.pace.now()
        if self.alarm.rings(now):
            self.report.stopped, self.report.blocked_by = True, self.alarm.providers
            return Reason.OUR_SIDE_BLOCKED
        closed = self.egress.closed(now)
        if closed is not None:
            self.report.closed = closed
            return Reason.NO_CONNECTION
        return None

    def _count(self, plan: SessionPlan, result: SessionResult) -> None:
        self.report.count(plan, result)
        if is_block_sign(result):
            self.alarm.add(result.ended_at, plan.provider)
            self.report.blocked_by.append(plan.provider)

    async def _hold(
        self,
        shard: ShardRun,
        plan: SessionPlan,
        earlier: tuple[Answer, ...],
        source: str | None,
    ) -> None:
        scribe = _Clerk(self.journal, self.pace, self.spacing)
        for answer in earlier:
            if not answer.code:  # given up by recall, and not written down yet
                scribe.answers(plan.session_id, answer)
        # Who waits for policy time must hold no place: others would wait for it, and time for them.
        await self.spacing.opening(plan.mx_address)
        async with self.places:
            await self.spacing.turn(plan.mx_address)
            now = self.pace.now()
            if self._stopped() is not None or not shard.may_begin(plan, now):
                result = SessionResult(plan.session_id, Ending.STOPPED, earlier, ended_at=now)
                scribe.ends(result)
            else:
                result = await hold_session(
                    plan, self.settings, self.rules, scribe, earlier=earlier, source=source
                )
            self._count(plan, result)
            self.egress.note(result, plan.mx_address)
            shard.end(result)


class _Clerk:
    """Writes one session into the journal."""

    def __init__(self, journal: Journal, pace: Pace, spacing: Spacing) -> None:
        self._journal, self._pace, self._spacing = journal, pace, spacing
        self._connect = self._ask = 0

    def now(self) -> float:
        return self._pace.now()

    def connects(self, session_id: str) -> None:
        self._connect = self._journal.intend(records.connect_record(session_id, self.now()))

    def connected(self, mx_address: str) -> None:
        self._spacing.connected(mx_address)

    def asks(self, session_id: str, ask: Ask) -> None:
        self._ask = self._journal.intend(records.ask_record(session_id, ask, self.now()))

    def answers(self, session_id: str, answer: Answer) -> None:
        self._journal.conclude(self._ask, records.answer_record(session_id, answer))

    def ends(self, result: SessionResult) -> None:
        self._journal.conclude(self._connect, records.end_record(result))


def payloads(rows: Iterable[Any]) -> Iterable[records.Payload]:
    """Return the payloads of a journal's records, to be given to `written` or to `remember`."""
    return (row.payload for row in rows)
