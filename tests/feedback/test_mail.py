"""Bounces, complaints and answers: what each message says, and whether it proves itself."""

from __future__ import annotations

import base64
import io
import quopri
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.feedback import read_events
from data.feedback.mail.mbox import mbox_entry, split_mbox
from data.feedback.mail.parts import MailFault, MailRefusedError, split_message
from data.feedback.mail.reading import read_message
from data.feedback.mail.told import Told
from tests.feedback.conftest import Reader
from tests.feedback.here import HASH_KEY, NOW, PUBLISHED, Read
from tests.feedback.mails import KEY, OTHER_KEY, answer, bounce, complaint

MOMENT = "2026-11-20T12:00:00+00:00"


def told(message: bytes) -> Told:
    """Return the only thing that a message tells."""
    (only,) = read_message(message)
    return only


@pytest.mark.parametrize(
    ("message", "wanted"),
    [
        pytest.param(bounce(), ("bounced", "hard", "550", "5.1.1"), id="the mailbox is unknown"),
        pytest.param(
            bounce(status="4.2.2 (full)", diagnostic="smtp; 452 4.2.2 full"),
            ("bounced", "soft", "452", "4.2.2"),
            id="given up on a temporary refusal",
        ),
        pytest.param(
            bounce(action="Delayed", status="4.0.0", diagnostic="smtp; 451 later"),
            ("deferred", None, "451", "4.0.0"),
            id="delayed is no bounce",
        ),
        pytest.param(
            bounce(action="delivered", status="2.0.0", diagnostic="smtp; 250 ok"),
            ("delivered", None, "250", "2.0.0"),
            id="a receipt",
        ),
        pytest.param(
            bounce(diagnostic="X-Notes; User not listed"),
            ("bounced", "hard", None, "5.1.1"),
            id="a gateway without SMTP codes",
        ),
        pytest.param(
            bounce(action="gone fishing"), (None, None, "550", "5.1.1"), id="an unknown action"
        ),
    ],
)
def test_a_bounce_tells_action_permanence_and_codes(
    message: bytes, wanted: tuple[Any, ...]
) -> None:
    found = told(message)
    assert (found.event, found.permanence, found.smtp_code, found.enhanced) == wanted
    assert found.message_key == KEY
    assert found.occurred_at == datetime.fromisoformat(MOMENT)


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(bounce(), id="header of the returned message"),
        pytest.param(bounce(key=None, to=f"bounce+{KEY}@send.example"), id="return path"),
        pytest.param(
            bounce(key=None, message_fields=f"Original-Envelope-Id: {KEY}\r\n"), id="envelope id"
        ),
        pytest.param(
            bounce(key=None).replace(b"Subject: aviso", b"Message-ID: <%s@x>" % KEY.encode()),
            id="message id",
        ),
    ],
)
def test_a_bounce_names_its_message(message: bytes) -> None:
    assert told(message).message_key == KEY


def test_a_bounce_for_several_recipients_tells_each() -> None:
    end = b"\r\n--b=_1\r\nContent-Type: text/rfc822-headers"
    second = b"Final-Recipient: rfc822; b@a.test\r\nAction: failed\r\nStatus: 5.2.2"
    message = bounce().replace(end, b"\r\n\r\n" + second + end)
    assert [(each.email, each.enhanced) for each in read_message(message)] == [
        ("ana@a.test", "5.1.1"),
        ("b@a.test", "5.2.2"),
    ]


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable"])
def test_an_encoded_report_is_read(encoding: str) -> None:
    head = b"Content-Type: message/delivery-status\r\n\r\n"
    before, _, rest = bounce().partition(head)
    body, _, after = rest.partition(b"\r\n--b=_1")
    packed = base64.encodebytes(body) if encoding == "base64" else quopri.encodestring(body)
    named = head[:-2] + b"Content-Transfer-Encoding: " + encoding.encode() + b"\r\n\r\n"
    found = told(before + named + packed + b"\r\n--b=_1" + after)
    assert (found.event, found.enhanced, found.message_key) == ("bounced", "5.1.1", KEY)


@pytest.mark.parametrize(
    ("kind", "event"),
    [
        ("abuse", "complained"),
        ("fraud", "complained"),
        ("opt-out", "unsubscribed"),
        ("not-spam", None),
        ("virus", None),
    ],
)
def test_a_feedback_report_tells_its_type(kind: str, event: str | None) -> None:
    assert (told(complaint(kind=kind)).event, told(complaint()).message_key) == (event, KEY)


