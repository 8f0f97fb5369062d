"""What became of each message, by key or by address, in whatever order events come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from data.endings import endings_of
from data.feedback import EVENTS, MESSAGES

NOW: Final = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
DAY: Final = timedelta(days=1)

LISTS: Final = pl.DataFrame(
    {
        "creditor_id": ["c", "c", "d"],
        "list_number": [1, 2, 1],
        "list_id": ["first", "second", "other"],
        "run_id": ["r1", "r2", "r3"],
        "registered_at": [NOW, NOW + DAY, NOW],
    }
).with_columns(pl.col("registered_at").dt.cast_time_unit("us"))
SENT: Final = pl.DataFrame(
    [
        ("c", "k1", "first", "1", "ana@a.test", False),
        ("c", "k2", "second", "1", "ana@a.test", False),
        ("c", "k3", "second", "2", "bia@a.test", True),
        ("d", "k4", "other", "7", "ana@a.test", False),
    ],
    schema=MESSAGES,
    orient="row",
)


def event(number: int, **more: Any) -> dict[str, Any]:  # noqa: ANN401  any cell
    plain = {"creditor_id": "c", "event_id": str(number), "permanence": "none"}
    return dict.fromkeys(EVENTS) | plain | {"occurred_at": NOW + DAY} | more


def told(*rows: dict[str, Any]) -> dict[tuple[str, str], tuple[bool | None, bool | None]]:
    """Return (delivered, is_owner) by run and debtor, the same for any order of events."""
    events = pl.DataFrame(list(rows), schema=EVENTS)
    found = endings_of(SENT, LISTS, events)
    assert_frame_equal(endings_of(SENT.reverse(), LISTS.reverse(), events.reverse()), found)
    assert found.height == SENT.height
    columns = found.select("run_id", "debtor_id", "delivered", "is_owner")
    return {(run, debtor): (end, owner) for run, debtor, end, owner in columns.iter_rows()}


HARD = {"event": "bounced", "permanence": "hard", "smtp_code": 550, "enhanced": "5.1.1"}
KEYED: list[tuple[str, list[dict[str, Any]], tuple[bool | None, bool | None]]] = [
    ("delivered", [{"event": "delivered"}], (True, None)),
    ("bounced for good", [HARD], (False, None)),
    ("accepted, then bounced", [{"event": "delivered", "occurred_at": NOW}, HARD], (False, None)),
    (
        "put off, then delivered",
        [{"event": "bounced", "permanence": "soft", "occurred_at": NOW}, {"event": "delivered"}],
        (True, None),
    ),
    ("both at one moment", [{"event": "delivered"}, HARD], (False, None)),
    ("our own fault says nothing", [{**HARD, "enhanced": "5.7.1"}], (None, None)),
    ("only sent", [{"event": "sent"}], (None, None)),
    ("the owner answered", [{"event": "replied"}], (True, True)),
    (
        "a stranger did",
        [{"event": "delivered"}, {"event": "wrong_person"}],
        (True, False),
    ),
]


@pytest.mark.parametrize(("sentence", "events", "end"), KEYED, ids=[row[0] for row in KEYED])
def test_a_message_ends_as_its_last_event_says(
    sentence: str, events: list[dict[str, Any]], end: tuple[bool | None, bool | None]
) -> None:
    del sentence
    keyed = [
        event(number, **{"message_key": "k1", "address": "ana@a.test"} | each)
        for number, each in enumerate(events)
    ]
    assert told(*keyed) == {
        ("r1", "1"): end,
        ("r2", "1"): (None, None),
        ("r2", "2"): (None, None),
        ("r3", "7"): (None, None),
    }


def test_an_event_by_address_belongs_to_the_newest_list_of_its_day() -> None:
    first = event(1, address="ana@a.test", event="delivered", occurred_at=NOW - timedelta(hours=9))
    second = event(2, address="ana@a.test", occurred_at=NOW + 3 * DAY, **HARD)
    before = event(3, address="bia@a.test", event="delivered", occurred_at=NOW - DAY)
    assert told(first, second, before) == {
        ("r1", "1"): (True, None),
        ("r2", "1"): (False, None),
        ("r2", "2"): (None, None),
        ("r3", "7"): (None, None),
    }


def test_a_click_from_a_shared_address_tells_no_owner() -> None:
    """Two debtors of one list have the address: which message was answered, nobody knows."""
    both = SENT.filter(pl.col("debtor_id") == "1").head(1)
    twice = pl.concat([both, both.with_columns(debtor_id=pl.lit("9"), message_key=pl.lit("k9"))])
    clicked = event(1, address="ana@a.test", event="clicked")
    keyed = event(2, message_key="k9", address="ana@a.test", event="wrong_person")
    found = endings_of(twice, LISTS, pl.DataFrame([clicked, keyed], schema=EVENTS))
    ends = {row["debtor_id"]: row for row in found.iter_rows(named=True)}
    assert [ends[name]["is_owner"] for name in ("1", "9")] == [None, False]
    assert any(row["delivered"] for row in ends.values())


def test_an_event_of_no_creditor_counts_for_each() -> None:
    loose = event(1, creditor_id="*", address="ana@a.test", event="delivered")
    ends = told(loose)
    assert ends["r2", "1"] == ends["r3", "7"] == (True, None)
    assert ends["r1", "1"] == (None, None)
