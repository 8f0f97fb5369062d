"""The catalogue of hostile DNS, D01 to D72, against the sandbox's server: outcome, cost, time.

Servers and oracle are functions of the name (sandbox/hostile_dns.py), and what a domain cost is
counted by the server.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Final

import polars as pl
import pytest

from checks.domain import DomainReport, Nameserver, ResolverSettings, Sockets, check_domains
from checks.mailbox.guard import refuse_reason
from checks.model import VERDICT_OF, Reason, Verdict
from sandbox.dns_server import DnsServer, Mood, Responder
from sandbox.hostile_dns import HostileNames, expectation, load_dns_cases, with_hostile_names
from sandbox.weather import Weather
from sandbox.zone import Zone

NOW: Final = datetime(2026, 11, 21, 12, tzinfo=UTC)
CONTROLS: Final = ("control-a.example", "control-b.example")
ZONE: Final = with_hostile_names(
    Zone({name: {"MX": [f"10 mx.{name}."]} for name in CONTROLS}),
)
GUARD: Final = partial(refuse_reason, lab_networks=(ip_network("127.64.0.0/10"),))
SECONDS: Final = 10.0  # of one domain
ROWS: Final = 3
TOGETHER: Final = 50
ALLOWED: Final[dict[str, set[str | None]]] = {
    "ok": {None},
    "no_mail": {"no_such_domain", "null_mx", "no_mail_route"},
    "refused": {"not_asked_policy"},
    "unknown": {"dns_timeout", "dns_servfail"},
    "ok_or_unknown": {None, "dns_timeout", "dns_servfail"},
}
CASES: Final = sorted(load_dns_cases())


def _names(rows: int, cases: Sequence[str] = CASES) -> list[str]:
    return [f"r{row}.{case.lower()}.test" for case in cases for row in range(rows)]


@dataclass
class Outcome:
    """What came of a check, and what the server counted."""

    frame: pl.DataFrame
    report: DomainReport
    asked: dict[str, int]
    seconds: float

    def wrong(self) -> dict[str, str | None]:
        """Return the domains whose reason is none that their case allows."""
        found: dict[str, str | None] = dict(self.frame.select("domain", "reason").iter_rows())
        return {
            domain: reason
            for domain, reason in found.items()
            if reason not in ALLOWED[expectation(domain)]
        }

    @property
    def dead(self) -> set[str]:
        """The domains that were condemned."""
        condemned = self.frame.filter(pl.col("verdict") == Verdict.UNDELIVERABLE)
        return set(condemned["domain"])


def _settings(
    port: int, sockets: Sockets = Sockets.AUTO, concurrency: int = 200
) -> ResolverSettings:
    return ResolverSettings(
        (Nameserver("127.0.0.1", port),),
        positive_controls=CONTROLS,
        negative_suffixes=("com",),
        concurrency=concurrency,
        waits=(0.8, 1.0, 1.2),  # a busy machine answers late
        control_waits=(1.0, 2.0),
        domain_seconds=SECONDS,
        sockets=sockets,
    )


async def _ask(
    names: Sequence[str], settings: ResolverSettings
) -> tuple[pl.DataFrame, DomainReport]:
    return await check_domains(
        pl.Series(names),
        settings=settings,
        guard=GUARD,
        provider_of=lambda _: "other",
        now=NOW,
    )


async def _check(
    names: Sequence[str],
    *,
    mood: Mood = "honest",
    weather: Weather | None = None,
    sockets: Sockets = Sockets.AUTO,
    concurrency: int = 200,
) -> Outcome:
    hostile = HostileNames()
    server = DnsServer(Responder(ZONE, mood), hostile, weather)
    settings = _settings(await server.start(), sockets, concurrency)
    start = time.monotonic()
    try:
        frame, report = await _ask(names, settings)
    finally:
        await server.stop()
    return Outcome(frame, report, dict(hostile.asked), time.monotonic() - start)


def _run(check: Coroutine[Any, Any, Outcome]) -> Outcome:
    outcome = asyncio.run(check)
    gc.collect()  # connections that hostile servers left half-open
    return outcome


@pytest.fixture(scope="module", params=[Sockets.KEPT, Sockets.FRESH])
def outcome(request: pytest.FixtureRequest) -> Outcome:
    """All cases at once, three variants of each, from either kind of socket."""
    return _run(_check(_names(ROWS), sockets=request.param, concurrency=TOGETHER))


@pytest.mark.parametrize("case", CASES)
def test_every_case_ends_as_the_catalogue_says(outcome: Outcome, case: str) -> None:
    wrong = {
        name: reason for name, reason in outcome.wrong().items() if f".{case.lower()}." in name
    }
    assert wrong == {}


def test_no_domain_costs_more_than_twelve_queries(outcome: Outcome) -> None:
    assert max(outcome.asked.values()) <= 12


def test_all_hostile_domains_together_end_in_time(outcome: Outcome) -> None:
    rounds = len(_names(ROWS)) / TOGETHER + 1
    assert outcome.seconds < rounds * SECONDS + 2
    assert outcome.report.degraded is None


@pytest.mark.parametrize("mood", ["wildcard", "address", "nxdomain", "servfail", "dead"])
def test_d56_d57_a_lying_resolver_stops_the_run(mood: Mood) -> None:
    outcome = _run(_check(_names(20), mood=mood))
    assert set(outcome.frame["reason"]) == {"resolver_untrusted"}
    assert outcome.report.degraded is not None
    assert outcome.asked == {}


GOOD: Final = _names(200, ["D01"])

WEATHERS: Final[dict[str, tuple[Weather, float]]] = {
    "D63 a tenth is lost": (Weather(loss=0.1, doubled=0.05, overtaken=0.1), 0.95),
    "D63 a third is lost": (Weather(loss=0.3, doubled=0.05, overtaken=0.1), 0.85),
    "D63 most is lost": (Weather(loss=0.6, doubled=0.05, overtaken=0.1), 0.0),
    "D64 every answer is late": (Weather(latency=0.3), 0.95),
    "D65 a limit: the rest is dropped": (Weather(per_second=100), 0.8),
    "D65 a limit: the rest is refused": (Weather(per_second=100, refuses=True), 0.8),
}


@pytest.mark.parametrize(("weather", "share"), WEATHERS.values(), ids=WEATHERS.keys())
def test_bad_weather_makes_nobody_dead(weather: Weather, share: float) -> None:
    names = GOOD[:80] if weather.loss else GOOD
    outcome = _run(_check(names, weather=weather, concurrency=64))
    assert outcome.dead == set()
    assert outcome.frame["reason"].null_count() >= share * len(names)


@pytest.mark.parametrize("pause", [1.0, 60.0])
def test_d61_a_server_that_is_killed_makes_nobody_dead(pause: float) -> None:
    """It comes back in the middle of the run, or never."""

    async def check() -> Outcome:
        server = DnsServer(Responder(ZONE))
        port = await server.start()
        names = [*GOOD, *_names(400, ["D02"])]
        asking = asyncio.create_task(_ask(names, _settings(port, concurrency=8)))
        await asyncio.sleep(0.1)
        await server.stop()
        done, _ = await asyncio.wait([asking], timeout=pause)
        if not done:
            await server.start(port)
        frame, report = await asking
        await server.stop()
        return Outcome(frame, report, {}, 0)

    outcome = _run(check())
    assert outcome.dead <= set(_names(400, ["D02"]))
    known = {reason for reason, verdict in VERDICT_OF.items() if verdict is not Verdict.UNKNOWN}
    assert not any(Reason(reason) in known - {Reason.NO_SUCH_DOMAIN}
                   for reason in outcome.frame["reason"].drop_nulls())  # fmt: skip


def test_d70_names_that_are_none_are_never_asked() -> None:
    names = ["xn--.d01.test", "xn--a\x00.d01.test", "xn--\x80.d01.test", "a b.d01.test"]
    outcome = _run(_check(names))
    assert set(outcome.frame["reason"]) == {"dns_servfail"}
    assert outcome.asked == {}


def _resident_when_warm() -> int:
    """Return bytes of memory that this process holds once it has done all of it before."""
    _run(_check(_names(2)))
    return _resident()


def _resident() -> int:
    """Return bytes of memory that this process holds."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096


