"""A probe that was killed is taken up again: same verdicts, one RCPT a session repeated at most."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from checks.mailbox.pace import JumpClock
from checks.mailbox.recall import remember
from data.reference.providers import load_providers

if TYPE_CHECKING:
    from tests.mailbox.conftest import Lab, ListJournal, MailServer


def world(lab: Callable[..., Lab], mail_server: type[MailServer]) -> Lab:
    """Make a world with every kind of state: greylisting, sentinels, accept-all, a dead MX."""
    servers = {"_1_1": mail_server(), "_1_2": mail_server(), "_2_1": mail_server()}
    made = lab(**servers, _3_1=mail_server(rcpt=lambda _: b"250 ok\r\n"))
    for server in made.servers.values():
        server.clock = made.clock
    made.domain("a.example", "ok-1 ok-2 bad-3 full-4 grey-5 ok-6 ok-7", "127.9.1.1")
    made.domain("b.example", "ok-1 bad-2 bad-3 bad-4 ok-5", "127.9.1.1", "127.9.1.2")
    made.domain("c.example", "ok-1 off-2", "127.9.9.9", "127.9.1.2")
    made.domain(
        "gmail.com", "ok-1 ok-2 bad-3 bad-4 bad-5 bad-6 ok-7", "127.9.2.1", provider="gmail"
    )
    made.domain("d.example", "ok-1 ok-2 ok-3", "127.9.3.1", provider="locaweb")
    return made


def asked(lab: Lab) -> Counter[str]:
    return sum((Counter(server.asked()) for server in lab.servers.values()), Counter())


def test_the_journal_alone_gives_the_same_verdicts_and_nobody_is_asked_again(
    lab: Callable[..., Lab],
    mail_server: type[MailServer],
    list_journal: type[ListJournal],
) -> None:
    made, journal = world(lab, mail_server), list_journal()
    first = made.probe(journal=journal)
    before = asked(made)
    second = made.probe(journal=list_journal(), written=journal.payloads)
    assert second.findings.equals(first.findings)
    assert second.report == first.report
    assert asked(made) == before


@pytest.mark.parametrize("seed", range(8))
def test_killed_again_and_again_it_ends_with_the_same_verdicts(
    lab: Callable[..., Lab],
    mail_server: type[MailServer],
    list_journal: type[ListJournal],
    seed: int,
) -> None:
    undisturbed = world(lab, mail_server)
    truth = dict(undisturbed.probe().findings.select("address", "reason").iter_rows())
    disturbed = world(lab, mail_server)
    written: list[object] = []
    kills = 6
    for kill in range(kills):
        journal = list_journal(fails_at=(7 * seed + 11 * kill) % 37 + 1)
        with contextlib.suppress(InterruptedError):  # the last of them may be beyond the end
            disturbed.probe(journal=journal, written=written)
        written += journal.payloads
    result = disturbed.probe(written=written)
    assert dict(result.findings.select("address", "reason").iter_rows()) == truth
    repeated = asked(disturbed) - asked(undisturbed)
    assert sum(repeated.values()) <= 8 * kills  # at most eight sessions are open at once
    check_spacing(disturbed)


def check_spacing(lab: Lab) -> None:
    for server in lab.servers.values():
        moments = [at for at, _, line in server.heard if line == b"CONNECT"]
        assert all(b - a >= 1.0 for a, b in pairwise(moments))


def test_an_ask_that_every_kill_leaves_in_doubt_ends_as_unknown(
    lab: Callable[..., Lab],
    mail_server: type[MailServer],
    list_journal: type[ListJournal],
) -> None:
    server = mail_server()
    made = lab(_1_1=server)
    made.domain("a.example", "bad-1", "127.9.1.1")
    written: list[object] = []
    for _ in range(5):  # the record that says what was answered is never written
        journal = list_journal(fails_at=4 if not written else 2)
        with pytest.raises(InterruptedError):
            made.probe(journal=journal, written=written)
        written += journal.payloads
    assert server.asked() == ["bad-1@a.example"] * 5
    assert made.reasons(written=written) == {"bad-1@a.example": "temporary_failure"}
    assert server.asked() == ["bad-1@a.example"] * 5


def test_a_run_that_is_resumed_after_another_minds_what_that_one_did(
    lab: Callable[..., Lab],
    mail_server: type[MailServer],
    list_journal: type[ListJournal],
) -> None:
    """The other run connected later than this one's journal knows."""
    server = mail_server()
    made = lab(_1_1=server)
    server.clock = made.clock
    made.domain("a.example", "ok-1 ok-2", "127.9.1.1")
    killed, other = list_journal(fails_at=2), list_journal()
    killed_after_its_first_ask(made, killed)
    made.clock = server.clock = JumpClock(made.clock.now() + 3_600.0)
    made.probe(journal=other)
    made.probe(written=killed.payloads, memory=remember(other.payloads, load_providers()))
    check_spacing(made)
    assert server.sessions == 2


