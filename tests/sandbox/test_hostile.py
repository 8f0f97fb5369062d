"""Hostile servers and names do to the byte what their case says."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import dns.exception
import dns.message
import dns.query
import dns.rcode
import polars as pl
import pytest

from sandbox.hostile_cases import load_cases
from sandbox.hostile_dns import load_dns_cases
from sandbox.journals import read_journals
from sandbox.smtp_farm import Tempo

if TYPE_CHECKING:
    from tests.sandbox.conftest import Lab


@pytest.fixture
def foes(make_lab: Callable[..., Lab]) -> Lab:
    return make_lab(hostile=True)


@pytest.fixture
def dial(foes: Lab) -> Iterator[Callable[[str], socket.socket]]:
    """Connect to a case without reading."""
    opened: list[socket.socket] = []

    def connect(name: str) -> socket.socket:
        address = (load_cases()[name].address, foes.endpoints.smtp_port)
        opened.append(socket.create_connection(address, timeout=5))
        return opened[-1]

    yield connect
    for each in opened:
        each.close()


def _after(server: socket.socket, *lines: bytes) -> bytes:
    """Read the banner, send lines one by one, return what comes after the last."""
    heard = server.recv(65_536)
    for line in lines:
        server.sendall(line + b"\r\n")
        heard = server.recv(65_536)
    return heard


HELLO = (b"EHLO x", b"MAIL FROM:<a@sandbox.example>")
ASK = (*HELLO, b"RCPT TO:<ok-1@x.example>")


@pytest.mark.parametrize(
    ("name", "lines", "heard"),
    [
        ("S06", (), b"22"),
        ("S09", (), b"554 5.7.1 Service unavailable; client blocked using zen.example\r\n"),
        ("S12", (), b"SSH-2.0-OpenSSH_9.7\r\n"),
        ("S14", (), b"\x15\x03\x01\x00\x02\x02F"),
        ("S23", ASK, b"250 ok\n"),
        ("S25", ASK, b"250 ok\r\r\n"),
        ("S27", ASK, b"250 o\x00k\r\n"),
        ("S28", ASK, b"250 \xff\xfe\xc3(\r\n"),
        ("S42", ASK, b"550-no\r\n250 yes\r\n"),
        ("S46", HELLO, b"250 ok\r\n250 injected\r\n"),
        ("S48", ASK, b"250 ok\r\n550 no\r\n250 ok\r\n"),
        ("S51", ASK, b"354 go ahead\r\n"),
        ("S55", (b"EHLO x", b"HELO x"), b"550 go away\r\n"),
        ("S60", (b"EHLO x", b"STARTTLS"), b"220 go\r\n250 injected\r\n"),
        ("S70", (*HELLO, b"RCPT TO:<full-1@x.example>"), b"452 4.2.2 mailbox full\r\n"),
        ("S70", (*HELLO, b"RCPT TO:<bad-1@x.example>"), b"550 5.1.1 user unknown\r\n"),
        ("S73", (*ASK, b"RCPT TO:<ok-2@x.example>"), b"452 4.5.3 too many recipients\r\n"),
        ("S80", (*ASK, b"RCPT TO:<ok-2@x.example>"), b"421 4.7.0 closing\r\n"),
        ("S81", ASK, b""),
    ],
)
def test_bytes_of_a_case(
    dial: Callable[[str], socket.socket], name: str, lines: tuple[bytes, ...], heard: bytes
) -> None:
    assert _after(dial(name), *lines) == heard


def test_no_listener(dial: Callable[[str], socket.socket]) -> None:
    with pytest.raises(ConnectionRefusedError):
        dial("S01")


@pytest.mark.parametrize("name", ["S05", "S82"])
def test_resets(dial: Callable[[str], socket.socket], name: str) -> None:
    with pytest.raises(ConnectionError):  # S05 may do so while we still connect
        _after(dial(name), *ASK)


@pytest.mark.parametrize("name", ["S16", "S19"])
def test_floods_do_not_end(dial: Callable[[str], socket.socket], name: str) -> None:
    server = dial(name)
    heard = sum(len(server.recv(65_536)) for _ in range(60))
    assert heard > 100_000


def test_silence(dial: Callable[[str], socket.socket]) -> None:
    server = dial("S03")
    server.settimeout(0.2)
    with pytest.raises(TimeoutError):
        server.recv(1)


def test_drips_come_byte_by_byte(dial: Callable[[str], socket.socket]) -> None:
    """Whoever reads late finds two bytes at once, but never a line."""
    server = dial("S18")
    heard = [server.recv(100) for _ in range(5)]
    assert 1 in map(len, heard)
    assert b"\n" not in b"".join(heard)


def test_talking_before_the_banner_is_answered(dial: Callable[[str], socket.socket]) -> None:
    server = dial("S08")
    server.sendall(b"EHLO x\r\n")
    heard = b""
    while more := server.recv(65_536):
        heard += more
    assert heard.endswith(b"554 5.5.1 Protocol error: talked before the greeting\r\n")


def test_refusals_get_slower(foes: Lab, dial: Callable[[str], socket.socket]) -> None:
    """The n-th comes after n times five seconds, here thousandths."""
    del foes
    server = dial("S83")
    _after(server, *ASK)
    began = time.monotonic()
    for _ in range(9):
        server.sendall(b"RCPT TO:<ok-2@x.example>\r\n")
        server.recv(65_536)
    assert time.monotonic() - began >= sum(range(2, 11)) * 0.005


@pytest.mark.parametrize(("name", "lines"), [("S91", ()), ("S83", ASK)], ids=["deaf", "slow"])
def test_a_busy_server_notes_at_once_that_its_caller_is_gone(
    make_lab: Callable[..., Lab], name: str, lines: tuple[bytes, ...]
) -> None:
    """It reads nothing for 0.6 s, or is not done with a refusal; its system hears the FIN."""
    foes = make_lab(Tempo(io_scale=0.02), hostile=True)
    address = (load_cases()[name].address, foes.endpoints.smtp_port)
    with socket.create_connection(address, timeout=5) as server:
        _after(server, *lines)
        server.sendall(b"RCPT TO:<ok-2@x.example>\r\n" * len(lines))
        time.sleep(0.1)
    ends = _ends(Path(foes.endpoints.journal))
    assert list(ends) == ["gone", "close"]
    assert ends["close"] - ends["gone"] > 0.1e9


def _ends(folder: Path) -> dict[str, int]:
    """Return when a session ended, once its close is written."""
    for _ in range(100):
        told = read_journals(folder).filter(pl.col("event").is_in(["gone", "close"]))
        if "close" in told["event"]:
            return dict(told.select("event", "ns").iter_rows())
        time.sleep(0.05)
    pytest.fail("the session does not end")


def test_every_case_is_documented() -> None:
    about = [(case.title, case.domain) for case in load_cases().values()]
    about += [(case.title, case.domain) for case in load_dns_cases().values()]
    assert all(title and domain.endswith(".hostile.example") for title, domain in about)
    expectations = {case.expect for case in load_cases().values()}
    assert expectations == {
        "ok",
        "invalid",
        "temp",
        "proto",
        "unreach",
        "blocked",
        "unknown",
        "refused",
    }


def _resolve(foes: Lab, name: str, *, tcp: bool = False) -> dns.message.Message:
    host, _, port = foes.endpoints.nameserver.rpartition(":")
    query = dns.message.make_query(load_dns_cases()[name].domain, "MX")
    ask = dns.query.tcp if tcp else dns.query.udp
    return ask(query, host, timeout=0.5, port=int(port))


@pytest.mark.parametrize(
    ("name", "rcode", "answers"),
    [
        ("D01", dns.rcode.NOERROR, 1),
        ("D03", dns.rcode.NOERROR, 0),
        ("D05", dns.rcode.NOERROR, 1),
        ("D13", dns.rcode.SERVFAIL, 2),
        ("D15", dns.rcode.NOERROR, 21),
        ("D16", dns.rcode.NOERROR, 1),
        ("D21", dns.rcode.SERVFAIL, 0),
        ("D22", dns.rcode.REFUSED, 0),
        ("D36", dns.rcode.NOERROR, 1),
    ],
)
def test_names_of_a_case(foes: Lab, name: str, rcode: dns.rcode.Rcode, answers: int) -> None:
    message = _resolve(foes, name, tcp=name == "D36")
    assert (message.rcode(), len(message.answer)) == (rcode, answers)


@pytest.mark.parametrize("name", ["D26", "D28"])
def test_names_that_time_out(foes: Lab, name: str) -> None:
    with pytest.raises(dns.exception.Timeout):
        _resolve(foes, name)


def test_the_third_question_arrives(foes: Lab) -> None:
    for _ in range(2):
        with pytest.raises(dns.exception.Timeout):
            _resolve(foes, "D27")
    assert _resolve(foes, "D27").answer


@pytest.mark.parametrize("name", ["D48", "D49"])
def test_malformed_messages(foes: Lab, name: str) -> None:
    with pytest.raises(dns.exception.DNSException):
        _resolve(foes, name, tcp=True)


@pytest.mark.parametrize("name", ["D30", "D31", "D32", "D34", "D35"])
def test_false_packets_come_first(foes: Lab, name: str) -> None:
    """Two datagrams: a strict client refuses the first, a patient one takes the second."""
    host, _, port = foes.endpoints.nameserver.rpartition(":")
    query = dns.message.make_query(load_dns_cases()[name].domain, "MX")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(2)
        client.connect((host, int(port)))
        client.send(query.to_wire())
        packets = [client.recv(4_096) for _ in range(5 if name == "D35" else 2)]
    for false in packets[:-1]:
        with pytest.raises((dns.exception.DNSException, AssertionError)):
            assert _answers(query, dns.message.from_wire(false))
    assert query.is_response(dns.message.from_wire(packets[-1]))


def _answers(query: dns.message.Message, heard: dns.message.Message) -> bool:
    """Tell whether a message answers a query and repeats it letter by letter."""
    return query.is_response(heard) and heard.question[0].name.to_text().islower()


def test_thousands_of_records_fit_one_message(foes: Lab) -> None:
    host, _, port = foes.endpoints.nameserver.rpartition(":")
    query = dns.message.make_query(load_dns_cases()["D45"].domain, "MX").to_wire()
    with socket.create_connection((host, int(port)), timeout=2) as client:
        client.sendall(len(query).to_bytes(2, "big") + query)
        with client.makefile("rb") as heard:
            size = int.from_bytes(heard.read(2), "big")
            assert len(heard.read(size)) == size > 65_000
