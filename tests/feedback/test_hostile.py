"""Forged and hostile files: fifty of them, and nothing that counts changes."""

from __future__ import annotations

import hmac
import json
import time
from pathlib import Path
from typing import Final

import pytest

from checks.errors import InputRefusedError
from data.feedback import read_events
from data.intake.limits import MIB, Limits
from tests.feedback.bodies import (
    brevo,
    mailgun,
    postmark,
    sendgrid,
    ses,
    ses_bounce,
    signed,
)
from tests.feedback.here import HASH_KEY, NOW, PUBLISHED, read_here
from tests.feedback.mails import KEY, answer, bounce, complaint

UNKNOWN: Final = "f" * 32
FUTURE: Final = "Fri, 20 Nov 2099 09:00:00 -0300"
SECRET: Final = b"webhook-signing-key"
MULTIPART: Final = b"Content-Type: multipart/report; boundary=x\n"


def nested(levels: int) -> bytes:
    return MULTIPART + b"\n" + b"--x\n%s\n" % MULTIPART * levels


def dumped(*items: object) -> bytes:
    return "\n".join(map(json.dumps, items)).encode()


def csv(*rows: str) -> bytes:
    head = "message_key,email,event,occurred_at,permanence,smtp_code,enhanced,diagnostic"
    return "\n".join([head, *rows]).encode()


FORGED: Final = {
    # bounces and complaints that anybody can write
    "bounce without key": bounce(key=None),
    "bounce with a key we never issued": bounce(key=UNKNOWN),
    "bounce with half a key": bounce(key=KEY[:16]),
    "bounce with our key in capitals": bounce(key=KEY.upper()),
    "bounce with several keys in one": bounce(key=f"{KEY} {UNKNOWN}"),
    "bounce with a key and SQL": bounce(key=f"{KEY}' OR 1=1 --"),
    "bounce of another tenant's address": bounce(key=None, recipient="rui@b.test"),
    "bounce from a forged return path": bounce(key=None, to=f"bounce+{UNKNOWN}@send.example"),
    "key in the recipient instead": bounce(key=None, recipient=f"{KEY}@a.test"),
    "key in the prose": bounce(key=None).replace(b"Sorry.", KEY.encode()),
    "key in the subject": bounce(key=None).replace(b"aviso", KEY.encode()),
    "bounce of the future": bounce(date=FUTURE),
    "bounce before mail was": bounce(date="Fri, 20 Nov 1970 09:00:00 +0000"),
    "bounce without any date": bounce(date="never"),
    "bounce of no action": bounce(action=""),
    "bounce of an invented action": bounce(action="suppress"),
    "complaint without key": complaint(key=None),
    "complaint with a key we never issued": complaint(key=UNKNOWN),
    "complaint of another tenant": complaint(key=None, recipient="rui@b.test"),
    "complaint of the future": complaint(date=FUTURE),
    "complaint that is praise": complaint(kind="not-spam"),
    "complaint of an invented kind": complaint(kind="abuse, and everybody else"),
    "reply to a message that is not ours": answer(key=UNKNOWN),
    "reply in a machine's name": answer(sender="postmaster@a.test"),
    # mail made to cost something
    "200,000 empty parts": MULTIPART + b"\n" + b"--x\n\n" * 200_000,
    "3,000 nested parts": nested(3_000),
    "a header of a megabyte": b"Subject: " + b"a" * MIB + b"\n\n",
    "20,000 header fields": b"X-A: b\n" * 20_000 + b"\n",
    "20,000 parameters": b"Content-Type: text/plain" + b"; a=b" * 20_000 + b"\n\n",
    "200,000 brackets": b"From: x\nTo: " + b"(" * 200_000 + b"\n\n",
    "20,000 encoded words": b"From: x\nSubject: " + b"=?utf-8?q?a?= " * 4_000 + b"\n\n",
    "fields of blanks": bounce(key=None, diagnostic=f"smtp; 550 a{' ' * 3_900}b\r\nX: y" * 50),
    "groups of blanks": bounce(key=None).replace(b"Status:", b"\n \nA: b\n \n" * 20_000),
    "boundaries on one line": MULTIPART + b"\n" + b"--x" * 80_000,
    "a boundary without end": b'Content-Type: multipart/report; boundary="' + b"x" * 60_000,
    "ten megabytes of nothing": b"From: x\n\n" + b"\n" * (10 * MIB),
    "mbox of empty messages": b"From a Fri Nov 20 09:00:00 2026\n\n" * 5_000,
    "truncated in the report": bounce()[: bounce().index(b"Final-Recipient")],
    # objects of providers
    "key we never issued": dumped(sendgrid("bounce", message_key=UNKNOWN)),
    "nobody's event": dumped(sendgrid("spamreport", email="")),
    "no address": dumped(brevo("hard_bounce", email="not an address")),
    "of the future": dumped(sendgrid("bounce", timestamp=4_000_000_000)),
    "of no time": dumped(sendgrid("bounce", timestamp="1e400")),
    "in the account's own zone": dumped(brevo("spam", ts_epoch=None)),
    "an invented event": dumped(postmark("Suppress", Email="ana@a.test")),
    "objects where texts belong": dumped(ses_bounce("Permanent", "General") | {"bounce": [1]}),
    "a list in place of a recipient": dumped(sendgrid("bounce", email=[{"a": 1}])),
    "Mailgun without signature": dumped(mailgun("complained")),
    "Mailgun with another's signature": dumped(signed(b"guess", mailgun("complained"))),
    "Mailgun with an empty signature": dumped(
        {"signature": {"timestamp": "", "token": "", "signature": ""}}
        | {"event-data": mailgun("complained")}
    ),
    "900 levels": dumped(sendgrid("bounce", message_key=UNKNOWN)) + b"\n" + b'{"a":' * 900,
    "100,000 levels": b"[" * 100_000,
    "half a character": b'{"event": "bounce", "email": "\\ud800@a.test", "sg_event_id": "1", '
    b'"timestamp": 1795176005}',
    "complaint about several": dumped(
        ses("Open", "open", mail={"destination": ["ana@a.test", "rui@b.test"]})
    ),
    # tables
    "unknown keys": csv(f"{UNKNOWN},,complained,2026-11-20T12:00:00Z,,,,"),
    "a key that is none, and an address": csv("x,ana@a.test,complained,2026-11-20T12:00:00Z,,,,"),
    "no zone": csv(f"{KEY},,complained,2026-11-20 12:00:00,,,,"),
    "a formula": csv(f'"=cmd|{KEY}",,complained,2026-11-20T12:00:00Z,,,,'),
    "a NUL": csv(f"{KEY}\0,,complained,2026-11-20T12:00:00Z,,,,"),
    "a cell without end": csv(f'"{KEY}' + "," * 100_000),
}
"""Files that must change nothing, though each is about somebody whom we wrote to."""


