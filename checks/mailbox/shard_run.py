"""A shard under way: which sessions may run at once now, and what their answers change.

Sessions are planned in waves and folded in plan order when the whole wave has ended, so that the
same answers give the same verdicts however sessions interleave, and a wave that was cut off by a
crash can be taken up again.
"""

from __future__ import annotations

from collections import Counter
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
    from collections.abc import Sequence

    from checks.mailbox.plan import Shard
    from checks.mailbox.session import Answer
    from checks.mailbox.settings import Memory, ProbeSettings

_NEVER: Final = float("inf")


@dataclass(frozen=True, slots=True)
class Wave:
    """Sessions that may run at once; `number` counts from 0 within the shard."""

    shard: str
    number: int
    sessions: tuple[SessionPlan, ...]


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
        self._providers, self._settings = providers, settings
        self._ends_at = began_at + settings.horizon
        self._waves = 0
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
                self._host(ip, began_at, memory).domains.append(run)
                self._remember(self.budget_key(run.provider, ip), run.provider, memory)

    @staticmethod
    def budget_key(provider: Provider, ip: str) -> str:
        """Return whose refusals are counted together: the provider's, or one address's."""
        return ip if provider.limits.budget_scope is BudgetScope.ADDRESS else provider.name

    def outcomes(self) -> list[Outcome]:
        """Return the outcomes so far, in order of domain and address."""
        runs = sorted(self._domains.items())
        return [run.outcomes[a] for _, run in runs for a in sorted(run.outcomes)]

    def next_move(self, now: float, *, stopped: bool = False) -> Wave | float | None:
        """Return the next wave, or when to ask again, or None: everybody has an outcome.

        `stopped`: blocks elsewhere have put an end to all probing.
        """
        if stopped:
            self._finish_all(Reason.OUR_SIDE_BLOCKED)
            return None
        self._give_up_hopeless()
        sessions = fill_wave(self._hosts.values(), self._budgets, self, now)
        if sessions:
            wave = Wave(self.name, self._waves, sessions)
            self._waves += 1
            return wave
        return self._wait(now)

    def take_up(self, wave: Wave) -> None:
        """Stand where planning that wave has left us, before its results are folded."""
        self._waves = wave.number + 1
        for plan in wave.sessions:
            for errand in plan.errands:
                self._domains[errand.domain].take_out(errand.recipients)

    def fold(self, wave: Wave, results: Sequence[SessionResult]) -> None:
        """Learn from a whole wave; results in the order of its sessions."""
        self._count(wave, results)
        for plan, result in zip(wave.sessions, results, strict=True):
            self._fold_session(plan, result)

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
    def courtesy_connections(self) -> int:
        """How many sessions may run at once at all."""
        return self._providers.courtesy.connections

    @property
    def sessions_per_domain(self) -> int:
        """How many sessions may be open for one domain at once."""
        return self._providers.courtesy.sessions_per_domain

    def _host(self, ip: str, now: float, memory: Memory) -> HostRun:
        host = self._hosts.get(ip)
        if host is None:
            host = HostRun(ip, network_of(ip), self._settings.retry_after)
            until, ruling = memory.blocked.get(ip, (now, None))
            if ruling is not None and until > now:
                host.block(until, ruling)
            self._hosts[ip] = host
        return host

    def _remember(self, key: str, provider: Provider, memory: Memory) -> None:
        if key in self._budgets:
            return
        budget = self._budgets[key] = Budget(provider.limits)
        for moment, refused in memory.asked.get(key, ()):
            budget.count(moment, refused=refused)

    def _give_up_hopeless(self) -> None:
        self._active = [run for run in self._active if not run.is_finished]
        for run in self._active:
            host = self.current_host(run)
            if host is None:
                lost = [self._hosts[ip].given_up for ip in run.target.mx_addresses]
                run.finish(next(filter(None, lost), Reason.NO_CONNECTION))
            elif host.given_up is not None:
                run.finish(host.given_up, host.ip)

    def _wait(self, now: float) -> float | None:
        moments = [self._next_ask(run, now) for run in self._active if not run.is_finished]
        earliest = min(moments, default=_NEVER)
        return None if earliest == _NEVER else earliest

    def _next_ask(self, run: DomainRun, now: float) -> float:
        host = self.current_host(run)
        if host is None:
            return _NEVER  # given up already
        opens = self._budgets[self.budget_key(run.provider, host.ip)].opens_at(now)
        moment = max(run.due_at(host.ip), host.closed_until, opens)
        if moment <= self._ends_at:
            return moment
        closed = host.closed_until > opens
        run.finish(host.closed_for if closed else Reason.NOT_ASKED_BUDGET, host.ip)
        return _NEVER

    def _finish_all(self, reason: Reason) -> None:
        for run in self._active:
            run.finish(reason)

    def _count(self, wave: Wave, results: Sequence[SessionResult]) -> None:
        asked = [
            # In a void session nobody knows which answer was whose: all may have been refused.
            (answer.asked_at, plan, answer.refused or result.ending is Ending.VOID)
            for plan, result in zip(wave.sessions, results, strict=True)
            for answer in result.answers
        ]
        # In doubt counts as asked and refused: the server may have done both.
        asked += [
            (result.ended_at, plan, True)
            for plan, result in zip(wave.sessions, results, strict=True)
            if result.doubt is not None
        ]
        for moment, plan, refused in sorted(asked, key=lambda row: row[0]):
            provider = self._providers.named(plan.provider)
            key = self.budget_key(provider, plan.mx_address)
            self._budgets[key].count(moment, refused=refused)

    def _fold_session(self, plan: SessionPlan, result: SessionResult) -> None:
        void = result.ending is Ending.VOID
        for answer in _of_recipients(result):
            run = self._domains[answer.ask.domain]
            if not void:
                run.note(answer, plan.mx_address)
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
        asked = Counter(answer.ask.address for answer in _of_recipients(result))
        if result.doubt is not None:
            asked[result.doubt.address] += 1
        for errand in plan.errands:
            run = self._domains[errand.domain]
            run.put_back(r for r in errand.recipients if not asked[r])
            run.end_session(plan.mx_address, result.ended_at)


def _of_recipients(result: SessionResult) -> list[Answer]:
    return [answer for answer in result.answers if not answer.is_about_tls]


def is_block_sign(result: SessionResult) -> bool:
    """Whether a session ended because our address or identity is refused."""
    if result.ending is not Ending.REFUSED or result.ruling is None:
        return False
    return result.ruling.reason is Reason.OUR_SIDE_BLOCKED
