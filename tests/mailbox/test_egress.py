"""A closed port is noticed after a few connects, said once, and condemns nobody."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from checks.mailbox.egress import Closed, Egress
from checks.mailbox.session import Ending, SessionResult
from tests.mailbox.conftest import Lab, MailServer

NIGHT = 8 * 3_600.0


def ended(ending: Ending, at: float) -> SessionResult:
    """Return a session that ended so."""
    return SessionResult("s/0/0", ending, ended_at=at)


def test_one_answer_is_enough_to_know_that_the_way_is_open() -> None:
    egress = Egress(networks=3)
    for number in range(9):
        egress.note(ended(Ending.UNREACHABLE, number), f"198.51.{number}.1")
    assert egress.closed(99.0) is Closed.PORT
    egress.note(ended(Ending.REFUSED, 9.0), "203.0.113.1")
    assert egress.closed(99.0) is None


def test_addresses_of_one_network_count_once() -> None:
    egress = Egress(networks=2)
    for number in range(9):
        egress.note(ended(Ending.UNREACHABLE, number), f"198.51.100.{number}")
    assert egress.closed(99.0) is None


def test_a_session_that_began_takes_the_proxys_faults_away() -> None:
    egress = Egress()
    for ending in (Ending.OUR_FAULT, Ending.OUR_FAULT, Ending.DONE, Ending.OUR_FAULT):
        egress.note(ended(ending, 1.0), "192.0.2.1")
    assert egress.closed(9.0) is None
    for _ in range(2):
        egress.note(ended(Ending.OUR_FAULT, 1.0), "192.0.2.1")
    assert egress.closed(9.0) is Closed.PROXY


def test_a_closed_port_costs_no_night_and_nobody_is_condemned(lab: Callable[..., Lab]) -> None:
    closed = lab()
    for number in range(120):
        closed.domain(f"d{number}.example", "ok-1 gone-2", f"127.9.{number}.1")
    began, started = closed.clock.now(), time.monotonic()
    found = closed.probe()
    assert set(found.findings["reason"]) == {"no_connection"}
    assert found.findings.height == 240
    assert found.report.degraded is not None
    assert found.report.degraded.count("port 25") == 1
    assert closed.clock.now() - began < NIGHT / 16
    assert time.monotonic() - started < 20


def test_a_few_dead_servers_are_no_closed_port(lab: Callable[..., Lab]) -> None:
    mixed = lab(_200_1=MailServer())
    for number in range(40):
        mixed.domain(f"d{number}.example", "ok-1", f"127.9.{number}.1")
    mixed.domain("alive.example", "gone-1", "127.9.200.1")
    mixed.settings = replace(mixed.settings)
    found = mixed.probe()
    assert found.report.degraded is None
    assert dict(found.findings.select("address", "reason").iter_rows())["gone-1@alive.example"] == (
        "mailbox_not_found"
    )
