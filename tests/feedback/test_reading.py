"""An event file is read strictly: every row is an event or a quarantined row with its reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checks.errors import InputRefusedError
from data.feedback import EVENT_TYPES, EVENTS, read_events
from tests.feedback.here import read_here

HEAD = "message_key,event,occurred_at,permanence,smtp_code,enhanced,diagnostic\n"
GOOD = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa,bounced,2026-11-21T10:00:00Z,hard,550,5.1.1,no such user\n"
Write = Callable[[str | bytes], Path]


def test_a_row_becomes_an_event_of_whom_its_key_stands_for(
    write: Write, messages: pl.DataFrame, key: bytes
) -> None:
    events, quarantine = read_events(write(HEAD + GOOD), messages, key)
    assert quarantine.is_empty()
    assert events.schema == EVENTS
    (row,) = events.rows(named=True)
    assert len(row.pop("event_id")) == 32
    assert row == {
        "creditor_id": "banco-7",
        "message_key": "a" * 32,
        "address": "ana@x.example",
        "event": "bounced",
        "occurred_at": datetime(2026, 11, 21, 10, 0, tzinfo=UTC),
        "permanence": "hard",
        "smtp_code": 550,
        "enhanced": "5.1.1",
        "diagnostic": "no such user",
    }


@pytest.mark.parametrize(
    ("row", "reason", "column"),
    [
        (",bounced,2026-11-21T10:00:00Z,,,,", "no_recipient", "email"),
        ("f" * 32 + ",bounced,2026-11-21T10:00:00Z,,,,", "unknown_message_key", "message_key"),
        ("' OR 1=1,bounced,2026-11-21T10:00:00Z,,,,", "unknown_message_key", "message_key"),
        ("a" * 32 + ",exploded,2026-11-21T10:00:00Z,,,,", "unknown_event", "event"),
        ("a" * 32 + ",,2026-11-21T10:00:00Z,,,,", "unknown_event", "event"),
        ("a" * 32 + ",opened,,,,,", "bad_time", "occurred_at"),
        ("a" * 32 + ",opened,2026-11-21T10:00:00,,,,", "bad_time", "occurred_at"),
        ("a" * 32 + ",opened,21/11/2026 10:00,,,,", "bad_time", "occurred_at"),
        ("a" * 32 + ",opened,2026-02-30T10:00:00Z,,,,", "bad_time", "occurred_at"),
        ("a" * 32 + ",opened,1970-01-01T00:00:00Z,,,,", "bad_time", "occurred_at"),
        ("a" * 32 + ",opened,2026-11-24T00:00:00Z,,,,", "bad_time", "occurred_at"),
        ("a" * 32 + ",bounced,2026-11-21T10:00:00Z,forever,,,", "bad_permanence", "permanence"),
        ("a" * 32 + ",bounced,2026-11-21T10:00:00Z,hard,999,,", "bad_code", "smtp_code"),
        ("a" * 32 + ",bounced,2026-11-21T10:00:00Z,hard,5 50,,", "bad_code", "smtp_code"),
        ("a" * 32 + ",bounced,2026-11-21T10:00:00Z,hard,550,5.1,", "bad_enhanced", "enhanced"),
        ("a" * 32 + ",bounced,2026-11-21T10:00:00Z,hard,550,5.1.1", "wrong_column_count", None),
        ("a" * 32 + ",bounced,2026-11-21T10:00:00Z,hard,550,5.1.1,a,b", "wrong_column_count", None),
        ("a" * 32 + ',bounced,2026-11-21T10:00:00Z,hard,550,5.1.1,"x', "unbalanced_quote", None),
        ("a" * 32 + ",opened,2026-11-21T10:00:00Z,,,,\x00", "nul_character", None),
    ],
)
def test_a_bad_row_is_quarantined_and_the_others_are_kept(
    write: Write, messages: pl.DataFrame, row: str, reason: str, column: str | None
) -> None:
    path = write(f"{HEAD}{GOOD}{row}\n{GOOD.replace('bounced', 'opened')}")
    now = datetime(2026, 11, 22, tzinfo=UTC)
    events, quarantine = read_events(path, messages, b"k" * 32, now=now)
    assert events["event"].sort().to_list() == ["bounced", "opened"]
    (found,) = quarantine.rows(named=True)
    assert (found["source"], found["line"], found["reason"]) == ("file.csv", 2, reason)
    assert column is None or found["detail"] == column
    assert "example" not in str(found)


@pytest.mark.parametrize(
    "time",
    [
        "2026-11-21T10:00:00Z",
        "2026-11-21 10:00:00Z",
        "2026-11-21T10:00:00.0000000Z",
        "2026-11-21T07:00:00-03:00",
        "2026-11-21T04:00:00-0600",
        "2026-11-21T15:30:00.000+05:30",
    ],
)
def test_times_are_told_with_their_zone(
    write: Write, messages: pl.DataFrame, key: bytes, time: str
) -> None:
    path = write(HEAD + GOOD.replace("2026-11-21T10:00:00Z", time))
    events = read_here(path, messages, key).events
    assert events["occurred_at"].to_list() == [datetime(2026, 11, 21, 10, 0, tzinfo=UTC)]


@pytest.mark.parametrize("event", sorted(EVENT_TYPES))
def test_every_word_of_the_field_is_known(
    write: Write, messages: pl.DataFrame, key: bytes, event: str
) -> None:
    path = write(HEAD + GOOD.replace("bounced", event.upper()))
    events = read_here(path, messages, key).events
    assert events["event"].to_list() == [event]


def test_an_address_stands_in_for_a_key_and_is_written_as_checks_write_it(
    write: Write, messages: pl.DataFrame, key: bytes
) -> None:
    path = write(
        "E-Mail;event;occurred_at\n"
        "ANA@X.Example;delivered;2026-11-21T10:00:00Z\n"
        "Rui <rui@y.example>;opened;2026-11-21T10:00:00Z\n"
        "nobody;opened;2026-11-21T10:00:00Z\n"
    )
    events, quarantine = read_events(path, messages, key)
    assert set(events["address"]) == {"ana@x.example", "rui@y.example"}
    assert set(events["creditor_id"]) == {"*"}
    assert quarantine["reason"].to_list() == ["bad_address"]
    own, _ = read_events(path, messages, key, creditor_id="banco-7")
    assert set(own["creditor_id"]) == {"banco-7"}


def test_json_lines_are_read_too(write: Write, messages: pl.DataFrame, key: bytes) -> None:
    path = write(
        '{"email": "ana@x.example", "event": "clicked", "occurred_at": "2026-11-21T10:00:00Z"}\n'
    )
    events, _ = read_events(path, messages, key)
    assert events.select("address", "event").rows() == [("ana@x.example", "clicked")]


def test_the_same_row_has_the_same_id_wherever_it_stands(
    write: Write, messages: pl.DataFrame, key: bytes
) -> None:
    opened = GOOD.replace("bounced", "opened")
    first, _ = read_events(write(HEAD + GOOD + opened + GOOD), messages, key)
    second, _ = read_events(write(HEAD + opened + GOOD), messages, key)
    assert first.equals(second)
    assert first.height == 2


def test_a_diagnostic_is_bounded_and_names_nobody(
    write: Write, messages: pl.DataFrame, key: bytes
) -> None:
    text = f'"550 5.1.1 <ana@x.example>: unknown,\x1b[2J\nsee rui@y.example {"x" * 9000}"'
    path = write(HEAD + GOOD.replace("no such user", text))
    events, _ = read_events(path, messages, key)
    diagnostic = events["diagnostic"].item()
    assert diagnostic.startswith("550 5.1.1 <address>: unknown, [2J see <address> xxx")
    assert len(diagnostic) == 500


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "is empty"),
        (" \n\n", "holds nothing"),
        ("event,occurred_at\n", "no column message_key or email"),
        ("message_key,event\n", "no column occurred_at"),
        ("ana@x.example,bounced,2026-11-21T10:00:00Z\n", "no column"),
        (b"PK\x03\x04" + b"x" * 100, "file of kind xlsx"),
        (bytes(range(256)) * 100, "binary"),
        ('[{"event": 1}]', "no known provider"),
    ],
)
def test_a_file_that_is_no_event_file_is_refused_with_the_remedy(
    write: Write, messages: pl.DataFrame, key: bytes, content: str | bytes, problem: str
) -> None:
    with pytest.raises(InputRefusedError, match=problem) as caught:
        read_events(write(content), messages, key)
    assert caught.value.remedy
    assert "ana@" not in str(caught.value)


def test_a_file_that_is_not_there_is_refused(
    tmp_path: Path, messages: pl.DataFrame, key: bytes
) -> None:
    with pytest.raises(InputRefusedError, match="there is no file"):
        read_events(tmp_path / "none.csv", messages, key)


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rows=st.lists(st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"])), max_size=6)
)
def test_no_noise_raises_and_no_row_is_lost(
    write: Write, messages: pl.DataFrame, key: bytes, rows: list[str]
) -> None:
    path = write((HEAD + GOOD + "".join(f"{row}\n" for row in rows)).encode(errors="replace"))
    found = read_here(path, messages, key)
    filled = sum(bool(row.strip(" \t\v\f\xa0")) for row in rows)
    assert found.events.height == 1
    assert found.quarantine.height <= filled