@pytest.mark.parametrize(
    ("message", "event"),
    [
        pytest.param(answer(), "replied", id="a person"),
        pytest.param(answer(fields="Auto-Submitted: no\n"), "replied", id="declared a person"),
        pytest.param(answer(fields="Auto-Submitted: auto-replied\n"), "auto_reply", id="RFC 3834"),
        pytest.param(answer(fields="Precedence: bulk\n"), "auto_reply", id="precedence"),
        pytest.param(answer(fields="X-Auto-Response-Suppress: All\n"), "auto_reply", id="Exchange"),
        pytest.param(answer(subject="Resposta automática: aviso"), "auto_reply", id="in words"),
        pytest.param(
            answer(subject="=?utf-8?q?Respuesta_autom=C3=A1tica?="), "auto_reply", id="encoded word"
        ),
        pytest.param(answer(subject="=?x-none?b?!!!?= sim"), "replied", id="broken encoding"),
    ],
)
def test_an_absence_notice_is_neither_bounce_nor_reply(message: bytes, event: str) -> None:
    assert told(message).event == event


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(answer(sender="MAILER-DAEMON@a.test"), id="a bounce in prose"),
        pytest.param(answer(key="another-id"), id="answers a message that is not ours"),
        pytest.param(b"Subject: hello\n\nhello\n", id="any other mail"),
        pytest.param(b"", id="nothing"),
        pytest.param(
            b"Content-Type: multipart/report; boundary=x\n\n--x\n\nno machine part\n--x--\n",
            id="a report without its machine part",
        ),
    ],
)
def test_other_mail_tells_nothing(message: bytes) -> None:
    assert read_message(message) == []


@pytest.mark.parametrize(
    ("message", "fault"),
    [
        pytest.param(
            b"Content-Type: multipart/mixed; boundary=x\n\n" + b"--x\n\n" * 60_000,
            MailFault.TOO_MANY_PARTS,
            id="60,000 empty parts",
        ),
        pytest.param(
            b"Content-Type: multipart/mixed; boundary=x0\n\n"
            + b"".join(
                b"--x%d\nContent-Type: multipart/mixed; boundary=x%d\n\n" % (n, n + 1)
                for n in range(3_000)
            ),
            MailFault.TOO_DEEP,
            id="3,000 levels",
        ),
        pytest.param(b"X: " + b"a" * 70_000, MailFault.HEADERS_TOO_LONG, id="a header of 70 KB"),
    ],
)
def test_messages_beyond_the_caps_are_refused(message: bytes, fault: MailFault) -> None:
    with pytest.raises(MailRefusedError) as refused:
        split_message(message)
    assert refused.value.fault is fault


@given(st.binary(max_size=2_000))
def test_no_bytes_break_the_reader(noise: bytes) -> None:
    shape = b'Content-Type: multipart/report; boundary="b=_1"\r\n\r\n--b=_1\r\n'
    for message in (noise, shape + noise, bounce()[:300] + noise, bounce() + noise):
        assert isinstance(read_message(message), list)


@given(st.lists(st.text("From >\n\r:-ab01", max_size=80).map(str.encode), max_size=5))
def test_an_mbox_gives_back_the_messages_that_were_put_in(parts: list[bytes]) -> None:
    packed = io.BytesIO(b"".join(map(mbox_entry, parts)))
    assert [each[:-2] for each in split_mbox(packed)] == parts


def test_mbox_single_message_and_maildir_give_the_same_event(read: Reader, tmp_path: Path) -> None:
    single = read(bounce())
    mbox = read(b"From MAILER-DAEMON Fri Nov 20 09:00:00 2026\n" + bounce() + b"\n")
    maildir = tmp_path / "maildir"
    for name in ("new", "cur", "tmp"):
        (maildir / name).mkdir(parents=True)
    (maildir / "new" / "1").write_bytes(bounce())
    (maildir / "cur" / "2:2,S").write_bytes(b"Subject: hi\n\n")
    (maildir / "tmp" / "3").write_bytes(bounce(key=OTHER_KEY))
    from_maildir = Read(*read_events(maildir, PUBLISHED, HASH_KEY, now=NOW))
    assert single.event["event"] == "bounced"
    assert mbox.events.equals(single.events)
    assert from_maildir.events.equals(single.events)
    assert from_maildir.reasons == ["not_a_report"]