def test_there_are_at_least_fifty() -> None:
    assert len(FORGED) >= 50


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_or_hostile_file_changes_nothing(tmp_path: Path, name: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(FORGED[name])
    start = time.process_time()
    try:
        found = read_here(path, signing_key=SECRET)
    except InputRefusedError:
        return
    assert found.events.is_empty()
    assert found.quarantine.height >= 1
    assert time.process_time() - start < 2


def test_the_table_s_honest_twins_do_count(tmp_path: Path) -> None:
    path = tmp_path / "file"
    honest = (
        bounce(),
        complaint(),
        answer(),
        dumped(sendgrid("bounce")),
        dumped(signed(SECRET, mailgun("complained"))),
        csv(f"{KEY},,complained,2026-11-20T12:00:00Z,,,,"),
    )
    for content in honest:
        path.write_bytes(content)
        assert read_here(path, signing_key=SECRET).events.height == 1


def test_a_key_counts_for_its_own_message_whomever_the_report_names(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bounce(recipient="rui@b.test"))
    assert read_here(path).event["address"] == "ana@a.test"


def test_signatures_are_compared_over_the_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    good = hmac.digest(SECRET, b"1795176005token", "sha256").hex()
    for wrong in (good[:-1], good.upper(), f"{good}0", " ", "\N{LATIN SMALL LETTER E WITH ACUTE}"):
        item = signed(SECRET, mailgun("complained"))
        item["signature"]["signature"] = wrong
        path.write_bytes(dumped(item))
        assert read_here(path, signing_key=SECRET).reasons == ["bad_signature"]


@pytest.mark.parametrize(
    ("limits", "content", "why"),
    [
        pytest.param(
            Limits(memory_bytes=700 * MIB, cpu_seconds=60, wall_seconds=60),
            b"[" + dumped(sendgrid("bounce")) + b"," * (60 * MIB),
            "memory|could not be read|no known provider",
            id="memory",
        ),
        pytest.param(
            Limits(cpu_seconds=1, wall_seconds=60),
            (b"From a Fri Nov 20 09:00:00 2026\n" + bounce() + b"\n") * 60_000,
            "processor time|broke its reader",  # the kernel may kill where it should warn
            id="processor time",
        ),
        pytest.param(Limits(wall_seconds=0.05), bounce(), "longer than 0 s", id="wall clock"),
        pytest.param(Limits(file_bytes=MIB), b"x" * (2 * MIB), "larger than 1 MiB", id="size"),
    ],
)
def test_a_child_beyond_its_limits_is_a_refused_file(
    tmp_path: Path, limits: Limits, content: bytes, why: str
) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(InputRefusedError, match=why) as refused:
        read_events(path, PUBLISHED, HASH_KEY, now=NOW, limits=limits)
    assert "ana@" not in str(refused.value)


def test_links_and_devices_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(bounce())
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "secret")
    with pytest.raises(InputRefusedError, match="symbolic link"):
        read_events(link, PUBLISHED, HASH_KEY)
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "1.eml").symlink_to(tmp_path / "secret")
    with pytest.raises(InputRefusedError, match="no messages"):
        read_events(folder, PUBLISHED, HASH_KEY)
