"""An acceptance counts only beside a refusal: every way a sentinel can go, and what it costs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from checks.mailbox.recall import remember
from checks.mailbox.rules import Ruling, Scope
from checks.mailbox.settings import Memory
from checks.model import Reason
from data.reference.providers import load_providers

if TYPE_CHECKING:
    from tests.mailbox.conftest import Lab, ListJournal, MailServer

MX, NEXT_MX = "127.9.1.1", "127.9.2.1"
DAY = 86_400.0
YES, NO, LATER = b"250 ok\r\n", b"550 5.1.1 no such user\r\n", b"451 4.3.0 try again later\r\n"
PEOPLE = " ".join(f"ok-{n}" for n in range(24))


def is_sentinel(address: str) -> bool:
    return address.startswith("x")


def turning(*sentinels: bytes | None) -> Callable[[str], bytes | None]:
    """Accept everybody; answer sentinels in turn, then for ever as the last."""
    left = list(sentinels)

    def answer(address: str) -> bytes | None:
        if not is_sentinel(address):
            return YES
        return left.pop(0) if len(left) > 1 else left[0]

    return answer


def deliverable(reasons: dict[str, str]) -> set[str]:
    return {address for address, reason in reasons.items() if reason == "mailbox_accepted"}


def test_a_host_that_turns_again_and_again_lends_nobody_its_last_yes(
    lab: Callable[..., Lab],
    mail_server: type[MailServer],
) -> None:
    server = mail_server(rcpt=turning(*[NO, YES] * 30, YES))
    world = lab(_1_1=server)
    world.domain("firma.example", PEOPLE, MX)
    reasons = world.reasons()
    assert deliverable(reasons) <= set(server.asked())
    assert set(reasons.values()) <= {"mailbox_accepted", "acceptance_unproven"}
    # One acceptance stands before each refused sentinel, and none after the last.
    refused = (sum(is_sentinel(address) for address in server.asked()) + 1) // 2
    assert len(deliverable(reasons)) <= refused


def test_who_tells_the_truth_only_first_in_a_session_is_found_out_in_that_session(
    lab: Callable[..., Lab],
    mail_server: type[MailServer],
) -> None:
    """A refusal that opens a later session would bound nothing of what this one was told."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mx\r\n")
        server, asked = mail_server(), 0
        while line := await reader.readline():
            asked += line.startswith(b"RCPT")
            later = line.startswith(b"RCPT") and asked > 1
            writer.write(YES if later else server.answer(line) or b"")

    world = lab(_1_1=mail_server(behave=behave))
    world.domain("firma.example", "bad-1 bad-2 ok-1 ok-2", MX)
    reasons = world.reasons()
    assert reasons.pop("bad-1@firma.example") == "mailbox_not_found"
    assert set(reasons.values()) == {"acceptance_unproven"}


def test_at_the_end_of_the_night_nobody_inherits_a_yes(
    lab: Callable[..., Lab],
    mail_server: type[MailServer],
) -> None:
    world = lab(_1_1=mail_server(rcpt=turning(NO, YES)))
    world.settings = replace(world.settings, horizon=100.0)
    world.domain("firma.example", PEOPLE, MX)
    reasons = world.reasons()
    assert len(deliverable(reasons)) == 1
    assert set(reasons.values()) == {"mailbox_accepted", "acceptance_unproven"}


@pytest.mark.parametrize(
    ("sentinels", "expected"),
    [
        ((NO,), ("mailbox_accepted",)),
        ((YES,), ("accepts_all",)),
        ((b"252 cannot verify\r\n",), ("acceptance_unproven",)),
        ((b"551 not local\r\n",), ("mailbox_accepted",)),  # refused, whatever the words
        ((LATER,), ("acceptance_unproven",)),  # put off for ever
        ((LATER, NO), ("mailbox_accepted",)),  # put off, and then refused
        ((LATER, YES), ("accepts_all",)),
        ((None,), ("acceptance_unproven", "temporary_failure")),  # never answered
        ((b"550 5.7.1 policy\r\n",), ("acceptance_unproven", "policy_refusal")),  # about us
        ((b"552 5.2.2 mailbox full\r\n",), ("mailbox_accepted",)),  # refused all the same
    ],
    ids=str,
)
def test_what_becomes_of_acceptances(
    lab: Callable[..., Lab],
    mail_server: type[MailServer],
    sentinels: tuple[bytes | None, ...],
    expected: tuple[str, ...],
) -> None:
    world = lab(_1_1=mail_server(rcpt=turning(*sentinels)))
    world.domain("firma.example", "ok-1 ok-2", MX)
    assert set(world.reasons().values()) <= set(expected)


