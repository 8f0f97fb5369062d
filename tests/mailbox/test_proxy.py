"""Asking through a SOCKS5 proxy: its own faults are ours, and nobody's mailbox pays for them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.mailbox.probe import ProbeResult
from checks.mailbox.proxy import Exchange, Login, Proxy, ProxyError, connect, greet
from sandbox.socks import SocksServer
from tests.mailbox.conftest import Lab, MailServer

SECRET = ("prober", "not in any log")
OK_IPV4 = [b"\x05\x00\x00\x01", b"\x00" * 6]


def handshake(login: Login | None) -> Generator[Exchange, bytes, None]:
    """Return both halves of the handshake."""
    yield from greet(login)
    yield from connect("2001:db8::1", 25)


def exchanged(answers: list[bytes], login: Login | None = None) -> list[Exchange]:
    """Drive the handshake with a proxy's answers; return what it wanted."""
    steps = handshake(login)
    wanted = [next(steps)]
    for answer in answers:
        try:
            wanted.append(steps.send(answer))
        except StopIteration:
            return wanted
    message = "the handshake did not end"
    raise AssertionError(message)


def test_the_address_is_sent_as_a_literal_and_never_by_name() -> None:
    wanted = exchanged([b"\x05\x00", *OK_IPV4])
    assert wanted[1].line == b"\x05\x01\x00\x04\x20\x01\x0d\xb8" + b"\x00" * 11 + b"\x01\x00\x19"


def test_a_bound_name_is_read_to_its_end_and_no_byte_further() -> None:
    wanted = exchanged([b"\x05\x00", b"\x05\x00\x00\x03", b"\x09", b"x" * 11])
    assert [each.wanted for each in wanted] == [2, 4, 1, 11]


def test_user_and_password_go_out_only_where_they_are_asked_for() -> None:
    login = Login("ana", "secret")
    told = exchanged([b"\x05\x02", b"\x01\x00", *OK_IPV4], login)
    assert told[1].line == b"\x01\x03ana\x06secret"
    untold = exchanged([b"\x05\x00", *OK_IPV4], login)
    assert not any(b"secret" in each.line for each in untold)
    assert "secret" not in repr(Proxy("127.0.0.1", 1080, login))


@pytest.mark.parametrize(
    ("answers", "fault"),
    [
        pytest.param([b"\x04\x00"], ProxyError, id="socks 4"),
        pytest.param([b"HT"], ProxyError, id="a web server"),
        pytest.param([b"\x05\xff"], ProxyError, id="no way to log in"),
        pytest.param([b"\x05\x02"], ProxyError, id="wants a password we have not"),
        pytest.param([b"\x05\x00", b"\x05\x02\x00\x01"], ProxyError, id="its rules forbid it"),
        pytest.param([b"\x05\x00", b"\x05\x07\x00\x01"], ProxyError, id="knows no CONNECT"),
        pytest.param([b"\x05\x00", b"\x05\x00\x00\x09"], ProxyError, id="an unknown kind"),
        pytest.param([b"\x05\x00", b"\x05\x01\x00\x01"], OSError, id="general failure"),
        pytest.param([b"\x05\x00", b"\x05\x05\x00\x01"], OSError, id="the host refuses"),
    ],
)
def test_faults_of_the_proxy_are_told_from_those_of_the_host(
    answers: list[bytes], fault: type[Exception]
) -> None:
    with pytest.raises(fault):
        exchanged(answers)


@given(st.lists(st.binary(min_size=20, max_size=20), min_size=5, max_size=5))
def test_no_answer_makes_the_handshake_fail_in_another_way(noise: list[bytes]) -> None:
    steps = handshake(Login("a", "b"))
    wanted = next(steps)
    try:
        for answer in noise:
            assert 0 < wanted.wanted <= 257
            wanted = steps.send((answer * 13)[: wanted.wanted])
    except (ProxyError, ConnectionRefusedError, StopIteration):
        pass


def probed(lab: Lab, server: SocksServer, login: Login | None = None) -> ProbeResult:
    """Probe the lab through a proxy."""

    async def probe() -> ProbeResult:
        async with server.serve() as port:
            proxy = Proxy("127.0.0.1", port, login, patience=(0.01,))
            lab.settings = replace(lab.settings, proxy=proxy)
            return await lab._probe()  # noqa: SLF001  the same probe, on a loop of our own

    return asyncio.run(probe())


def reasons(result: ProbeResult) -> dict[str, str]:
    """Return the reason of each address."""
    return dict(result.findings.select("address", "reason").iter_rows())


@pytest.mark.parametrize("login", [None, SECRET], ids=["open", "with a password"])
def test_answers_through_a_proxy_are_those_without_it(
    lab: Callable[..., Lab], login: tuple[str, str] | None
) -> None:
    straight = lab(_1_1=MailServer())
    straight.domain("a.example", "ok-1 gone-2 full-3", "127.9.1.1")
    through = lab(_1_1=MailServer())
    through.rows = straight.rows
    server = SocksServer(login=login)
    found = probed(through, server, Login(*login) if login else None)
    assert reasons(found) == straight.reasons()
    assert set(server.reached) == {"127.9.1.1"}
    assert found.report.degraded is None


@pytest.mark.parametrize(
    "server",
    [
        pytest.param(SocksServer(login=SECRET), id="wrong password"),
        pytest.param(SocksServer(answers=2), id="its rules forbid it"),
        pytest.param(SocksServer(silent=True), id="it says nothing"),
    ],
)
def test_a_proxy_that_fails_condemns_nobody_and_ends_the_asking(
    lab: Callable[..., Lab], server: SocksServer
) -> None:
    many = lab()
    many.settings = replace(many.settings, deadlines=replace(many.settings.deadlines, connect=0.05))
    for number in range(30):
        many.domain(f"d{number}.example", "ok-1 gone-2", f"127.9.{number}.1")
    found = probed(many, server)
    assert set(reasons(found).values()) == {"no_connection"}
    assert found.report.degraded is not None
    assert "proxy" in found.report.degraded
    assert "password" not in found.report.degraded


def test_a_dead_host_behind_a_good_proxy_is_nobodys_fault_but_its_own(
    lab: Callable[..., Lab],
) -> None:
    mixed = lab(_1_1=MailServer())
    mixed.domain("alive.example", "ok-1 gone-2", "127.9.1.1")
    mixed.domain("dead.example", "ok-1", "127.9.2.1")
    found = probed(mixed, SocksServer())
    assert reasons(found)["gone-2@alive.example"] == "mailbox_not_found"
    assert reasons(found)["ok-1@dead.example"] == "no_connection"
    assert found.report.degraded is None


def test_a_proxy_and_source_addresses_exclude_each_other(lab: Callable[..., Lab]) -> None:
    with pytest.raises(ValueError, match="exclude each other"):
        replace(lab().settings, proxy=Proxy("127.0.0.1", 1080), source_addresses=("192.0.2.1",))
