"""What events mean: history, suppressions, incidents; in any order and counted once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from data.feedback import fold_history, hold_incidents, suppressions_from
from data.feedback.effect import effect_of_event
from data.feedback.judged import judge_events
from data.hashing import keyed_hash

AT = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
DAY = timedelta(days=1)
Row = dict[str, object]
MakeEvent = Callable[..., Row]
MakeEvents = Callable[[list[Row]], pl.DataFrame]


@pytest.mark.parametrize(
    ("changes", "effect"),
    [
        ({}, "hard"),
        ({"enhanced": None}, "hard"),
        ({"enhanced": None, "smtp_code": None}, "hard"),
        ({"enhanced": "5.1.10"}, "hard"),  # null MX, RFC 7505
        ({"enhanced": "5.2.1"}, "hard"),
        ({"enhanced": "5.2.2"}, "soft"),  # mailbox full, whoever calls it hard
        ({"enhanced": "5.4.4"}, "soft"),
        ({"enhanced": "5.1.8"}, None),  # the sender's address, not the recipient's
        ({"permanence": "soft"}, "soft"),
        ({"permanence": "none"}, "hard"),  # nobody called it soft, and the code is plain
        ({"permanence": "none", "enhanced": None}, "soft"),
        ({"smtp_code": 450, "enhanced": None}, "soft"),  # "hard", but the code says try again
        ({"enhanced": "4.1.1"}, "soft"),
        ({"enhanced": "5.7.1"}, None),  # our reputation
        ({"enhanced": "5.7.26"}, None),
        ({"enhanced": "5.6.0"}, None),  # our content
        ({"enhanced": "5.5.0"}, None),  # our protocol
        ({"event": "blocked"}, None),
        ({"event": "deferred"}, None),
        ({"event": "delivered", "smtp_code": 250, "enhanced": None}, "delivered"),
        ({"event": "clicked"}, "confirmed"),
        ({"event": "downloaded"}, "confirmed"),
        ({"event": "replied"}, "confirmed"),
        ({"event": "opened"}, None),
        ({"event": "machine_opened"}, None),
        ({"event": "auto_reply"}, None),
        ({"event": "sent"}, None),
    ],
    ids=str,
)
def test_an_event_means_what_its_codes_say(
    make_event: MakeEvent, make_events: MakeEvents, changes: Row, effect: str | None
) -> None:
    rows = make_events([make_event(**changes)])
    assert judge_events(rows)["effect"].item() == effect


def several(make_event: MakeEvent) -> list[Row]:
    return [
        make_event(event="delivered", occurred_at=AT - DAY),
        make_event(event="delivered", occurred_at=AT - 9 * DAY),
        make_event(enhanced="5.2.2", occurred_at=AT + DAY),
        make_event(occurred_at=AT),
        make_event(event="clicked", occurred_at=AT - 8 * DAY),
        make_event(event="opened", occurred_at=AT + 9 * DAY),
        make_event(event="delivered", address="rui@y.example"),
        make_event(creditor_id="other"),
    ]


@pytest.mark.parametrize("seed", range(10))
def test_history_counts_each_event_once_in_any_order(
    make_event: MakeEvent, make_events: MakeEvents, seed: int
) -> None:
    events = make_events(several(make_event) * 2).sample(fraction=1.0, shuffle=True, seed=seed)
    first, second = fold_history(events, ["c"]).rows(named=True)
    assert first == {
        "creditor_id": "c",
        "address": "ana@x.example",
        "delivered": 2,
        "soft_bounces": 1,
        "hard_bounces": 1,
        "last_delivered_at": AT - DAY,
        "last_soft_at": AT + DAY,
        "last_hard_at": AT,
        "confirmed_at": AT - 8 * DAY,
    }
    assert (second["address"], second["delivered"], second["last_hard_at"]) == (
        "rui@y.example",
        1,
        None,
    )


def test_an_event_of_nobody_counts_for_each_creditor_once(
    make_event: MakeEvent, make_events: MakeEvents
) -> None:
    events = make_events([make_event(creditor_id="*"), make_event(creditor_id="a")])
    found = fold_history(events, ["a", "b"])
    assert found.select("creditor_id", "hard_bounces").rows() == [("a", 2), ("b", 1)]


@pytest.mark.parametrize("seed", range(10))
def test_wishes_silence_everywhere_and_bounces_at_their_creditor(
    make_event: MakeEvent, make_events: MakeEvents, key: bytes, seed: int
) -> None:
    rows = [
        make_event(address="gone@x.example"),
        make_event(address="back@x.example"),
        make_event(address="back@x.example", event="delivered", occurred_at=AT + DAY),
        make_event(address="late@x.example", event="delivered", occurred_at=AT - DAY),
        make_event(address="late@x.example"),
        make_event(address="policy@x.example", enhanced="5.7.1"),
        make_event(address="full@x.example", enhanced="5.2.2"),
        make_event(address="spam@x.example", event="complained", occurred_at=AT + DAY),
        make_event(address="spam@x.example", event="complained"),
        make_event(address="out@x.example", event="unsubscribed"),
        make_event(address="out@x.example", event="unsubscribed", creditor_id="other"),
        make_event(address="other@x.example", event="wrong_person"),
        make_event(address="out@x.example", event="delivered", occurred_at=AT + 9 * DAY),
        make_event(address="held@x.example", event="suppressed"),
    ]
    events = make_events(rows).sample(fraction=1.0, shuffle=True, seed=seed)
    found = suppressions_from(events, key)
    names = pl.Series("name", sorted({str(row["address"]) for row in rows}))
    known = pl.DataFrame({"name": names, "key": keyed_hash(key, names)})
    told = found.join(known, on="key").select("creditor_id", "name", "reason", "since")
    assert sorted(told.rows()) == [
        ("*", "other@x.example", "suppress_wrong_person", AT),
        ("*", "out@x.example", "suppress_opt_out", AT),
        ("*", "spam@x.example", "suppress_complaint", AT),
        ("c", "gone@x.example", "suppress_bounced", AT),
        ("c", "late@x.example", "suppress_bounced", AT),
    ]
    assert set(found["subject"]) == {"address"}
    assert not found["key"].str.contains("@").any()


def traffic(make_event: MakeEvent, domain: str, day: int, hard: int, delivered: int) -> list[Row]:
    """Return a provider's day: so many bounces, so many deliveries, each of another mailbox."""
    when = {"occurred_at": AT + day * DAY}
    bounces = [make_event(address=f"b{day}-{n}@{domain}", **when) for n in range(hard)]
    others = [
        make_event(address=f"d{day}-{n}@{domain}", event="delivered", **when)
        for n in range(delivered)
    ]
    return bounces + others