def test_acceptances_whose_host_goes_away_are_not_believed(
    lab: Callable[..., Lab],
    mail_server: type[MailServer],
) -> None:
    # It accepts, puts the sentinel off, and greets nobody from the second session on.
    first = mail_server(rcpt=turning(LATER))
    usual = first._converse  # noqa: SLF001  the usual, once

    async def behave(reader: object, writer: object) -> None:
        if first.sessions == 1:
            await usual(reader, writer)  # type: ignore[arg-type]  # streams, as it was given

    first.behave = behave
    world = lab(_1_1=first, _2_1=mail_server())
    world.domain("firma.example", "ok-1 ok-2", MX, NEXT_MX)
    assert set(world.reasons().values()) == {"acceptance_unproven"}


@pytest.mark.parametrize(("age", "asked_again"), [(29.0, False), (31.0, True)])
def test_a_sentinel_lives_for_thirty_days(
    lab: Callable[..., Lab],
    mail_server: type[MailServer],
    age: float,
    *,
    asked_again: bool,
) -> None:
    server = mail_server()
    world = lab(_1_1=server)
    world.domain("firma.example", "ok-1", MX, provider="google_workspace")
    memory = Memory(proven={(MX, "firma.example"): world.clock.now() - age * DAY})
    assert world.reasons(memory=memory) == {"ok-1@firma.example": "mailbox_accepted"}
    assert any(is_sentinel(address) for address in server.asked()) is asked_again


def test_a_sentinel_belongs_to_one_domain_and_one_address(
    lab: Callable[..., Lab],
    mail_server: type[MailServer],
) -> None:
    server = mail_server()
    world = lab(_1_1=server)
    for name in ("a.example", "b.example"):
        world.domain(name, "ok-1", MX, provider="google_workspace")
    other = {(NEXT_MX, "a.example"): world.clock.now(), (MX, "c.example"): world.clock.now()}
    world.reasons(memory=Memory(proven=other))
    asked = {address for address in server.asked() if is_sentinel(address)}
    assert {address.partition("@")[2] for address in asked} == {"a.example", "b.example"}
    assert len(asked) == 2


def test_sentinels_count_in_every_budget(
    lab: Callable[..., Lab],
    mail_server: type[MailServer],
    list_journal: type[ListJournal],
) -> None:
    world, journal = lab(_1_1=mail_server()), list_journal()
    world.domain("firma.example", "ok-1", MX)
    report = world.probe(journal=journal).report
    figures = report.providers["other"]
    assert (figures.recipients, figures.sentinels, figures.refusals) == (1, 1, 1)
    asked = remember(journal.payloads, load_providers()).asked[MX]
    assert [refused for _, refused in asked] == [False, True]


@pytest.mark.parametrize(
    ("rcpt", "quit_reply", "proven"),
    [
        (turning(NO), b"221 bye\r\n", True),
        (turning(NO, YES), b"221 bye\r\n", False),  # it has turned since
        (turning(NO), b"250 ok\r\n", False),  # void: one reply too many
    ],
    ids=["refused", "turned", "void"],
)
def test_what_a_later_run_takes_for_proven(
    lab: Callable[..., Lab],
    mail_server: type[MailServer],
    list_journal: type[ListJournal],
    rcpt: Callable[[str], bytes | None],
    quit_reply: bytes,
    *,
    proven: bool,
) -> None:
    world = lab(_1_1=mail_server(rcpt=rcpt, replies={"QUIT": quit_reply}))
    world.domain("firma.example", "ok-1 ok-2", MX)
    journal = list_journal()
    world.probe(journal=journal)
    memory = remember(journal.payloads, load_providers())
    assert ((MX, "firma.example") in memory.proven) is proven


def test_what_is_said_of_a_host_is_no_verdict() -> None:
    with pytest.raises(ValueError, match="tells no mailbox"):
        Ruling(Reason.MAILBOX_NOT_FOUND, Scope.HOST, "wrong")
