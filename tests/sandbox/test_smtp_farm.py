"""Each personality shows its documented behaviour over a real socket."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from sandbox.personality import load_personalities
from sandbox.smtp_farm import Tempo

if TYPE_CHECKING:
    from tests.sandbox.conftest import Lab

MINUTE, HOUR = 60.0, 3_600.0


REPLIES = {
    # personality: what is said of exists@, nobody@, disabled@ and full@
    "gmail": ("250 2.1.5 OK", "550-5.1.1 The email", "550-5.2.1 The email", "452-|552-"),
    "outlook": ("250 2.1.5 Recipient OK", "550 5.5.0 Requested", "550 5.5.0", "452 4.2.2"),
    "yahoo": ("250 recipient", "250 recipient", "250 recipient", "250 recipient"),
    "uol": ("250 2.1.5 Ok", "550 5.1.1 <", "550 5.2.1 <", "452 4.2.2 <"),
    "bol": ("250 2.1.5 Ok", "550 5.1.1 <", "550 5.2.1 <", "452 4.2.2 <"),
    "terra": ("250 2.1.5 Ok", "550 5.1.1 5.1.1 <", "550 5.2.1 5.2.1", "452 4.2.2"),
    "icloud": ("250 2.1.5 Ok", "550 5.1.1 <", "550 5.1.1 <", "552 5.2.2 <"),
    "prodigy": ("250 2.1.5", "550 5.", "550 5.2.1", "452 4.2.2"),
    "workspace": ("250 2.1.5 OK", "550-5.1.1", "550-5.2.1", "452-|552-"),
    "m365": ("250 2.1.5 Recipient OK", "550 5.4.1 [", "550 5.4.1 [", "452 4.2.2"),
    "cpanel_shared": ("250 Accepted", "550 No Such User", "550 Account", "452|552"),
    "hostinger_titan": ("250", "550 5.1.1", "550 5.2.1", "452 4.2.2"),
    "zoho": ("250", "550 5.1.1", "550 5.1.1", "452 4.2.2"),
    "godaddy": ("250", "550 5.1.1", "550 5.2.1", "452 4.2.2"),
    "proofpoint": ("250", "550 5.1.1", "550 5.2.1", "452 4.2.2"),
    "cisco": ("250 recipient", "550 #5.1.0 Address rejected.", "550 5.2.1", "452 4.2.2"),
    "barracuda": ("250", "550 ", "550 5.2.1", "452 4.2.2"),
    "postfix": ("250", "550 ", "550 ", "452 "),
    "exim": ("250 Accepted", "550 ", "550 ", "452 "),
    "exchange": ("250 2.1.5", "550 5.1.1", "550 5.2.1", "452 4.2.2"),
    "squat": ("250 OK", "250 OK", "250 OK", "250 OK"),
    "policy": ("55", "55", "55", "55"),
}


@pytest.mark.parametrize("personality", REPLIES)
def test_what_is_said_of_mailboxes(lab: Lab, personality: str) -> None:
    domain = lab.domain(personality)
    caller = lab.call(domain)
    caller.hello()
    for who, starts in zip(
        ("exists", "nobody", "disabled", "full"), REPLIES[personality], strict=True
    ):
        assert caller.ask(f"{who}@{domain}").startswith(tuple(starts.split("|"))), who
    assert caller.leave().startswith("221")


def test_every_listening_personality_greets(lab: Lab) -> None:
    for name, kind in load_personalities().items():
        if kind.listens and name != "tripwire":
            caller = lab.call(lab.domain(name))
            assert caller.banner.startswith(kind.banner[:3]), name


@pytest.mark.parametrize("personality", ["no_listener", "dead_host"])
def test_dead_hosts_refuse_connections(lab: Lab, personality: str) -> None:
    with pytest.raises(ConnectionRefusedError):
        lab.call(lab.domain(personality))


@pytest.mark.parametrize(
    ("personality", "start"), [("blocked", "554 5.7.1"), ("busy", "421 4.3.2")]
)
def test_banner_refuses_and_closes(lab: Lab, personality: str, start: str) -> None:
    caller = lab.call(lab.domain(personality))
    assert caller.banner.startswith(start)
    assert caller.read() == ""


@pytest.mark.parametrize(
    "personality", ["m365", "workspace", "locaweb", "cpanel_shared", "postfix"]
)
def test_accept_all_domains_accept_the_unknown(lab: Lab, personality: str) -> None:
    domain = f"all.{lab.domain(personality)}"
    lab.ask(f"nobody@{domain}")
    lab.clock.advance(lab.clock.now() + 10 * MINUTE)  # some greylist
    assert lab.ask(f"nobody@{domain}").startswith("250")


@pytest.mark.parametrize(
    ("personality", "address", "minutes"),
    [("postgrey", "exists", 5), ("mimecast", "exists", 1)],
)
def test_greylists_open_after_their_time(
    lab: Lab, personality: str, address: str, minutes: float
) -> None:
    """Put off at first, still when asked too soon, answered after the delay, for bad ones too."""
    target = f"{address}@{lab.domain(personality)}"
    assert lab.ask(target).startswith("45")
    lab.clock.advance(lab.clock.now() + minutes * MINUTE - 1)
    assert lab.ask(target).startswith("45")
    lab.clock.advance(lab.clock.now() + 2)
    assert lab.ask(target).startswith("250")
    missing = f"nobody@{lab.domain(personality)}"
    assert lab.ask(missing).startswith("45")
    lab.clock.advance(lab.clock.now() + minutes * MINUTE + 1)
    assert lab.ask(missing).startswith("550")


def test_greylists_forget_after_two_days(lab: Lab) -> None:
    target = f"exists@{lab.domain('postgrey')}"
    lab.ask(target)
    lab.clock.advance(lab.clock.now() + 49 * HOUR)
    assert lab.ask(target).startswith("450")


def test_greylist_belongs_to_sender_and_network(lab: Lab) -> None:
    """Another network starts anew; another address of the same network does not."""
    target = f"exists@{lab.domain('postgrey')}"
    lab.ask(target)
    lab.clock.advance(lab.clock.now() + 6 * MINUTE)
    assert lab.ask(target, client="127.0.0.9").startswith("250")
    assert lab.ask(target, client="127.0.7.1").startswith("450")


def test_uol_throttles_at_recipients(lab: Lab) -> None:
    """The 31st recipient of a minute is put off with words that sound like absence."""
    domain = lab.domain("uol")
    caller = lab.call(domain)
    caller.hello()
    replies = [caller.ask(f"exists{i}@{domain}") for i in range(2, 33)]
    assert all(reply.startswith("250") for reply in replies[:30])
    assert replies[30].startswith("450 4.7.1 <")
    assert "Recipient address rejected" in replies[30]
    lab.clock.advance(lab.clock.now() + MINUTE + 1)
    assert caller.ask(f"exists40@{domain}").startswith("250")


def test_uol_shuts_out_who_asks_for_too_many_unknown(lab: Lab) -> None:
    """Over 10 % unknown of at least 50: refused at the banner for a day."""
    domain = lab.domain("uol")
    for part in range(2):
        caller = lab.call(domain)
        caller.hello()
        for i in range(26):
            bad = i % 8 == 0
            caller.ask(f"nobody{part}-{i}@{domain}" if bad else f"exists{i + 2}@{domain}")
        caller.leave()
        lab.clock.advance(lab.clock.now() + 2 * MINUTE)
    assert lab.call(domain).banner.startswith("554 5.7.1 MX-UOL")
    lab.clock.advance(lab.clock.now() + 25 * HOUR)
    assert lab.call(domain).banner.startswith("220")


def test_outlook_slows_after_ten_refusals(lab: Lab) -> None:
    domain = lab.domain("outlook")
    caller = lab.call(domain)
    caller.hello()
    for i in range(10):
        assert caller.ask(f"nobody{i}@{domain}").startswith("550")
    assert caller.ask(f"exists@{domain}").startswith("451 4.7.650")


def test_cpanel_drops_after_four_refusals(lab: Lab) -> None:
    domain = lab.domain("cpanel_shared")
    caller = lab.call(domain)
    caller.hello()
    assert all(caller.ask(f"nobody{i}@{domain}").startswith("550") for i in range(4))
    assert caller.ask(f"nobody5@{domain}") == ""


def test_postfix_ends_the_session_at_twenty_errors(lab: Lab) -> None:
    domain = lab.domain("hostinger_titan")
    caller = lab.call(domain)
    caller.hello()
    replies = [caller.ask(f"nobody{i}@{domain}") for i in range(20)]
    assert all(reply.startswith("550") for reply in replies[:19])
    assert replies[19].startswith("421 4.7.0")
    assert caller.read() == ""


def test_postfix_under_stress_ends_at_the_first_error(lab: Lab) -> None:
    domain = lab.domain("postfix_stress")
    caller = lab.call(domain)
    caller.hello()
    assert caller.ask(f"nobody@{domain}").startswith("421 4.7.0")


def test_cisco_accepts_silently_after_its_threshold(lab: Lab) -> None:
    """After 25 unknown in an hour everything is accepted; an hour later it is honest again."""
    domain = lab.domain("cisco")
    caller = lab.call(domain)
    caller.hello()
    assert all(caller.ask(f"nobody{i}@{domain}").startswith("550") for i in range(25))
    assert caller.ask(f"nobody99@{domain}").startswith("250")
    lab.clock.advance(lab.clock.now() + HOUR + 1)
    assert caller.ask(f"nobody98@{domain}").startswith("550")


def test_other_harvest_defences_drop_or_block(lab: Lab) -> None:
    dropping = lab.domain("cisco_drop")
    caller = lab.call(dropping)
    caller.hello()
    for i in range(25):
        caller.ask(f"nobody{i}@{dropping}")
    assert caller.ask(f"nobody99@{dropping}") == "550 Too many invalid recipients"
    assert caller.read() == ""
    blocking = lab.domain("trend")
    caller = lab.call(blocking)
    caller.hello()
    for i in range(21):
        caller.ask(f"nobody{i}@{blocking}")
    assert lab.call(blocking).banner.startswith("421 4.7.1")


def test_connection_limits(lab: Lab) -> None:
    domain = lab.domain("godaddy")
    banners = [lab.call(domain).banner[:3] for _ in range(4)]
    assert banners == ["220", "220", "220", "421"]


def test_unsteady_hosts_answer_at_the_second_ask(lab: Lab) -> None:
    target = f"exists@{lab.domain('slow_filter')}"
    assert lab.ask(target).startswith("451")
    assert lab.ask(target).startswith("250")


def test_exchange_takes_its_time_with_refusals(make_lab: Callable[..., Lab]) -> None:
    """Five seconds a refusal, here scaled to a tenth of one."""
    lab = make_lab(Tempo(io_scale=0.02))
    domain = lab.domain("exchange")
    caller = lab.call(domain)
    caller.hello()
    caller.ask(f"exists@{domain}")
    between = time.monotonic()
    caller.ask(f"nobody@{domain}")
    assert time.monotonic() - between >= 0.1


def test_reply_delay_plays_round_trips(make_lab: Callable[..., Lab]) -> None:
    lab = make_lab(Tempo(io_scale=0.0, reply_delay=0.05))
    began = time.monotonic()
    assert lab.ask(f"exists@{lab.domain('gmail')}").startswith("250")
    assert time.monotonic() - began >= 5 * 0.05  # banner, EHLO, MAIL, RCPT, QUIT


def test_answers_repeat_in_another_farm(make_lab: Callable[..., Lab]) -> None:
    """The same addresses in another order get the same replies."""
    one, two = make_lab(), make_lab()
    names = ("gmail", "m365", "postfix", "exim", "icloud")
    addresses = [f"{who}@{one.domain(name)}" for name in names for who in ("exists", "nobody")]
    first = {address: one.ask(address) for address in addresses}
    second = {address: two.ask(address) for address in reversed(addresses)}
    assert first == second


def test_many_sessions_at_once(make_lab: Callable[..., Lab]) -> None:
    """Two hundred sessions at different servers are all served."""
    lab = make_lab(Tempo(io_scale=0.0))

    async def one(number: int) -> bytes:
        domain = lab.domain("postfix" if number % 2 else "exim")
        ip = lab.world.addresses_of(domain)[0]
        reader, writer = await asyncio.open_connection(ip, lab.endpoints.smtp_port)
        await reader.readline()
        writer.write(b"QUIT\r\n")
        reply = await reader.readline()
        writer.close()
        return reply[:3]

    async def everyone() -> list[bytes]:
        return await asyncio.gather(*(one(number) for number in range(200)))

    assert set(asyncio.run(everyone())) == {b"221"}