@pytest.mark.parametrize(
    ("days", "held"),
    [
        ([(2, 98), (50, 50)], True),  # 2 % on the other day, 50 % on this
        ([(2, 98), (7, 93)], False),  # more than three times, but too few to tell
        ([(20, 80), (50, 50)], False),  # the provider is like that
        ([(1, 40), (50, 50)], False),  # no baseline to speak of
        ([(0, 0), (90, 10)], False),  # a new site must learn from its first bounces
        ([(0, 100), (25, 75)], True),  # from nothing at all
    ],
)
def test_a_provider_that_refuses_everybody_for_a_day_condemns_nobody(
    make_event: MakeEvent,
    make_events: MakeEvents,
    key: bytes,
    days: list[tuple[int, int]],
    *,
    held: bool,
) -> None:
    rows = [
        row
        for day, (hard, delivered) in enumerate(days)
        for row in traffic(make_event, "x.example", day, hard, delivered)
    ]
    rows += traffic(make_event, "y.example", 1, 1, 0)
    bounced = days[0][0] + (0 if held else days[1][0]) + 1
    events = make_events(rows)
    assert suppressions_from(events, key).height == bounced
    history = fold_history(events, ["c"])
    assert history["hard_bounces"].sum() == bounced
    assert history["soft_bounces"].sum() == (days[1][0] if held else 0)
    later = make_events(rows[::-1])
    assert_frame_equal(suppressions_from(later, key), suppressions_from(events, key))


def test_domains_of_one_provider_are_looked_at_together(
    make_event: MakeEvent, make_events: MakeEvents
) -> None:
    rows = [
        row
        for number in range(10)
        for day, hard, delivered in ((0, 0, 20), (1, 3, 3))
        for row in traffic(make_event, f"shop{number}.example", day, hard, delivered)
    ]
    read = make_events(rows).with_columns(reason=pl.lit(None, pl.String))
    events = read.with_columns(effect_of_event())
    domains = [f"shop{number}.example" for number in range(10)]
    providers = pl.DataFrame({"domain": domains, "provider": ["host"] * 10})
    assert (hold_incidents(events)["effect"] == "hard").sum() == 30
    assert (hold_incidents(events, providers)["effect"] == "hard").sum() == 0


def test_nothing_comes_of_nothing(make_events: MakeEvents, key: bytes) -> None:
    nothing = make_events([])
    assert judge_events(nothing).is_empty()
    assert fold_history(nothing, ["c"]).is_empty()
    assert suppressions_from(nothing, key).is_empty()
