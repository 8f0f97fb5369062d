"""Which sessions may begin now beside those under way: recipients laid into them by MX address."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final, Protocol

from checks.mailbox.plan import network_of
from checks.mailbox.session import Errand, SessionPlan

if TYPE_CHECKING:
    from checks.mailbox.budget import Budget
    from checks.mailbox.domain_run import DomainRun
    from checks.mailbox.host_run import HostRun
    from checks.mailbox.providers import Courtesy, Provider, Providers

_UNBOUNDED: Final = 1 << 30


class Rules(Protocol):
    """What a wave asks of its shard."""

    @property
    def courtesy(self) -> Courtesy:
        """Return the limits that hold for every provider."""
        ...

    @property
    def providers(self) -> Providers:
        """Return the table of providers."""
        ...

    def budget_key(self, provider: Provider, ip: str) -> str:
        """Return whose refusals are counted together."""
        ...

    def session_id(self, index: int) -> str:
        """Return the name of a session of this wave."""
        ...

    def current_host(self, run: DomainRun) -> HostRun | None:
        """Return the MX address that a domain is asked at."""
        ...


def fill_wave(
    hosts: Iterable[HostRun],
    under_way: Iterable[SessionPlan],
    budgets: Mapping[str, Budget],
    rules: Rules,
    now: float,
) -> tuple[SessionPlan, ...]:
    """Return the sessions that may begin now, hosts and domains in their order.

    What is under way keeps its connections and the refusals it was promised: no answer still to
    come can break a limit.
    """
    wave = _Wave(budgets, rules, now)
    for plan in under_way:
        wave.burden(plan)
    for host in hosts:
        if host.given_up is None and max(host.closed_until, host.free_at) <= now:
            wave.fill_host(host)
    return tuple(wave.sessions)


class _Wave:
    def __init__(self, budgets: Mapping[str, Budget], rules: Rules, now: float) -> None:
        self.sessions: list[SessionPlan] = []
        self._budgets, self._rules, self._now = budgets, rules, now
        self._at_once = 0
        self._open: Counter[tuple[str, str]] = Counter()  # sessions, by whom they burden
        self._refusals: Counter[str] = Counter()  # promised to sessions, by budget
        self._recipients: Counter[str] = Counter()

    def burden(self, plan: SessionPlan) -> None:
        """Count a session that is under way, or is to begin."""
        key = self._rules.budget_key(self._rules.providers.named(plan.provider), plan.mx_address)
        self._at_once += 1
        self._refusals[key] += plan.refusals
        self._recipients[key] += plan.recipients
        burdened = [("domain", errand.domain) for errand in plan.errands]
        self._open.update([*_burdened(plan.provider, plan.mx_address), *burdened])

    def fill_host(self, host: HostRun) -> None:
        """Lay as many sessions at one host as its providers' limits allow."""
        if self._at_once >= self._rules.courtesy.connections:
            return
        host.domains[:] = [run for run in host.domains if not run.is_finished]
        waiting: dict[str, list[DomainRun]] = defaultdict(list)
        for run in host.domains:
            if run.due_at(host.ip) <= self._now and self._rules.current_host(run) is host:
                waiting[run.provider.name].append(run)
        for runs in waiting.values():
            # What was begun is ended first: a budget that closes meanwhile would leave it open.
            runs.sort(key=lambda run: run.begun_due_at(host.ip) > self._now)
            while host.free_at <= self._now and self._add_session(host, runs):
                host.free_at = self._now + self._rules.courtesy.spacing

    def _add_session(self, host: HostRun, runs: list[DomainRun]) -> bool:
        provider = runs[0].provider
        key = self._rules.budget_key(provider, host.ip)
        refusals, room = self._allowance(provider, key)
        if refusals < 1 or room < 1 or not self._has_connection(provider, host):
            return False
        errands = self._errands(host, runs, provider, refusals, room)
        if not errands:
            return False
        plan = SessionPlan(
            session_id=self._rules.session_id(len(self.sessions)),
            provider=provider.name,
            mx_address=host.ip,
            errands=tuple(errands),
            recipients=room,
            refusals=refusals,
            asks_sentinels=provider.needs_sentinel,
            closes_with_sentinel=provider.needs_closing_sentinel,
            encrypts=host.encrypts,
        )
        self.burden(plan)
        self.sessions.append(plan)
        return True

    def _allowance(self, provider: Provider, key: str) -> tuple[int, int]:
        limits, budget = provider.limits, self._budgets[key]
        left = budget.recipients_left(self._now)
        room = _UNBOUNDED if left is None else left - self._recipients[key]
        # A recipient whose sentinel cannot follow in the same session would prove nothing.
        least = 2 if provider.needs_sentinel else 1
        return (
            min(limits.refusals_per_session, budget.refusals_left(self._now) - self._refusals[key]),
            min(limits.recipients_per_session, room if room < 1 else max(room, least)),
        )

    def _has_connection(self, provider: Provider, host: HostRun) -> bool:
        limits = provider.limits
        return (
            self._at_once < self._rules.courtesy.connections
            and self._open["address", host.ip] < limits.connections_per_address
            and self._open["network", host.network] < limits.connections_per_network
            and self._open["provider", provider.name]
            < (limits.connections_per_provider or _UNBOUNDED)
        )

    def _errands(
        self,
        host: HostRun,
        runs: list[DomainRun],
        provider: Provider,
        refusals: int,
        room: int,
    ) -> list[Errand]:
        errands: list[Errand] = []
        sentinels = 0
        # One of everyone else's budgets can close for an hour: then nothing is left open behind.
        may_go_on = provider.needs_closing_sentinel and self._is_ample(provider, host, refusals)
        for run in runs:
            proven = run.is_proven(host.ip)
            goes_on = may_go_on and run.outlasts(host.ip, room - int(not proven))
            closes = provider.needs_closing_sentinel and not goes_on
            cost = int(closes or (provider.needs_sentinel and not proven))
            if room <= cost or sentinels + cost > refusals:
                break
            # Two sessions would each ask a first sentinel.
            at_once = self._rules.courtesy.sessions_per_domain if proven or not cost else 1
            if self._open["domain", run.target.domain] >= at_once:
                continue
            # One more than fits beside the sentinel: a refusal may spare that.
            errand = run.take_errand(host.ip, self._now, room, goes_on=goes_on)
            if errand is not None:
                errands.append(errand)
                room -= len(errand.recipients) + cost
                sentinels += cost
        return errands

    def _is_ample(self, provider: Provider, host: HostRun, refusals: int) -> bool:
        """Whether another whole session's refusals are left after this one."""
        key = self._rules.budget_key(provider, host.ip)
        left = self._budgets[key].refusals_left(self._now) - self._refusals[key]
        return left >= refusals + provider.limits.refusals_per_session


def _burdened(provider: str, ip: str) -> list[tuple[str, str]]:
    return [("provider", provider), ("network", network_of(ip)), ("address", ip)]