def test_a_later_run_remembers_budgets_sentinels_and_connects(
    lab: Callable[..., Lab],
    mail_server: type[MailServer],
    list_journal: type[ListJournal],
) -> None:
    made, journal = world(lab, mail_server), list_journal()
    made.probe(journal=journal)
    memory = remember(journal.payloads, load_providers())
    assert sum(refused for _, refused in memory.asked["gmail"]) == 4
    assert ("127.9.1.1", "a.example") in memory.proven
    assert ("127.9.3.1", "d.example") not in memory.proven
    assert set(memory.connected) >= {"127.9.1.1", "127.9.2.1", "127.9.9.9"}


def killed_after_its_first_ask(made: Lab, journal: ListJournal) -> None:
    with pytest.raises(InterruptedError):
        made.probe(journal=journal)


@pytest.mark.parametrize("resumes", [True, False], ids=["resumed", "a later run"])
def test_a_session_that_was_cut_off_may_still_be_open_at_its_server(
    lab: Callable[..., Lab],
    mail_server: type[MailServer],
    list_journal: type[ListJournal],
    *,
    resumes: bool,
) -> None:
    """A server that is busy with RCPT, as with a callout, notices late that we were killed."""
    server = mail_server()
    made = lab(_1_1=server)
    server.clock = made.clock
    made.domain("a.example", "ok-1 ok-2", "127.9.1.1")
    journal = list_journal(fails_at=4)
    killed_after_its_first_ask(made, journal)
    memory = remember(journal.payloads, load_providers())
    made.probe(written=journal.payloads) if resumes else made.probe(memory=memory)
    first, second = [at for at, _, line in server.heard if line == b"CONNECT"]
    deadlines = made.settings.deadlines
    longest = deadlines.session + max(deadlines.quit, deadlines.reply)
    assert second - first == pytest.approx(longest)


async def one_reply_ahead(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send a reply too many after MAIL, so that every answer is that to the question before."""
    writer.write(b"220 mx.example ESMTP\r\n")
    while line := await reader.readline():
        if line.startswith(b"RCPT"):
            await asyncio.sleep(0.1)
            writer.write(b"550 5.1.1 no such user\r\n")
            continue
        writer.write(b"250 ok\r\n")
        if line.startswith(b"MAIL"):
            await asyncio.sleep(0.02)
            writer.write(b"250 spare\r\n")


@pytest.mark.parametrize("killed", [False, True])
def test_what_only_the_farewell_shows_is_not_believed_after_a_kill_before_it(
    lab: Callable[..., Lab],
    mail_server: type[MailServer],
    list_journal: type[ListJournal],
    *,
    killed: bool,
) -> None:
    made = lab(_1_1=mail_server(behave=one_reply_ahead))
    made.domain("gmail.com", "bad-1", "127.9.1.1", provider="gmail")
    journal = list_journal(fails_at=5 if killed else None)  # the end is not written down
    if killed:
        killed_after_its_first_ask(made, journal)
        assert journal.payloads[-1]["code"] == 250
    reasons = made.reasons(written=journal.payloads) if killed else made.reasons()
    assert reasons == {"bad-1@gmail.com": "protocol_error"}


def test_a_kill_before_the_farewell_repeats_one_recipient(
    lab: Callable[..., Lab],
    mail_server: type[MailServer],
    list_journal: type[ListJournal],
) -> None:
    server = mail_server()
    made, journal = lab(_1_1=server), list_journal(fails_at=9)
    made.domain("gmail.com", "bad-1 ok-2 ok-3", "127.9.1.1", provider="gmail")
    killed_after_its_first_ask(made, journal)
    again = list_journal()
    found = made.reasons(journal=again, written=journal.payloads)
    assert set(found.values()) == {"mailbox_not_found", "mailbox_accepted"}
    assert server.asked() == [f"{who}@gmail.com" for who in ("bad-1", "ok-2", "ok-3", "ok-3")]
    memory = remember([*journal.payloads, *again.payloads], load_providers())
    assert [refused for _, refused in memory.asked["gmail"]].count(True) == 2  # one in doubt
    assert len(memory.asked["gmail"]) == 4