@pytest.mark.long
def test_d60_of_half_a_million_forged_answers_none_is_taken() -> None:
    before = _resident_when_warm()
    names = _names(1250, ["D60"])  # 200 forged answers to each of two questions
    outcome = _run(_check(names, concurrency=4))
    assert outcome.dead == set()
    assert set(outcome.frame["mx_addresses"].explode().drop_nulls()) == {"127.110.70.1"}
    # true answers that the kernel had no room for are asked for again, and lost again now and then
    assert len(outcome.wrong()) < 0.05 * len(names)
    assert _resident() - before < 16 << 20


@pytest.mark.long
def test_thousands_of_hostile_domains_between_honest_ones() -> None:
    before = _resident_when_warm()
    names = [*_names(30), *_names(8000, ["D01", "D02"])]
    outcome = _run(_check(names, concurrency=100))
    taken = set(outcome.frame.filter(pl.col("reason").is_null())["domain"])
    assert {expectation(domain) for domain in outcome.dead} == {"no_mail"}
    assert {expectation(domain) for domain in taken} <= {"ok", "ok_or_unknown"}
    assert len(outcome.wrong()) < 0.01 * len(names)  # an answer that came too late is unknown
    assert max(outcome.asked.values()) <= 12
    assert _resident() - before < 64 << 20
