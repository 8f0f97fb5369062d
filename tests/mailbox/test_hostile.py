"""Hostile servers: every session ends in time, and says the truth or nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from checks.mailbox.session import Deadlines

if TYPE_CHECKING:
    from tests.mailbox.conftest import Lab, MailServer

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

MX = "127.9.1.1"
SECONDS = 2.0  # banner 0.4, replies 0.4, session 1.5: all of it scaled by about a hundred
RETRIES = 4  # a session, and its retries at 360, 1,800 and 7,200 virtual seconds


async def endless_banner(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"220-" + b"x" * 70 + b"\r\n")
        await writer.drain()


async def one_byte_at_a_time(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    for byte in b"220 " + b"x" * 2_000:
        writer.write(bytes([byte]))
        await asyncio.sleep(0.05)


async def silence(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


async def instant_close(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def reset(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def half_a_code(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"22")
    await writer.drain()


async def never_a_line_end(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"2" * 65_536)
        await writer.drain()


def says(banner: bytes) -> Behaviour:
    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(banner)
        await reader.read()

    return behave


@pytest.mark.parametrize(
    ("behave", "reason"),
    [
        pytest.param(silence, "no_connection", id="S03 silence"),
        pytest.param(instant_close, "no_connection", id="S04 FIN at once"),
        pytest.param(reset, "no_connection", id="S05 RST at once"),
        pytest.param(half_a_code, "protocol_error", id="S06 half a code"),
        pytest.param(says(b"SSH-2.0-OpenSSH_9.7\r\n"), "protocol_error", id="S12 SSH"),
        pytest.param(says(b"HTTP/1.1 400 Bad\r\n\r\n"), "protocol_error", id="S13 HTTP"),
        pytest.param(says(b"\x15\x03\x01\x00\x02\x02\x46\n"), "protocol_error", id="S14 TLS"),
        pytest.param(endless_banner, "protocol_error", id="S16 endless banner"),
        pytest.param(one_byte_at_a_time, "no_connection", id="S18 one byte at a time"),
        pytest.param(never_a_line_end, "protocol_error", id="S19 a line without end"),
        pytest.param(says(b"220 mx\r\n250 injected\r\n"), "protocol_error", id="two replies"),
        pytest.param(says(b"220 probe.example.com ESMTP\r\n"), "protocol_error", id="S97 us"),
        pytest.param(
            says(b"554 5.7.1 blocked using zen.example\r\n"), "our_side_blocked", id="S09 blocked"
        ),
        pytest.param(says(b"421 4.7.0 too many connections\r\n"), "rate_limited", id="S10 421"),
        pytest.param(says(b"450 busy\r\n"), "rate_limited", id="S11 busy"),
    ],
)
def test_a_bad_greeting_condemns_nobody_and_ends_in_time(
    lab: Callable[..., Lab],
    mail_server: type[MailServer],
    behave: Behaviour,
    reason: str,
) -> None:
    world = lab(_1_1=mail_server(behave=behave))
    world.domain("firma.example", "ok-1 bad-1", MX)
    began = time.monotonic()
    assert set(world.reasons().values()) == {reason}
    assert time.monotonic() - began < RETRIES * SECONDS


def rcpt_replies(*replies: bytes | None) -> Callable[[str], bytes | None]:
    """Answer the n-th RCPT of all with the n-th reply, later ones with the last."""
    said = iter(replies)
    last: list[bytes | None] = [None]

    def answer(_: str) -> bytes | None:
        last[0] = next(said, last[0])
        return last[0]

    return answer


PROTO = "protocol_error"


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (b"250 ok\n", PROTO),
        (b"250 ok\r\r\n", PROTO),
        (b"250ok\r\n", PROTO),
        (b"25\r\n", PROTO),
        (b"2500 ok\r\n", PROTO),
        (b"+25 x\r\n", PROTO),
        (b"650 x\r\n", PROTO),
        (b"\r\n", PROTO),
        (b"550-no\r\n250 yes\r\n", PROTO),
        (b"250-yes\r\n550 no\r\n", PROTO),
        (b"250 ok\r\n221 bye\r\n", PROTO),
        (b"250 ok\r\n550 no\r\n", PROTO),
        (b"354 go ahead\r\n", PROTO),
        (b"220 again\r\n", PROTO),
        (b"250 5.1.1 strange\r\n", "accepts_all"),  # the code rules, the enhanced one is dropped
        (b"550 2.1.5 no such user\r\n", "mailbox_not_found"),
        (b"550 5.1.1 \x1b[2J\xff\x00<script>\r\n", "mailbox_not_found"),
        (b"252 who knows\r\n", "acceptance_unproven"),
        (b"551 user not local\r\n", "ambiguous_reply"),
        (b"550 5.1.8 sender rejected\r\n", "our_side_blocked"),
        (b"550 5.7.1 policy\r\n", "policy_refusal"),
        (b"550 5.1.1 no, see spamhaus\r\n", "our_side_blocked"),
        (b"550-5.1.1 rejected\r\n550 5.7.1 by a filter\r\n", "ambiguous_reply"),
        (b"550 5.1.1 Rejeitado por pol\xedtica\r\n", "policy_refusal"),  # Latin-1
        (b"550 Usu\xe1rio n\xe3o existe\r\n", "mailbox_not_found"),
        # It is our own address that they do not find, by a callback that they say nothing of.
        (b"550 5.1.1 <probe@example.com>: User unknown\r\n", "our_side_blocked"),
        (b"550 no such user: Probe@Example.com\r\n", "our_side_blocked"),
        (b"550 5.1.1 ok-1 unknown, from <probe@example.com>\r\n", "mailbox_not_found"),
        (b"452 4.5.3 too many recipients\r\n", "rate_limited"),
        (b"451 4.7.1 greylisted\r\n", "greylisted"),
        (None, "temporary_failure"),  # closed without a word, twice
    ],
    ids=str,
)
def test_an_answer_to_rcpt_is_the_truth_or_nothing(
    lab: Callable[..., Lab],
    mail_server: type[MailServer],
    reply: bytes | None,
    reason: str,
) -> None:
    world = lab(_1_1=mail_server(rcpt=rcpt_replies(reply)))
    world.domain("firma.example", "ok-1", MX)
    assert world.reasons() == {"ok-1@firma.example": reason}


@pytest.mark.parametrize(
    ("verb", "reply", "reason"),
    [
        ("EHLO", b"550 go away\r\n", "mailbox_accepted"),  # HELO is still taken
        ("EHLO", b"250-mx\r\n" * 5_000 + b"250 x\r\n", PROTO),
        ("EHLO", b"250-mx\r\n250-SIZE -1\r\n250 AUTH =X\r\n", "mailbox_accepted"),
        ("EHLO", b"250 probe.example.com\r\n", PROTO),  # we have called ourselves
        ("MAIL", b"250 ok\r\n250 injected\r\n", PROTO),  # else 550 would move by one address
        ("MAIL", b"334 more\r\n", PROTO),
        ("MAIL", b"530 5.7.0 Must issue STARTTLS\r\n", PROTO),  # and then 250 to STARTTLS
        ("MAIL", b"530 5.7.0 Authentication required\r\n", "policy_refusal"),
        ("MAIL", b"550 5.7.23 SPF\r\n", "our_side_blocked"),
        ("MAIL", b"451 later\r\n", "rate_limited"),
        ("QUIT", b"", "mailbox_accepted"),  # a farewell that never comes
        ("QUIT", b"250 ok\r\n", PROTO),  # an answer to an earlier question
    ],
)
def test_other_stages(
    lab: Callable[..., Lab],
    mail_server: type[MailServer],
    verb: str,
    reply: bytes,
    reason: str,
) -> None:
    world = lab(_1_1=mail_server(replies={verb: reply}))
    world.domain("firma.example", "ok-1", MX)
    assert world.reasons() == {"ok-1@firma.example": reason}


def test_verdicts_do_not_move_by_one_when_a_reply_comes_unasked(
    lab: Callable[..., Lab],
    mail_server: type[MailServer],
) -> None:
    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mx\r\n")
        server = mail_server()
        while line := await reader.readline():
            writer.write(server.answer(line) or b"")
            if line.startswith(b"MAIL"):
                await asyncio.sleep(0.01)
                writer.write(b"250 unasked\r\n")

    world = lab(_1_1=mail_server(behave=behave))
    world.domain("firma.example", "ok-1 bad-1 ok-2 bad-2", MX)
    assert set(world.reasons().values()) == {PROTO}


@pytest.mark.parametrize("people", ["bad-1", "bad-1 ok-1", "ok-1 bad-1 ok-2 bad-2"])
def test_nor_where_each_refusal_takes_longer_than_the_one_before(
    lab: Callable[..., Lab],
    mail_server: type[MailServer],
    people: str,
) -> None:
    """S47 and S83 together: the reply that would show the shift comes later than any before."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mx\r\n")
        server, refusals = mail_server(), 0
        while line := await reader.readline():
            reply = server.answer(line) or b""
            refusals += reply.startswith(b"5")
            await asyncio.sleep(0.2 * refusals if reply.startswith(b"5") else 0.0)
            writer.write(reply)
            if line.startswith(b"MAIL"):
                asyncio.get_running_loop().call_later(0.08, writer.write, b"250 unasked\r\n")

    world = lab(_1_1=mail_server(behave=behave))
    patient = Deadlines(connect=1, banner=1.0, reply=1.2, quit=0.2, write=0.3, session=5.0)
    world.settings = replace(world.settings, deadlines=patient)
    world.domain("firma.example", people, MX)
    assert set(world.reasons().values()) == {PROTO}


