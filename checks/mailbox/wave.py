"""Which sessions may run at once: recipients of many domains laid into sessions by MX address."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final, Protocol

from checks.mailbox.session import Errand, SessionPlan

if TYPE_CHECKING:
    from checks.mailbox.budget import Budget
    from checks.mailbox.domain_run import DomainRun
    from checks.mailbox.host_run import HostRun
    from checks.mailbox.providers import Provider

_UNBOUNDED: Final = 1 << 30


class Rules(Protocol):
    """What a wave asks of its shard."""

    @property
    def courtesy_connections(self) -> int:
        """Return how many sessions may run at once at all."""
        ...

    @property
    def sessions_per_domain(self) -> int:
        """Return how many sessions may be open for one domain at once."""
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
    budgets: Mapping[str, Budget],
    rules: Rules,
    now: float,
) -> tuple[SessionPlan, ...]:
    """Return the sessions that may run at once from now on, hosts and domains in their order."""
    wave = _Wave(budgets, rules, now)
    for host in hosts:
        if host.given_up is None and host.closed_until <= now:
            wave.fill_host(host)
    return tuple(wave.sessions)


class _Wave:
    def __init__(self, budgets: Mapping[str, Budget], rules: Rules, now: float) -> None:
        self.sessions: list[SessionPlan] = []
        self._budgets, self._rules, self._now = budgets, rules, now
        self._open: Counter[tuple[str, str]] = Counter()  # sessions, by whom they burden
        self._refusals: Counter[str] = Counter()  # promised to sessions, by budget
        self._recipients: Counter[str] = Counter()

    def fill_host(self, host: HostRun) -> None:
        """Lay as many sessions at one host as its providers' limits allow."""
        host.domains[:] = [run for run in host.domains if not run.is_finished]
        waiting: dict[str, list[DomainRun]] = defaultdict(list)
        for run in host.domains:
            if run.due_at(host.ip) <= self._now and self._rules.current_host(run) is host:
                waiting[run.provider.name].append(run)
        for runs in waiting.values():
            # What was begun is ended first: a budget that closes meanwhile would leave it open.
            runs.sort(key=lambda run: run.begun_due_at(host.ip) > self._now)
            while self._add_session(host, runs):
                pass

    def _add_session(self, host: HostRun, runs: list[DomainRun]) -> bool:
        provider = runs[0].provider
        key = self._rules.budget_key(provider, host.ip)
        refusals, room = self._allowance(provider, key)
        if refusals < 1 or room < 1 or not self._has_connection(provider, host):
            return False
        errands = self._errands(host, runs, provider, refusals, room)
        if not errands:
            return False
        self._refusals[key] += refusals
        self._recipients[key] += room
        burdened = [("domain", errand.domain) for errand in errands]
        self._open.update([*_burdened(provider, host), *burdened])
        self.sessions.append(
            SessionPlan(
                session_id=self._rules.session_id(len(self.sessions)),
                provider=provider.name,
                mx_address=host.ip,
                errands=tuple(errands),
                recipients=room,
                refusals=refusals,
                asks_sentinels=provider.needs_sentinel,
                closes_with_sentinel=provider.needs_closing_sentinel,
                encrypts=host.encrypts,
            ),
        )
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
            len(self.sessions) < self._rules.courtesy_connections
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
        for run in runs:
            proven = run.is_proven(host.ip)
            cost = int(provider.needs_closing_sentinel or (provider.needs_sentinel and not proven))
            if room <= cost or sentinels + cost > refusals:
                break
            # Two sessions would each ask a first sentinel.
            at_once = self._rules.sessions_per_domain if proven or not cost else 1
            if self._open["domain", run.target.domain] >= at_once:
                continue
            errand = run.take_errand(host.ip, self._now, room - cost)
            if errand is not None:
                errands.append(errand)
                room -= len(errand.recipients) + cost
                sentinels += cost
        return errands


def _burdened(provider: Provider, host: HostRun) -> list[tuple[str, str]]:
    return [("provider", provider.name), ("network", host.network), ("address", host.ip)]
