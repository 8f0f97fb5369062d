"""What bounces say by the reply rules, clicks of machines, mailboxes that nobody empties."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from data.feedback import fold_history, suppressions_from
from data.feedback.judged import judge_events

AT = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
KEY = b"k" * 32
Row = dict[str, object]
MakeEvent = Callable[..., Row]
MakeEvents = Callable[[list[Row]], pl.DataFrame]


DIRECTORY_BLOCK = "550 5.4.1 Recipient address rejected: Access denied mx.protection.outlook.com"


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        # the text speaks where codes are vague or missing
        (("hard", 550, "5.0.0", "550 Usuário desconhecido"), ("mailbox_not_found", "hard")),
        (("none", 550, None, "550 no such user here"), ("mailbox_not_found", "hard")),
        (
            ("none", None, "5.1.1", "The email account does not exist"),
            ("mailbox_not_found", "hard"),
        ),
        (
            ("hard", 554, None, "554 dd This user doesn't have an account"),
            ("mailbox_not_found", "hard"),
        ),
        (("hard", 550, "5.4.1", DIRECTORY_BLOCK), ("mailbox_not_found", "hard")),
        # and for the address where codes condemn it
        (("hard", 550, "5.1.1", "550 5.1.1 <address> mailbox is full"), ("mailbox_full", "soft")),
        (("hard", 550, "5.1.1", "550 5.1.1 blocked using spamhaus"), ("our_side_blocked", None)),
        (("hard", 550, None, "550 caixa postal cheia"), ("mailbox_full", "soft")),
        (
            ("hard", 550, None, "550 Message rejected as spam by our policy"),
            ("policy_refusal", None),
        ),
        (("hard", 554, "5.7.1", "554 5.7.1 user unknown"), ("policy_refusal", None)),
        (("hard", 450, None, "450 4.2.0 Greylisted, try later"), ("greylisted", "soft")),
        # the report calls it soft: it stays so
        (("soft", 550, "5.1.1", "550 5.1.1 unknown user"), ("mailbox_not_found", "soft")),
        # a text without meaning changes nothing
        (("hard", 550, None, "550 gone with the wind"), (None, "hard")),
        (("none", None, None, "undelivered"), (None, "soft")),
    ],
)
def test_a_bounce_is_read_like_a_reply(
    make_event: MakeEvent,
    make_events: MakeEvents,
    said: tuple[str, int | None, str | None, str],
    wanted: tuple[str | None, str | None],
) -> None:
    names = ("permanence", "smtp_code", "enhanced", "diagnostic")
    row = make_event(**dict(zip(names, said, strict=True)))
    judged = judge_events(make_events([row]))
    assert judged.select("reason", "effect").row(0) == wanted


def click(make_event: MakeEvent, seconds: float, link: str = "1", event: str = "clicked") -> Row:
    moment = AT + timedelta(seconds=seconds)
    return make_event(event=event, occurred_at=moment, diagnostic=f"link {link}")


@pytest.mark.parametrize(
    ("clicks", "human"),
    [
        pytest.param([(30, "1")], 1, id="a person half a minute later"),
        pytest.param([(1.9, "1")], 0, id="before anybody could read"),
        pytest.param([(2, "1")], 1, id="two seconds are enough"),
        pytest.param([(60, "1"), (60.2, "2"), (61, "3")], 0, id="every link at once"),
        pytest.param([(60, "1"), (60.2, "1")], 2, id="a double click"),
        pytest.param([(60, "1"), (90, "2")], 2, id="one link, then another"),
        pytest.param([(60, "1"), (60.5, "2"), (300, "1")], 1, id="a scanner, then a person"),
        pytest.param([(-60, "1")], 1, id="of an earlier message"),
    ],
)
@pytest.mark.parametrize("seed", [1, 2])
def test_clicks_of_scanners_confirm_nobody(
    make_event: MakeEvent,
    make_events: MakeEvents,
    clicks: list[tuple[float, str]],
    human: int,
    seed: int,
) -> None:
    rows = [
        make_event(event="delivered", occurred_at=AT),
        make_event(
            event="delivered", occurred_at=AT + timedelta(seconds=59), address="rui@y.example"
        ),
        *(click(make_event, seconds, link) for seconds, link in clicks),
    ]
    events = make_events(rows).sample(fraction=1.0, shuffle=True, seed=seed)
    assert (judge_events(events)["effect"] == "confirmed").sum() == human


def full(make_event: MakeEvent, day: float, **changes: object) -> Row:
    moment = AT + timedelta(days=day)
    return make_event(**({"occurred_at": moment, "enhanced": "5.2.2"} | changes))


@pytest.mark.parametrize(
    ("days", "delivered", "rests"),
    [
        pytest.param((0, 10, 29), None, True, id="three times in 30 days"),
        pytest.param((0, 10, 31), None, False, id="in more than 30 days"),
        pytest.param((0, 10), None, False, id="twice"),
        pytest.param((0, 0.01, 10), None, False, id="twice, one told twice"),
        pytest.param((0, 10, 29), 20, False, id="somebody emptied it between"),
        pytest.param((0, 10, 29), 40, False, id="somebody emptied it later"),
        pytest.param((0, 10, 29), -1, True, id="somebody emptied it before"),
        pytest.param((0, 40, 50, 60), None, True, id="the later three"),
    ],
)
def test_a_mailbox_that_nobody_empties_rests_for_90_days(
    make_event: MakeEvent,
    make_events: MakeEvents,
    days: tuple[float, ...],
    delivered: float | None,
    rests: bool,  # noqa: FBT001 - a column of the table
) -> None:
    rows = [full(make_event, day) for day in days]
    if delivered is not None:
        rows.append(full(make_event, delivered, event="delivered", enhanced=None))
    found = suppressions_from(make_events(rows), KEY)
    last = AT + timedelta(days=days[-1])
    wanted = [("suppress_bounced", last, last + timedelta(days=90))] if rests else []
    assert found.select("reason", "since", "until").rows() == wanted


def test_a_hard_bounce_outlasts_a_full_mailbox(
    make_event: MakeEvent, make_events: MakeEvents
) -> None:
    rows = [full(make_event, day) for day in (0, 1, 2)] + [make_event()]
    found = suppressions_from(make_events(rows), KEY)
    assert found.select("reason", "until").rows() == [("suppress_bounced", None)]


def test_an_absence_notice_neither_bounces_nor_confirms(
    make_event: MakeEvent, make_events: MakeEvents
) -> None:
    events = make_events([make_event(event="auto_reply"), make_event(event="machine_opened")])
    assert fold_history(events, ["c"]).is_empty()
    assert suppressions_from(events, KEY).is_empty()
