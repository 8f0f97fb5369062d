"""Mapping files: the samples are read as they promise, and a wrong mapping is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

import data.samples
from checks.errors import InputRefusedError, SettingError
from data.feedback.judged import judge_events
from data.feedback.mapping import EventMapping, load_event_mapping
from tests.feedback.conftest import Reader
from tests.feedback.here import PUBLISHED, read_here

SAMPLES = Path(data.samples.__file__).parent / "events"
Write = Callable[[str | bytes], Path]
VALID = {
    "columns": {"email": "para", "event": "tipo", "occurred_at": "quando"},
    "events": {"Entregue": "delivered", "Voltou": "bounced/hard"},
}


def test_a_row_per_message_with_a_time_per_event() -> None:
    found = read_here(SAMPLES / "wesend.csv", mapping=load_event_mapping(SAMPLES / "wesend.toml"))
    assert found.reasons == []
    events = found.events.sort("occurred_at").select(
        pl.col("address").str.extract("^([a-z]+)"),
        "event",
        pl.col("occurred_at").dt.strftime("%H:%M"),
    )
    assert events.rows() == [
        ("ana", "delivered", "11:00"),
        ("bruno", "delivered", "11:00"),
        ("carla", "bounced", "11:00"),
        ("ana", "opened", "12:12"),
        ("ana", "downloaded", "12:13"),
    ]


def test_a_word_per_row_and_what_the_server_said() -> None:
    path = SAMPLES / "locaweb.csv"
    found = read_here(path, mapping=load_event_mapping(SAMPLES / "locaweb.toml"))
    judged = judge_events(found.events).sort("address").select("event", "reason", "effect")
    assert judged.rows() == [
        ("delivered", None, "delivered"),
        ("bounced", "mailbox_full", "soft"),
        ("bounced", "mailbox_not_found", "hard"),
        ("bounced", "policy_refusal", None),
        ("unsubscribed", None, None),
    ]


def test_nested_json_by_keys_with_dots() -> None:
    key = "5d41402abc4b2a76b9719d911017c592"
    published = PUBLISHED.with_columns(message_key=pl.lit(key)).head(1)
    path = SAMPLES / "zenvia.jsonl"
    found = read_here(path, published, mapping=load_event_mapping(SAMPLES / "zenvia.toml"))
    assert (found.event["event"], found.event["address"]) == ("delivered", "ana@a.test")
    assert found.reasons == ["unknown_message_key"]


@pytest.mark.parametrize(
    ("time", "written", "utc"),
    [
        ({}, "2026-11-20T12:00:00Z", "12:00"),
        ({"zone": "America/Sao_Paulo"}, "2026-11-20 09:00:00", "12:00"),
        ({"format": "epoch_s"}, "1795176000", "12:00"),
        ({"format": "epoch_ms"}, "1795176000000", "12:00"),
        ({"format": "%d/%m/%Y %H:%M", "zone": "America/Mexico_City"}, "20/11/2026 06:00", "12:00"),
        ({"format": "%d.%m.%y %H:%M:%S %z"}, "20.11.26 09:00:00 -0300", "12:00"),
        ({}, "2026-11-20T12:00:00", None),
        ({"format": "%d/%m/%Y %H:%M", "zone": "UTC"}, "31/02/2026 06:00", None),
    ],
)
def test_times_are_read_as_the_mapping_says(
    read: Reader, time: dict[str, str], written: str, utc: str | None
) -> None:
    mapping = EventMapping.model_validate(VALID | {"time": time})
    found = read(f"para;tipo;quando\nana@a.test; ENTREGUE ;{written}\n", mapping=mapping)
    if utc is None:
        assert found.reasons == ["bad_time"]
    else:
        assert (found.event["event"], f"{found.event['occurred_at']:%H:%M}") == ("delivered", utc)


def test_words_that_are_not_listed_are_quarantined(read: Reader) -> None:
    mapping = EventMapping.model_validate(VALID)
    rows = (
        "para;tipo;quando\na@a.test;Voltou;2026-11-20T12:00:00Z\na@a.test;?;2026-11-20T12:00:00Z\n"
    )
    found = read(rows, mapping=mapping)
    assert (found.event["event"], found.event["permanence"]) == ("bounced", "hard")
    assert found.quarantine.select("line", "reason").rows() == [(2, "unknown_event")]


def test_a_file_without_the_columns_is_refused(read: Reader) -> None:
    with pytest.raises(InputRefusedError, match="has no column quando"):
        read("para;tipo\na;b\n", mapping=EventMapping.model_validate(VALID))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[columns]\nemail = 1\n", "columns.email"),
        ('[columns]\nemail = "a"\nfax = "b"\n', "columns.fax"),
        (
            '[columns]\nevent = "a"\noccurred_at = "b"\n[events]\na = "sent"\n',
            "neither message_key nor",
        ),
        ('[columns]\nemail = "a"\n', r"either \[columns\] event"),
        ('[columns]\nemail = "a"\n[moments]\nb = "exploded"\n', "moments.b"),
        ('[columns]\nemail = "a"\n[moments]\nb = "sent"\n[time]\nzone = "Mars"\n', "time.zone"),
        ('[columns]\nemail = "a"\n[moments]\nb = "sent"\n[time]\nformat = "%d"\n', "needs a zone"),
        ('[columns]\nemail = "a.b"\nsmtp_code = "a"\n[moments]\nb = "sent"\n', "holds others"),
        ("[columns\n", "not valid TOML"),
    ],
)
def test_a_wrong_mapping_is_refused_by_the_name_of_its_key(
    write: Write, text: str, named: str
) -> None:
    with pytest.raises(SettingError, match=named):
        load_event_mapping(write(text))


def test_a_mapping_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="cannot be read"):
        load_event_mapping(tmp_path / "none.toml")
