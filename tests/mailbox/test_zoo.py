"""All hostile servers of the sandbox at once: each ends in time, as its catalogue expects."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from ipaddress import IPv4Network
from pathlib import Path

import polars as pl
import pytest

from checks.mailbox.pace import JumpClock
from checks.mailbox.probe import ADDRESSES, probe_mailboxes
from checks.mailbox.session import Deadlines, Identity
from checks.mailbox.settings import ProbeSettings
from data.reference.providers import load_providers
from data.reference.smtp_replies import load_reply_rules
from sandbox.hostile_farm import HostileFarm, load_cases
from sandbox.journals import JournalWriter
from sandbox.smtp_farm import Tempo
from sandbox.zone import PROBE

# The farm's seconds are a hundredth; so are ours.
QUICK = Deadlines(connect=0.5, banner=0.6, reply=0.3, quit=0.05, write=0.1, session=1.8)

EXPECTED = {
    "ok": {"mailbox_accepted", "accepts_all"},  # most of them accept bad-1 as well
    "invalid": {"mailbox_not_found"},
    "temp": {"greylisted", "rate_limited", "temporary_failure", "policy_refusal"},
    "proto": {"protocol_error"},
    "unreach": {"no_connection", "temporary_failure"},
    "blocked": {"our_side_blocked", "policy_refusal"},
    "unknown": {"acceptance_unproven", "ambiguous_reply", "temporary_failure", "protocol_error"},
}
OF_OUR_OWN = {
    "S17": {"no_connection"},  # the banner's deadline comes before its 64th line
    "S24": {"temporary_failure"},  # a line that does not end within the reply's deadline
    "S60": {"mailbox_accepted"},  # STARTTLS is not asked for
    "S77": {"acceptance_unproven"},  # 251 is no proof of a mailbox
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the reason for ok-1 at every case's domain, and for bad-1."""
    folder = tmp_path_factory.mktemp("zoo")
    return asyncio.run(probe_zoo(folder))


async def probe_zoo(folder: Path) -> dict[str, str]:
    clock = JumpClock(1_800_000_000.0)
    writer = JournalWriter(folder, clock.now)
    farm = HostileFarm(writer, Tempo(io_scale=0.01))
    port = await farm.start()
    rows = [
        (f"{who}@{case.domain}", case.domain, "other", [f"mx.{case.domain}"], [case.address])
        for case in load_cases().values()
        for who in ("ok-1", "bad-1")
    ]
    try:
        result = await probe_mailboxes(
            pl.DataFrame(rows, schema=ADDRESSES, orient="row"),
            ProbeSettings(
                Identity(PROBE, "probe@example.com"),
                port=port,
                deadlines=QUICK,
                lab_networks=(IPv4Network("127.110.0.0/16"),),
            ),
            load_providers(),
            load_reply_rules(),
            clock=clock,
            journal=_Forgetful(),
            as_of=datetime(2026, 11, 1, tzinfo=UTC),
        )
    finally:
        await farm.stop()
        writer.close()
    return dict(result.findings.select("address", "reason").iter_rows())


class _Forgetful:
    def intend(self, payload: object) -> int:
        del payload
        return 0

    def conclude(self, intent: int, payload: object) -> int:
        del payload
        return intent

    def flush(self) -> None:
        pass


@pytest.mark.parametrize("name", sorted(load_cases()))
def test_a_case_is_reported_as_its_catalogue_expects(name: str, told: dict[str, str]) -> None:
    case = load_cases()[name]
    assert told[f"ok-1@{case.domain}"] in OF_OUR_OWN.get(name, EXPECTED[case.expect])


def test_no_existing_mailbox_is_condemned(told: dict[str, str]) -> None:
    # Some cases say 550 of everybody: their ok-1 does not exist.
    condemned = {a for a, reason in told.items() if reason == "mailbox_not_found" and "ok-" in a}
    refusing = {f"ok-1@{c.domain}" for c in load_cases().values() if c.expect == "invalid"}
    assert condemned == refusing
