"""All hostile servers of the sandbox: each alone and all at once, as their catalogue expects."""

from __future__ import annotations

import asyncio
import resource
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path

import polars as pl
import pytest

from checks.mailbox.probe import ADDRESSES, probe_mailboxes
from checks.mailbox.session import Deadlines, Errand, Identity, SessionPlan, SessionResult
from checks.mailbox.settings import ProbeSettings
from checks.mailbox.talk import hold_session
from data.reference.providers import load_providers
from data.reference.smtp_replies import load_reply_rules
from flows.clocks import policy_clock
from flows.settings import SmtpSettings
from sandbox.audit import audit
from sandbox.hostile_cases import Case, load_cases
from sandbox.hostile_farm import personalities
from sandbox.internet import Endpoints, start
from sandbox.journals import read_journals
from sandbox.smtp_farm import Tempo

# The farm's seconds are a hundredth; so are ours. Python's own TLS needs a little longer.
SCALE = 0.01
QUICK = Deadlines(
    connect=0.5, banner=0.6, reply=0.3, quit=0.05, write=0.1, session=1.8, handshake=0.5
)
SLACK = 2.0  # seconds a session may take beyond its deadlines

EXPECTED = {
    "ok": {"mailbox_accepted", "accepts_all"},  # some of them accept bad-1 as well
    "invalid": {"mailbox_not_found"},
    "temp": {"greylisted", "rate_limited", "temporary_failure"},
    "proto": {"protocol_error"},
    "unreach": {"no_connection", "temporary_failure"},
    "blocked": {"our_side_blocked", "policy_refusal"},
    "unknown": {"acceptance_unproven", "ambiguous_reply", "temporary_failure", "protocol_error"},
    "refused": {"no_connection"},
}
NAMES = sorted(load_cases())


class Forgetful:
    """A journal that keeps nothing."""

    def intend(self, payload: object) -> int:
        """Forget a payload."""
        del payload
        return 0

    def conclude(self, intent: int, payload: object) -> int:
        """Forget a payload."""
        del payload
        return intent

    def flush(self) -> None:
        """Do nothing."""


class Scribe:
    """Writes nothing down."""

    def now(self) -> float:
        """Return no time."""
        return 0.0

    def connects(self, *_: object) -> None:
        """Do nothing."""

    connected = asks = answers = ends = connects


@dataclass(frozen=True)
class Told:
    """What came of probing the whole zoo at once."""

    reasons: dict[str, str]
    journal: pl.DataFrame
    grown: int  # bytes of memory
    left_open: int  # sockets; libraries open descriptors of their own


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoints]:
    folder = tmp_path_factory.mktemp("zoo")
    with start(None, folder, hostile=True, tempo=Tempo(io_scale=SCALE)) as endpoints:
        yield endpoints


def settings_for(endpoints: Endpoints) -> ProbeSettings:
    return ProbeSettings(
        Identity(endpoints.helo, endpoints.mail_from),
        port=endpoints.smtp_port,
        deadlines=QUICK,
        lab_networks=tuple(ip_network(network) for network in endpoints.lab_networks),
    )


async def probe(endpoints: Endpoints, rows: list[tuple[object, ...]]) -> dict[str, str]:
    async with policy_clock(SmtpSettings(lab_clock=endpoints.clock)) as clock:
        result = await probe_mailboxes(
            pl.DataFrame(rows, schema=ADDRESSES, orient="row"),
            settings_for(endpoints),
            load_providers(),
            load_reply_rules(),
            clock=clock,
            journal=Forgetful(),
            as_of=datetime(2026, 11, 1, tzinfo=UTC),
        )
    return dict(result.findings.select("address", "reason").iter_rows())


def row_of(case: Case, who: str, domain: str) -> tuple[object, ...]:
    return f"{who}@{domain}", domain, "other", list(case.mx_names), list(case.addresses)


def open_sockets() -> int:
    links = [
        str(entry.readlink()) for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink()
    ]
    return sum(link.startswith("socket:") for link in links)


@pytest.fixture(scope="module")
def told(served: Endpoints) -> Told:
    before, sockets = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, open_sockets()
    rows = [row_of(c, who, c.domain) for c in load_cases().values() for who in ("ok-1", "bad-1")]
    reasons = asyncio.run(probe(served, rows))
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    left_open = open_sockets() - sockets
    return Told(reasons, read_journals(Path(served.journal)), grown, left_open)


@pytest.mark.parametrize("name", NAMES)
def test_a_case_is_reported_as_its_catalogue_expects(name: str, told: Told) -> None:
    case = load_cases()[name]
    assert told.reasons[f"ok-1@{case.domain}"] in EXPECTED[case.expect]


def test_no_existing_mailbox_is_condemned_and_no_missing_one_believed(told: Told) -> None:
    # Some cases say 550 of everybody: their ok-1 does not exist.
    gone = {a for a, reason in told.reasons.items() if reason == "mailbox_not_found" and "ok-" in a}
    refusing = {f"ok-1@{c.domain}" for c in load_cases().values() if c.expect == "invalid"}
    assert gone == refusing
    believed = {a for a, reason in told.reasons.items() if reason == "mailbox_accepted"}
    assert not {a for a in believed if a.startswith("bad-")}


def test_the_servers_have_nothing_to_complain_of(told: Told) -> None:
    assert audit(told.journal, personalities()).to_dicts() == []


def test_no_address_outside_the_lab_is_dialled(told: Told) -> None:
    assert told.journal.filter(host="tripwire").is_empty()


def test_at_most_five_addresses_of_a_domain_are_tried(told: Told) -> None:
    dialled = told.journal.filter(pl.col("ip").str.starts_with("127.110.94."))["ip"].unique()
    assert 1 < len(dialled) <= 5


def test_fifty_names_of_one_address_are_one_host(told: Told) -> None:
    sessions = told.journal.filter(ip="127.110.93.1", event="connect")
    assert sessions.height == 1


def test_the_whole_zoo_costs_little_memory(told: Told) -> None:
    assert told.grown < 32 << 20
    assert told.left_open <= 0


@pytest.mark.parametrize("name", NAMES)
def test_a_case_alone_ends_in_time(name: str, served: Endpoints) -> None:
    case = load_cases()[name]
    errand = Errand(case.domain, (f"ok-1@{case.domain}", f"bad-1@{case.domain}"), ("x@x.example",))
    plan = SessionPlan(
        name, "other", case.address, (errand,), 5, 2, asks_sentinels=True, closes_with_sentinel=True
    )

    async def hold() -> SessionResult:
        return await hold_session(plan, settings_for(served), load_reply_rules(), Scribe())

    began = time.monotonic()
    result = asyncio.run(hold())
    assert time.monotonic() - began < QUICK.session + QUICK.quit + SLACK
    assert len(result.text) <= 512


def test_ten_thousand_domains_behind_one_address_are_one_host(served: Endpoints) -> None:
    case = load_cases()["S92"]
    before = read_journals(Path(served.journal)).height
    domains = case.all_domains[1:]
    reasons = asyncio.run(probe(served, [row_of(case, "ok-1", domain) for domain in domains]))
    assert len(reasons) == 9_999
    assert set(reasons.values()) == {"mailbox_accepted", "not_asked_budget"}
    journal = read_journals(Path(served.journal))[before:].filter(ip=case.address)
    assert audit(journal, personalities()).to_dicts() == []
    assert journal.filter(event="connect").height > 10


def test_sizes_of_the_catalogue() -> None:
    assert [f"S{number:02}" for number in range(1, 100)] == NAMES