def test_nor_where_the_host_falls_silent_after_a_stray_reply(
    lab: Callable[..., Lab],
    mail_server: type[MailServer],
) -> None:
    """S47 on a machine that stands still for a while: no farewell shows the shift."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mx\r\n")
        server, asked = mail_server(), 0
        while line := await reader.readline():
            asked += line.startswith(b"RCPT")
            if asked > 1:
                await asyncio.sleep(1.0)
            if asked == 1:
                await asyncio.sleep(0.1)
                writer.write(b"250 unasked\r\n")
                await asyncio.sleep(0.1)
            writer.write(server.answer(line) or b"")

    world = lab(_1_1=mail_server(behave=behave))
    world.domain("firma.example", "bad-1 bad-2 ok-1", MX)
    assert not {"mailbox_accepted", "mailbox_not_found"} & set(world.reasons().values())


def test_a_recipient_lost_in_doubt_is_asked_once_more(
    lab: Callable[..., Lab],
    mail_server: type[MailServer],
) -> None:
    server = mail_server(rcpt=rcpt_replies(None, b"550 5.1.1 no such user\r\n"))
    world = lab(_1_1=server)
    world.domain("firma.example", "bad-1", MX)
    assert world.reasons() == {"bad-1@firma.example": "mailbox_not_found"}
    assert server.asked() == ["bad-1@firma.example"] * 2


def test_a_421_keeps_the_answers_before_it(
    lab: Callable[..., Lab],
    mail_server: type[MailServer],
) -> None:
    replies = (b"550 5.1.1 no\r\n", b"421 4.7.0 enough\r\n", b"550 5.1.1 no\r\n")
    world = lab(_1_1=mail_server(rcpt=rcpt_replies(*replies)))
    world.domain("firma.example", "bad-1 bad-2", MX)
    assert set(world.reasons().values()) == {"mailbox_not_found"}


def test_replies_cut_into_single_bytes_are_read(
    lab: Callable[..., Lab],
    mail_server: type[MailServer],
) -> None:
    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server, line = mail_server(), b"BANNER"
        while line:
            reply = b"220 mx\r\n" if line == b"BANNER" else server.answer(line) or b""
            for byte in reply:
                writer.write(bytes([byte]))
                await asyncio.sleep(0.001)
            line = await reader.readline()

    world = lab(_1_1=mail_server(behave=behave))
    world.domain("firma.example", "ok-1 bad-1", MX)
    assert set(world.reasons().values()) == {"mailbox_accepted", "mailbox_not_found"}


@pytest.mark.parametrize("ip", ["127.0.0.1", "169.254.169.254", "10.0.0.1", "::1", "not an ip"])
def test_a_refused_address_is_never_connected_to(
    lab: Callable[..., Lab],
    mail_server: type[MailServer],
    ip: str,
) -> None:
    world = lab(_1_1=mail_server())
    world.refuse_everything()
    world.domain("firma.example", "ok-1", ip)
    assert world.reasons() == {"ok-1@firma.example": "no_connection"}


@pytest.mark.parametrize(
    "address",
    [
        "ok-1@firma.example\r\nRCPT TO:<v@e.example>",
        "ok-1@firma.example> NOTIFY=SUCCESS",
        '"ok 1"@firma.example',
        "ok-1@firma.example,ok-2@firma.example",
        "ok\x00@firma.example",
        "olá@firma.example",
        "a" * 65 + "@firma.example",
    ],
)
def test_an_address_that_is_no_plain_atom_is_not_put_on_the_wire(
    lab: Callable[..., Lab],
    mail_server: type[MailServer],
    address: str,
) -> None:
    server = mail_server()
    world = lab(_1_1=server)
    world.rows.append((address, "firma.example", "other", [], [MX]))
    assert world.reasons() == {address: "not_asked_policy"}
    assert server.heard == []


def test_manners(lab: Callable[..., Lab], mail_server: type[MailServer]) -> None:
    """Nothing before the banner, one line a reply, only our verbs, QUIT at the end."""
    early: list[bytes] = []

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.1)
        early.append(bytes(reader._buffer))  # type: ignore[attr-defined]  # noqa: SLF001
        await server._converse(reader, writer)  # noqa: SLF001  the usual, a little later

    server = mail_server(behave=behave)
    world = lab(_1_1=server)
    world.domain("firma.example", "ok-1 bad-1", MX)
    world.reasons()
    assert set(early) == {b""}
    assert server.verbs() == {"CONNECT", "EHLO", "MAIL", "RCPT", "QUIT"}
    assert server.heard[-1][2] == b"QUIT\r\n"
    assert all(line.endswith(b"\r\n") for _, _, line in server.heard if line != b"CONNECT")


def test_evidence_holds_no_address(lab: Callable[..., Lab], mail_server: type[MailServer]) -> None:
    echo = mail_server(rcpt=lambda address: f"550 5.1.1 <{address}>: {address}?\r\n".encode())
    world = lab(_1_1=echo)
    world.domain("firma.example", "maria.silva", MX)
    evidence = world.probe().findings["evidence"][0]
    assert "maria" not in evidence
    assert '"smtp_code": 550' in evidence
