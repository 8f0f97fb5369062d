"""A shard under way: which sessions may begin now, and what their answers change.

A session that ends leaves its place to the next at once. What ended together is folded in plan
order, and every wave records what was folded before it was planned: a shard that was cut off by a
crash is taken up with the very decisions it had made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from checks.mailbox.budget import DAY, Budget
from checks.mailbox.domain_run import DomainRun, Outcome
from checks.mailbox.host_run import HostRun
from checks.mailbox.plan import network_of
from checks.mailbox.providers import OTHER, BudgetScope, Provider, Providers
from checks.mailbox.session import Ending, SessionPlan, SessionResult
from checks.mailbox.wave import fill_wave
from checks.model import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

    from checks.mailbox.plan import Shard
    from checks.mailbox.providers import Courtesy
    from checks.mailbox.session import Answer
    from checks.mailbox.settings import Memory, ProbeSettings

_NEVER: Final = float("inf")


@dataclass(frozen=True, slots=True)
class Wave:
    """Sessions that begin together; `number` counts from 0 within the shard.

    `folded` are the sessions that were learnt from since the wave before, in that order.
    """

    shard: str
    number: int
    sessions: tuple[SessionPlan, ...]
    folded: tuple[str, ...] = ()


class ShardRun:
    """Decides for one shard; knows no clock and does no I/O."""

    def __init__(
        self,
        shard: Shard,
        providers: Providers,
        settings: ProbeSettings,
        memory: Memory,
        began_at: float,
    ) -> None:
        """Begin at `began_at` with what earlier runs leave behind."""
        self.name = shard.name
        self.providers, self._settings = providers, settings
        self._ends_at = began_at + settings.horizon
        self._waves = 0
        self._under_way: dict[str, SessionPlan] = {}
        self._ended: list[SessionResult] = []
        self._folded: list[str] = []
        self._standing: tuple[tuple[Reason | None, bool, float], ...] = ()
        self._hosts: dict[str, HostRun] = {}
        self._budgets: dict[str, Budget] = {}
        fresh = began_at - providers.courtesy.sentinel_days * DAY
        self._domains = {
            t.domain: DomainRun(
                t,
                providers.named(t.provider),
                settings.retry_after,
                settings.seed,
                (ip for ip in t.mx_addresses if memory.proven.get((ip, t.domain), fresh) > fresh),
            )
            for t in shard.targets
        }
        self._active = list(self._domains.values())
        for run in self._active:
            for ip in run.target.mx_addresses:
                self._host(ip, run.provider.name, began_at, memory).domains.append(run)
                self._remember(self.budget_key(run.provider, ip), run.provider, memory)

    @staticmethod
    def budget_key(provider: Provider, ip: str) -> str:
        """Return whose refusals are counted together: the provider's, or one address's."""
        return ip if provider.limits.budget_scope is BudgetScope.ADDRESS else provider.name

    def outcomes(self) -> list[Outcome]:
        """Return the outcomes so far, in order of domain and address."""
        runs = sorted(self._domains.items())
        return [run.outcomes[a] for _, run in runs for a in sorted(run.outcomes)]

    def next_move(self, now: float, *, stopped: Reason | None = None) -> Wave | float | None:
        """Return the next wave, or when to ask again, or None: everybody has an outcome.

        To be called again at that moment or when a session has ended; infinity: only then.
        `stopped`: why all probing has been put an end to, by blocks elsewhere or a closed port.
        """
        if stopped is not None and self._under_way:
            return _NEVER
        if stopped is not None:
            self._finish_all(stopped)
            return None
        self._give_up_hopeless()
        plans = self._under_way.values()
        sessions = fill_wave(self._hosts.values(), plans, self._budgets, self, now)
        if not sessions:
            return self._wait(now)
        wave = Wave(self.name, self._waves, sessions, tuple(self._folded))
        self._begin(wave)
        return wave

    @property
    def under_way(self) -> tuple[SessionPlan, ...]:
        """The sessions that were planned and not learnt from yet, in order of plan."""
        return tuple(self._under_way.values())

    def take_up(self, wave: Wave) -> None:
        """Stand where planning that wave has left us; what it had folded is folded already."""
        for plan in wave.sessions:
            for errand in plan.errands:
                self._domains[errand.domain].take_up(errand, plan.mx_address)
        self._begin(wave)

    def count_doubt(self, plan: SessionPlan, moment: float) -> None:
        """Count a RCPT that a crash left without an answer: the server may have refused it."""
        self._budgets[self._key(plan)].count(moment, refused=True)

    def may_begin(self, plan: SessionPlan, now: float) -> bool:
        """Whether a planned session may still connect.

        Not where the host, or its provider elsewhere, has refused us meanwhile; nor after a crash
        whose doubts have used up what was promised to those under way.
        """
        host = self._hosts[plan.mx_address]
        if host.given_up is not None or host.closed_until > now:
            return False
        key = self._key(plan)
        promised = sum(one.refusals for one in self.under_way if self._key(one) == key)
        if self._budgets[key].refusals_left(now) < promised:
            return False
        before = [result for result in self._ended if result.ended_at < now]
        return not any(self._refuses(result, plan) for result in before)

    def end(self, result: SessionResult) -> None:
        """Take note that a session has ended; it counts from the next `fold` on."""
        self._ended.append(result)

    def fold(self) -> None:
        """Learn from the sessions that have ended, in the order in which they were planned."""
        order = {session_id: place for place, session_id in enumerate(self._under_way)}
        for result in sorted(self._ended, key=lambda result: order[result.session_id]):
            plan = self._under_way.pop(result.session_id)
            self._count(plan, result)
            self._fold_session(plan, result)
            self._folded.append(result.session_id)
            for errand in plan.errands:  # it may have come back to a host given up meanwhile
                self._give_up_if_hopeless(self._domains[errand.domain])
        self._ended.clear()

    def session_id(self, index: int) -> str:
        """Return the name of a session of the wave that is being planned."""
        return f"{self.name}/{self._waves}/{index}"

    def current_host(self, run: DomainRun) -> HostRun | None:
        """Return the MX address that a domain is asked at: the first not passed by, or None."""
        first = self._hosts[run.target.mx_addresses[0]]
        if first.given_up is None and not first.is_down:
            return first  # nearly always, and asked of every domain at every move
        hosts = [self._hosts[ip] for ip in run.target.mx_addresses]
        standing = [h for h in hosts if h.given_up is None or not h.may_be_passed_by]
        answering = (h for h in standing if not h.is_down)
        return next(answering, min(standing, key=lambda h: h.closed_until, default=None))

    @property
    def courtesy(self) -> Courtesy:
        """The limits that hold for every provider."""
        return self.providers.courtesy

    def _key(self, plan: SessionPlan) -> str:
        return self.budget_key(self.providers.named(plan.provider), plan.mx_address)

    def _begin(self, wave: Wave) -> None:
        self._waves = wave.number + 1
        self._folded.clear()
        self._under_way |= {plan.session_id: plan for plan in wave.sessions}

    def _refuses(self, result: SessionResult, plan: SessionPlan) -> bool:
        other = self._under_way[result.session_id]
        if result.ending is not Ending.REFUSED:
            return False
        same = other.provider == plan.provider != OTHER and is_block_sign(result)
        return same or other.mx_address == plan.mx_address

    def _host(self, ip: str, provider: str, now: float, memory: Memory) -> HostRun:
        host = self._hosts.setdefault(ip, HostRun(ip, network_of(ip), self._settings.retry_after))
        for refused in (ip, provider):
            until, ruling = memory.blocked.get(refused, (now, None))
            if ruling is not None and until > now:
                host.block(until, ruling)
        return host

    def _remember(self, key: str, provider: Provider, memory: Memory) -> None:
        if key in self._budgets:
            return
        budget = self._budgets[key] = Budget(provider.limits)
        for moment, refused in memory.asked.get(key, ()):
            budget.count(moment, refused=refused)

    def _give_up_hopeless(self) -> None:
        standing = tuple(
            (host.given_up, host.is_down, host.closed_until) for host in self._hosts.values()
        )
        if standing == self._standing:  # nothing has become hopeless since
            return
        self._standing = standing
        self._active = [run for run in self._active if not run.is_finished]
        for run in self._active:
            self._give_up_if_hopeless(run)

    def _give_up_if_hopeless(self, run: DomainRun) -> None:
        host = self.current_host(run)
        if host is None:
            lost = [self._hosts[ip].given_up for ip in run.target.mx_addresses]
            run.finish(next(filter(None, lost), Reason.NO_CONNECTION))
        elif host.given_up is not None:
            run.finish(host.given_up, host.ip)

    def _wait(self, now: float) -> float | None:
        self._active = [run for run in self._active if not run.is_finished]
        opens = {key: budget.opens_at(now) for key, budget in self._budgets.items()}
        standing = (host for host in self._hosts.values() if host.given_up is None)
        soonest = min((max(host.closed_until, host.free_at) for host in standing), default=_NEVER)
        earliest = _NEVER
        for run in self._active:
            moment = self._next_ask(run, opens)
            if moment > now or not self._under_way:  # else it waits for one of them to end
                earliest = min(earliest, moment)
            if now < earliest <= soonest:
                return earliest
        return None if earliest == _NEVER and not self._under_way else earliest

    def _next_ask(self, run: DomainRun, opens_at: Mapping[str, float]) -> float:
        host = self.current_host(run)
        if host is None:
            return _NEVER  # given up already
        opens = opens_at[self.budget_key(run.provider, host.ip)]
        moment = max(run.due_at(host.ip), host.closed_until, host.free_at, opens)
        if moment <= self._ends_at or run.is_out:
            return moment  # infinity: all of it is under way
        closed = host.closed_until > opens
        run.finish(host.closed_for if closed else Reason.NOT_ASKED_BUDGET, host.ip)
        return _NEVER

    def _finish_all(self, reason: Reason) -> None:
        for run in self._active:
            run.finish(reason)
        self._active.clear()

    def _count(self, plan: SessionPlan, result: SessionResult) -> None:
        budget = self._budgets[self._key(plan)]
        void = result.ending in {Ending.VOID, Ending.UNPROVEN}
        for answer in result.answers:
            # In a void session nobody knows which answer was whose: all may have been refused.
            budget.count(answer.asked_at, refused=answer.refused or void)
        if result.doubt is not None:
            self.count_doubt(plan, result.ended_at)

    def _fold_session(self, plan: SessionPlan, result: SessionResult) -> None:
        void = result.ending is Ending.VOID
        for answer in _of_recipients(result):
            run = self._domains[answer.ask.domain]
            if result.ending is Ending.UNPROVEN and (answer.accepted or answer.refused):
                run.note_unproven(answer, plan.mx_address)
            elif not void:
                run.note(answer, plan.mx_address, result.ended_at)
            elif not answer.ask.sentinel:
                run.note_unanswered(
                    answer.ask.address, result.ended_at, Reason.PROTOCOL_ERROR, plan.mx_address
                )
        if result.doubt is not None and not result.doubt.sentinel:
            later = result.ended_at + self._settings.retry_after[0]
            reason = Reason.PROTOCOL_ERROR if void else Reason.TEMPORARY_FAILURE
            doubt = result.doubt
            self._domains[doubt.domain].note_unanswered(
                doubt.address, later, reason, plan.mx_address
            )
        self._put_back(plan, result)
        self._hosts[plan.mx_address].note(result)
        if is_block_sign(result) and plan.provider != OTHER:
            self._block_provider(plan.provider, result)

    def _block_provider(self, name: str, result: SessionResult) -> None:
        for host in self._hosts.values():
            if result.ruling is not None and any(r.provider.name == name for r in host.domains):
                host.block(result.ended_at + DAY, result.ruling)

    def _put_back(self, plan: SessionPlan, result: SessionResult) -> None:
        answers = _of_recipients(result)
        asked = {answer.ask.address for answer in answers}
        spent = {a.ask.address for a in answers if a.accepted or a.refused}
        if result.doubt is not None:
            asked.add(result.doubt.address)
            spent.add(result.doubt.address)
        for errand in plan.errands:
            run = self._domains[errand.domain]
            run.put_back(r for r in errand.recipients if r not in asked)
            run.end_errand(errand, plan.mx_address, result.ended_at, spent)


def _of_recipients(result: SessionResult) -> list[Answer]:
    return [answer for answer in result.answers if not answer.is_about_tls]


def is_block_sign(result: SessionResult) -> bool:
    """Whether a session ended because our address or identity is refused."""
    if result.ending is not Ending.REFUSED or result.ruling is None:
        return False
    return result.ruling.reason is Reason.OUR_SIDE_BLOCKED
