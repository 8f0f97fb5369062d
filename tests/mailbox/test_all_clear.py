"""Three providers that refuse us stop every later run as well, until a person clears the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from checks.mailbox.alarm import AllClear
from checks.mailbox.budget import DAY
from checks.mailbox.pace import JumpClock
from checks.mailbox.recall import remember
from data.reference.providers import load_providers

if TYPE_CHECKING:
    from tests.mailbox.conftest import Lab, ListJournal, MailServer

LISTED = b"554 5.7.1 Service unavailable; client host blocked using zen.example blocklist\r\n"
PLACES = {"gmail": "127.9.1.1", "locaweb": "127.9.2.1", "zoho": "127.9.3.1"}


@pytest.fixture
def refused(lab: Callable[..., Lab], mail_server: type[MailServer]) -> Lab:
    """Three providers that have us on a blocklist, and a small host that does not care."""
    angry = {
        ip.removeprefix("127.9").replace(".", "_"): mail_server(banner=LISTED)
        for ip in PLACES.values()
    }
    made = lab(**angry, _4_1=mail_server())
    for name, ip in PLACES.items():
        made.domain(f"{name}.example", "ok-1", ip, provider=name)
    made.domain("small.example", "grey-1", "127.9.4.1")
    return made


def day_after(made: Lab, days: int) -> None:
    made.clock = JumpClock(made.clock.now() + days * DAY)


def test_only_a_person_ends_it(refused: Lab, list_journal: type[ListJournal]) -> None:
    small = refused.servers["127.9.4.1"]
    first, later, cleared, after = (list_journal() for _ in range(4))
    refused.probe(journal=first)
    begun = small.sessions
    providers = load_providers()

    day_after(refused, 9)
    result = refused.probe(journal=later, memory=remember(first.payloads, providers))
    assert set(result.findings["reason"]) == {"our_side_blocked"}
    assert "gmail, locaweb, zoho" in (result.report.degraded or "")
    assert small.sessions == begun

    day_after(refused, 1)
    for ip in PLACES.values():
        refused.servers[ip].banner = b"220 mx.example\r\n"
    past = remember([*first.payloads, *later.payloads], providers)
    said = AllClear("Ana Prova", "off every list since Monday")
    result = refused.probe(journal=cleared, memory=past, all_clear=said)
    assert result.report.degraded is None
    assert cleared.payloads[0]["all_clear"] == {"by": said.by, "reason": said.reason}

    day_after(refused, 1)
    past = remember([*first.payloads, *later.payloads, *cleared.payloads], providers)
    assert refused.probe(journal=after, memory=past).report.degraded is None


def test_a_resumed_run_keeps_its_all_clear(refused: Lab, list_journal: type[ListJournal]) -> None:
    first, begun = list_journal(), list_journal(fails_at=2)
    refused.probe(journal=first)
    past = remember(first.payloads, load_providers())
    day_after(refused, 2)
    for ip in PLACES.values():
        refused.servers[ip].banner = b"220 mx.example\r\n"
    with pytest.raises(InterruptedError):
        refused.probe(journal=begun, memory=past, all_clear=AllClear("Ana Prova", "listed no more"))
    result = refused.probe(written=begun.payloads, memory=past)
    assert result.report.degraded is None
