"""What outlives runs: merged once, in any order, and nothing lost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from checks.frames import DOMAINS, SUPPRESSIONS
from data.feedback import EVENTS, MESSAGES
from data.feedback.suppressing import FROM_EVENTS
from data.warehouse import Warehouse, open_warehouse

NOW: Final = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
DAY: Final = timedelta(days=1)


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with open_warehouse(tmp_path / "w.duckdb", now=lambda: NOW) as opened:
        yield opened


def events(*ids: str) -> pl.DataFrame:
    rows = [("c", each, None, "a@x.test", "bounced", NOW, "soft", 452, None, None) for each in ids]
    return pl.DataFrame(rows, schema=EVENTS, orient="row")


def suppression(
    key: str,
    since: datetime = NOW,
    until: datetime | None = None,
    *,
    reason: str = "suppress_opt_out",
    source: str = "f.csv",
) -> pl.DataFrame:
    row: tuple[object, ...] = ("*", "address", key, reason, since, until, source)
    return pl.DataFrame([row], schema=SUPPRESSIONS, orient="row")


def test_an_event_is_counted_once_however_often_it_comes(warehouse: Warehouse) -> None:
    assert warehouse.merge_events(events("1", "2", "2")) == 2
    assert warehouse.merge_events(events("2", "3")) == 1
    assert warehouse.merge_events(events("1", "2", "3")) == 0
    assert warehouse.events()["event_id"].to_list() == ["1", "2", "3"]
    assert warehouse.history(["c"])["soft_bounces"].to_list() == [3]


def test_history_is_of_the_creditors_asked_for(warehouse: Warehouse) -> None:
    others = events("9").with_columns(creditor_id=pl.lit("other"))
    unclaimed = events("8").with_columns(creditor_id=pl.lit("*"))
    warehouse.merge_events(pl.concat([events("1"), others, unclaimed]))
    assert warehouse.history(["c"])["soft_bounces"].to_list() == [2]
    found = warehouse.history(["other", "third"])
    assert found["creditor_id"].to_list() == ["other", "third"]
    assert found["soft_bounces"].to_list() == [2, 1]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_a_suppression_keeps_its_first_beginning_and_last_end(
    warehouse: Warehouse, order: tuple[int, ...]
) -> None:
    told = [
        suppression("k", NOW, NOW + DAY),
        suppression("k", NOW - DAY, NOW),
        suppression("k", NOW + DAY, NOW + 2 * DAY),
    ]
    new = [warehouse.merge_suppressions(told[each]) for each in order]
    assert new == [1, 0, 0]
    (row,) = warehouse.suppressions().rows(named=True)
    assert (row["since"], row["until"]) == (NOW - DAY, NOW + 2 * DAY)


def test_for_ever_stays_for_ever(warehouse: Warehouse) -> None:
    both = pl.concat([suppression("k"), suppression("k", NOW, NOW + DAY)])
    warehouse.merge_suppressions(both)
    warehouse.merge_suppressions(suppression("k", NOW, NOW + DAY))
    assert warehouse.suppressions()["until"].to_list() == [None]


def test_a_bounce_that_events_no_longer_bear_out_is_taken_away(warehouse: Warehouse) -> None:
    bounced = suppression("k", reason="suppress_bounced", source=FROM_EVENTS)
    wish = suppression("k", source=FROM_EVENTS)
    manual = suppression("m", reason="suppress_bounced", source="by_hand.csv")
    warehouse.merge_suppressions(manual)
    assert warehouse.renew_suppressions(pl.concat([bounced, wish])) == 2
    assert warehouse.renew_suppressions(bounced) == 0
    assert warehouse.suppressions().height == 3
    warehouse.renew_suppressions(bounced.clear())
    left = warehouse.suppressions().select("key", "reason").rows()
    assert left == [("k", "suppress_opt_out"), ("m", "suppress_bounced")]


def domain(name: str, checked_at: datetime, provider: str) -> pl.DataFrame:
    row: tuple[object, ...] = (
        name,
        None,
        None,
        provider,
        ["mx.x.test"],
        [],
        "{}",
        checked_at,
        checked_at + DAY,
    )
    return pl.DataFrame([row], schema=DOMAINS, orient="row")


def test_the_newest_finding_of_a_domain_is_remembered(warehouse: Warehouse) -> None:
    newer, older = domain("x.test", NOW, "new"), domain("x.test", NOW - DAY, "old")
    warehouse.remember_domains(newer)
    warehouse.remember_domains(older)
    assert_frame_equal(warehouse.domain_cache(), newer)
    newest = domain("x.test", NOW + DAY, "newest")
    warehouse.remember_domains(pl.concat([newest, older, domain("y.test", NOW, "y")]))
    assert warehouse.domain_cache()["provider"].to_list() == ["newest", "y"]


def messages(list_id: str, *debtors: str) -> pl.DataFrame:
    rows = [("c", f"{list_id}-{each}", list_id, each, f"{each}@x.test", False) for each in debtors]
    return pl.DataFrame(rows, schema=MESSAGES, orient="row")


def register(warehouse: Warehouse, list_id: str, creditor: str = "c") -> int:
    entry = warehouse.register_list(
        creditor, list_id, run_id="r", gate="open", messages=messages(list_id, "1", "2")
    )
    return entry.list_number


def test_list_numbers_grow_per_creditor_and_a_repeated_list_keeps_its_own(
    warehouse: Warehouse,
) -> None:
    assert [register(warehouse, "a"), register(warehouse, "a"), register(warehouse, "b")] == [
        1,
        1,
        2,
    ]
    assert register(warehouse, "z", "other") == 1
    # back to what was published before: newer than "b", or it would look rolled back
    assert register(warehouse, "a") == 3
    newest = warehouse.newest_list("c")
    assert newest is not None
    assert (newest.list_id, newest.list_number, newest.recipients) == ("a", 3, 2)
    assert warehouse.newest_list("nobody") is None


def test_messages_of_every_list_are_kept_once(warehouse: Warehouse) -> None:
    for list_id in ("a", "a", "b", "a"):
        register(warehouse, list_id)
    assert warehouse.messages()["message_key"].to_list() == ["a-1", "a-2", "b-1", "b-2"]


def test_a_list_without_messages_has_a_number_too(warehouse: Warehouse) -> None:
    entry = warehouse.register_list(
        "c", "closed", run_id="r", gate="closed", messages=messages("x").clear()
    )
    assert (entry.list_number, entry.recipients, entry.gate) == (1, 0, "closed")


def heard(*rows: tuple[str, str | None, str, datetime]) -> pl.DataFrame:
    """Return events of (creditor, message key, event, moment)."""
    return pl.DataFrame(
        [
            (creditor, str(place), key, f"{key or 'a'}@x.test", event, moment, "none") + (None,) * 3
            for place, (creditor, key, event, moment) in enumerate(rows)
        ],
        schema=EVENTS,
        orient="row",
    )


def test_complaints_are_counted_among_the_messages_that_arrived(warehouse: Warehouse) -> None:
    warehouse.merge_events(
        heard(
            ("c", "1", "delivered", NOW),
            ("c", "1", "clicked", NOW),
            ("c", "2", "delivered", NOW),
            ("c", "3", "bounced", NOW),
            ("c", "4", "complained", NOW),
            ("c", "4", "complained", NOW - DAY),
            ("c", "5", "delivered", NOW - 30 * DAY),  # too long ago
            ("other", "6", "complained", NOW),  # nothing crosses creditors
            ("*", None, "delivered", NOW),  # nobody's counts for each of them
            ("*", None, "delivered", NOW - DAY),  # the same address on another day
        )
    )
    found = warehouse.complaints("c", NOW - 30 * DAY, NOW)
    assert (found.messages, found.complaints) == (5, 1)


def test_where_no_arrival_is_reported_the_lists_heard_of_tell_how_many(
    warehouse: Warehouse,
) -> None:
    for list_id, keys in (("list-1", "abcd"), ("list-2", "efgh")):
        rows = [("c", key, list_id, key, f"{key}@x.test", False) for key in keys]
        named = pl.DataFrame(rows, schema=MESSAGES, orient="row")
        warehouse.register_list("c", list_id, run_id="r", gate="open", messages=named)
    warehouse.merge_events(heard(("c", "a", "complained", NOW), ("c", "b", "bounced", NOW)))
    found = warehouse.complaints("c", NOW - 30 * DAY, NOW)
    assert (found.messages, found.complaints) == (4, 1)
