"""The audit finds each kind of rudeness, and none in a polite session."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

from sandbox.audit import audit
from sandbox.journals import SCHEMA, JournalWriter, read_journals
from sandbox.personality import load_personalities

if TYPE_CHECKING:
    from tests.sandbox.conftest import Lab


class Script:
    """Writes journals by hand: `tell` an event of a session at a policy time."""

    def __init__(self) -> None:
        """Begin with an empty journal."""
        self.rows: list[dict[str, object]] = []

    def tell(self, host: str, session: str, event: str, at: float = 0.0, **more: str) -> None:
        """Add one event."""
        place = len(self.rows)
        network = load_personalities()[host].network
        base = {"at": at, "ns": place, "host": host, "ip": f"127.{network}.0.1"}
        self.rows.append(
            {**base, "client": "127.0.0.1", "session": session, "event": event, **more}
        )

    def session(self, host: str, name: str, replies: list[str], at: float = 0.0) -> None:
        """One whole polite session with these replies to its recipients."""
        self.tell(host, name, "connect", at)
        self.tell(host, name, "banner", at, reply="220 hello")
        for verb in ("EHLO", "MAIL"):
            self.tell(host, name, "command", at, verb=verb, reply="250 ok")
        for place, reply in enumerate(replies):
            arg = f"TO:<{name}-{place}@x.example>"
            self.tell(host, name, "command", at, verb="RCPT", arg=arg, reply=reply)
        self.tell(host, name, "command", at, verb="QUIT", reply="221 bye")
        self.tell(host, name, "close", at, by="quit")

    def rules(self) -> set[str]:
        """Return the rules that the journal breaks."""
        frame = pl.DataFrame(self.rows, schema=SCHEMA)
        return set(audit(frame, load_personalities())["rule"])


@pytest.fixture
def script() -> Script:
    return Script()


def test_polite_sessions_break_nothing(script: Script) -> None:
    script.session("gmail", "a", ["250 ok"] * 17 + ["550 no"] * 3)
    script.session("gmail", "b", ["250 ok"] * 20, at=1.0)
    script.session("postfix", "c", ["250 ok", "550 no", "550 no"], at=0.0)
    assert script.rules() == set()


@pytest.mark.parametrize(
    ("host", "replies", "rule"),
    [
        ("gmail", ["250 ok"] * 21, "recipients_in_a_session"),
        ("gmail", ["550 no"] * 4, "refusals_in_a_session"),
        ("m365", ["250 ok"] * 11, "recipients_in_a_session"),
        ("postfix", ["250 ok"] * 6, "recipients_in_a_session"),
        ("postfix", ["550 no"] * 3, "refusals_in_a_session"),
        ("outlook", ["250 ok"], "host_not_to_be_asked"),
        ("tripwire", [], "forbidden_address"),
    ],
)
def test_limits_of_one_session(script: Script, host: str, replies: list[str], rule: str) -> None:
    script.session(host, "a", replies)
    assert script.rules() == {rule}


def test_connects_must_be_spaced(script: Script) -> None:
    script.session("gmail", "a", ["250 ok"], at=10.0)
    script.session("gmail", "b", ["250 ok"], at=10.9)
    assert script.rules() == {"connects_too_close"}


def test_sessions_at_once(script: Script) -> None:
    """Gmail bears two at an address; a self-hosted server one."""
    for place in range(3):
        script.tell("gmail", f"s{place}", "connect", at=2.0 * place)
    assert script.rules() == {"connections_at_an_address"}
    other = Script()
    for place in range(2):
        other.tell("postfix", f"s{place}", "connect", at=2.0 * place)
    assert other.rules() == {"connections_at_an_address"}


def test_sessions_at_once_over_all_addresses(script: Script) -> None:
    for place in range(5):
        script.tell("gmail", f"s{place}", "connect")
        script.rows[-1]["ip"] = f"127.64.{place}.1"
    assert script.rules() == {"connections_at_a_host"}


@pytest.mark.parametrize(
    ("sessions", "place", "rules"),
    [
        (4, "127.90.0.{}", set()),
        (5, "127.90.0.{}", {"connections_in_a_network"}),
        (200, "127.90.{}.1", set()),
        (201, "127.90.{}.1", {"connections_in_all"}),
    ],
)
def test_sessions_at_once_at_strangers(
    script: Script, sessions: int, place: str, rules: set[str]
) -> None:
    for number in range(sessions):
        script.tell("postfix", f"s{number}", "connect")
        script.rows[-1]["ip"] = place.format(number)
    assert script.rules() == rules


@pytest.mark.parametrize("apart", [1.0, 400.0])
def test_refusals_in_an_hour_and_a_day(script: Script, apart: float) -> None:
    """Eleven refusals at 1 s break the hour of a small server; at 400 s, 9 fall into one."""
    for place in range(11):
        script.session("postfix", f"s{place}", ["250 ok"] * 4 + ["550 no"], at=apart * place)
    assert script.rules() == ({"refusals_in_an_hour"} if apart == 1.0 else set())


def test_refusals_in_a_day(script: Script) -> None:
    for place in range(101):
        script.session("postfix", f"s{place}", ["250 ok"] * 4 + ["550 no"], at=800.0 * place)
    assert script.rules() == {"refusals_in_a_day"}


def test_asking_on_above_the_share_of_unknown(script: Script) -> None:
    """Sessions opened after the share was passed are too many; the one that passed it is not."""
    for place in range(5):
        script.session("uol", f"s{place}", ["250 ok"] * 8 + ["550 no"] * 2, at=4_000.0 * place)
    assert script.rules() == set()
    script.session("uol", "late", ["250 ok"], at=20_000.0)
    assert script.rules() == {"unknown_share"}


def test_asking_again_after_a_clear_answer(script: Script) -> None:
    """A deferral may be asked again; an answer may not, but once in the same session."""
    script.session("gmail", "a", ["450 later"], at=0.0)
    script.session("gmail", "a", ["250 ok"], at=400.0)
    assert script.rules() == set()
    script.tell("gmail", "b", "command", 800.0, verb="RCPT", arg="TO:<a-0@x.example>", reply="250")
    assert script.rules() == {"recipient_asked_again"}


def test_a_session_of_mixed_codes_may_be_asked_again(script: Script) -> None:
    script.session("postfix", "a", ["550 no", "250-ok\n550 no"])
    ask = {"verb": "RCPT", "reply": "550 no"}
    script.tell("postfix", "b", "command", 400.0, arg="TO:<a-0@x.example>", **ask)
    script.tell("postfix", "b", "command", 400.0, arg="TO:<a-1@x.example>", **ask)
    assert script.rules() == set()


@pytest.mark.parametrize(("times", "rules"), [(2, set()), (3, {"recipient_asked_again"})])
def test_a_made_up_address_is_asked_twice_in_a_session(
    script: Script, times: int, rules: set[str]
) -> None:
    for _ in range(times):
        script.tell("m365", "a", "command", verb="RCPT", arg="TO:<x@x.example>", reply="250 ok")
    assert script.rules() == rules


@pytest.mark.parametrize(
    ("event", "more", "rule"),
    [
        ("command", {"verb": "DATA", "reply": "502 no"}, "verb_outside_the_list"),
        ("command", {"verb": "VRFY", "reply": "502 no"}, "verb_outside_the_list"),
        ("early", {}, "spoke_out_of_turn"),
        ("close", {"by": "peer"}, "left_without_quit"),
    ],
)
def test_manners(script: Script, event: str, more: dict[str, str], rule: str) -> None:
    script.tell("gmail", "a", "connect")
    script.tell("gmail", "a", "banner", reply="220 hello")
    script.tell("gmail", "a", event, 0.0, **more)
    assert script.rules() == {rule}


def test_leaving_a_server_that_refused_needs_no_quit(script: Script) -> None:
    script.tell("gmail", "a", "connect")
    script.tell("gmail", "a", "banner", reply="554 no")
    script.tell("gmail", "a", "close", by="peer")
    assert script.rules() == set()


def test_real_sessions_are_journalled(lab: Lab) -> None:
    """What the farm writes is what the audit reads: here, a session that breaks three rules."""
    caller = lab.call(lab.domain("exim"))
    caller.send("EHLO probe.sandbox.example")
    caller.server.sendall(b"MAIL FROM:<a@sandbox.example>\r\nDATA\r\n")
    caller.read()
    caller.read()
    caller.server.close()
    journal = _settled(Path(lab.endpoints.journal), "close")
    broken = set(audit(journal, load_personalities())["rule"])
    assert broken == {"spoke_out_of_turn", "verb_outside_the_list", "left_without_quit"}
    assert journal["event"].to_list()[:2] == ["connect", "banner"]


def test_polite_real_sessions_pass(make_lab: Callable[..., Lab]) -> None:
    lab = make_lab()
    for name in ("gmail", "uol", "postfix", "m365"):
        lab.clock.advance(lab.clock.now() + 1.0)
        lab.ask(f"exists@{lab.domain(name)}")
    journal = _settled(Path(lab.endpoints.journal), "close", 4)
    assert audit(journal, load_personalities()).is_empty()


def _settled(folder: Path, event: str, count: int = 1) -> pl.DataFrame:
    """Read journals when they hold so many of an event, at most five seconds later."""
    for _ in range(100):
        journal = read_journals(folder)
        if journal.filter(pl.col("event") == event).height >= count:
            return journal
        time.sleep(0.05)
    pytest.fail(f"no {count} events {event} in the journals")


def test_journals_append_and_read_in_order(tmp_path: Path) -> None:
    for session in ("a", "b"):  # a second writer, as after a restart
        writer = JournalWriter(tmp_path, lambda: 5.0)
        writer.write("gmail", "127.64.0.1", "127.0.0.1", session, "connect")
        writer.close()
    journal = read_journals(tmp_path)
    assert journal["session"].to_list() == ["a", "b"]
    assert journal.schema == SCHEMA


def test_no_journal_is_an_empty_frame(tmp_path: Path) -> None:
    assert audit(read_journals(tmp_path), load_personalities()).is_empty()


@pytest.mark.parametrize(("pause", "rules"), [(20.0, {"connects_after_a_cut"}), (180.0, set())])
def test_a_session_that_was_cut_off_counts_as_open(
    script: Script, pause: float, rules: set[str]
) -> None:
    """The caller was killed: what it left without QUIT lasts as long as it might have."""
    script.tell("gmail", "a", "connect", 0.0)
    script.tell("gmail", "a", "banner", 0.0, reply="220 hello")
    script.tell("gmail", "a", "close", 10.0, by="peer")
    script.session("gmail", "b", ["250 ok"], at=pause)
    assert script.rules() == {"left_without_quit", *rules}


def test_a_busy_server_notices_late_what_its_system_saw(script: Script) -> None:
    """The second session begins after the first has gone, and before its close is written."""
    script.tell("postfix", "a", "connect", 0.0)
    script.tell("postfix", "a", "gone", 1.0)
    script.tell("postfix", "b", "connect", 400.0)
    script.tell("postfix", "a", "close", 400.0, by="peer")
    script.tell("postfix", "b", "close", 400.0, by="quit")
    assert script.rules() == set()
