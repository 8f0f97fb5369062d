"""The warehouse after events: the same in any order, and unmoved by repetition."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.feedback import EVENTS, fold_history, suppressions_from
from data.feedback.opening import open_events
from data.warehouse import Warehouse, open_warehouse
from tests.feedback.bodies import brevo, mailgun, sendgrid, ses_bounce
from tests.feedback.here import HASH_KEY, NOW, PUBLISHED, read_here
from tests.feedback.mails import KEY, OTHER_KEY, bounce, complaint

DAY = timedelta(days=1)


def plain(event: str, day: int, key: str = KEY, codes: str = ",,,") -> str:
    moment = NOW - day * DAY
    return f"{key},{event},{moment:%Y-%m-%dT%H:%M:%SZ}{codes}"


HEAD = "message_key,event,occurred_at,permanence,smtp_code,enhanced"
FILES: tuple[bytes, ...] = (
    "\n".join([HEAD, plain("delivered", 3), plain("clicked", 2), plain("opened", 2)]).encode(),
    "\n".join([HEAD, plain("bounced", 9, codes=",hard,550,5.1.1")]).encode(),
    "\n".join([HEAD, plain("bounced", 1, OTHER_KEY, ",hard,550,5.1.1")]).encode(),
    bounce(status="5.2.2", diagnostic="smtp; 552 5.2.2 mailbox full"),
    complaint(key=OTHER_KEY),
    json.dumps([sendgrid("delivered"), sendgrid("bounce", status="5.1.1", type="bounce")]).encode(),
    json.dumps(ses_bounce("Permanent", "General", "smtp; 550 5.1.1 no")).encode(),
    json.dumps({"event-data": mailgun("unsubscribed")}).encode(),
    json.dumps(brevo("unique_proxy_open")).encode(),
)


def state(warehouse: Warehouse) -> tuple[pl.DataFrame, ...]:
    """Return everything that events change."""
    return (warehouse.events(), warehouse.history(["loja", "banco"]), warehouse.suppressions())


def take(warehouse: Warehouse, events: pl.DataFrame) -> int:
    """Take a file's events in as `entrega feedback` does; return how many are new."""
    new = warehouse.merge_events(events)
    warehouse.renew_suppressions(suppressions_from(warehouse.events(), warehouse.hash_key))
    return new


def read_all(folder: Path) -> list[pl.DataFrame]:
    """Return the events of each of FILES."""
    found = []
    for content in FILES:
        path = folder / "file"
        path.write_bytes(content)
        found.append(read_here(path).events)
    return found


def test_ten_shuffles_and_repetitions_end_in_the_same_state(tmp_path: Path) -> None:
    files = read_all(tmp_path)
    ends: list[tuple[pl.DataFrame, ...]] = []
    for seed in range(10):
        chance = random.Random(seed)  # noqa: S311 - an order, no secret
        order = chance.sample(files + files[: seed % 3], len(files) + seed % 3)
        with open_warehouse(
            tmp_path / f"{seed}.duckdb", now=lambda: NOW, hash_key=HASH_KEY
        ) as opened:
            for events in order:
                take(opened, events)
            assert take(opened, pl.concat(files)) == 0
            ends.append(state(opened))
    assert [frame.height for frame in ends[0]] == [12, 3, 5]  # events, history, suppressions
    assert all(a.equals(b) for end in ends for a, b in zip(end, ends[0], strict=True))


moments = st.integers(0, 90 * 24).map(lambda hours: NOW - timedelta(hours=hours))
kinds = st.sampled_from(["delivered", "clicked", "bounced", "complained", "opened"])
codes = st.sampled_from([("hard", 550, "5.1.1"), ("hard", 552, "5.2.2"), ("hard", 554, "5.7.1")])
people = st.sampled_from(["ana@a.test", "rui@b.test"])


@given(st.lists(st.tuples(kinds, moments, codes, people), max_size=25), st.randoms())
def test_what_events_mean_knows_no_order(
    told: Sequence[tuple[str, datetime, tuple[str, int, str], str]], chance: random.Random
) -> None:
    rows = [("loja", repr(each), None, each[3], each[0], each[1], *each[2], None) for each in told]
    shuffled = rows + rows[: len(rows) // 2]
    chance.shuffle(shuffled)
    first, second = (pl.DataFrame(each, EVENTS, orient="row") for each in (rows, shuffled))
    assert fold_history(first, ["loja"]).equals(fold_history(second, ["loja"]))
    assert suppressions_from(first, HASH_KEY).equals(suppressions_from(second, HASH_KEY))


@pytest.mark.parametrize("form", ["jsonl", "mbox"])
def test_cut_files_lose_only_their_last_event(tmp_path: Path, form: str) -> None:
    mark = b"From MAILER-DAEMON Fri Nov 20 09:00:00 2026\n"
    many = {
        "jsonl": b"".join(json.dumps(sendgrid("delivered")).encode() + b"\n" for _ in range(3)),
        "mbox": b"".join(mark + bounce() + b"\n" for _ in range(3)),
    }[form]
    path = tmp_path / "cut"
    path.write_bytes(many[: -len(many) // 6])
    rows = pl.concat([rows for rows, _ in open_events("cut", path, None).batches])
    whole = rows.filter(pl.col("event").is_not_null())
    assert whole["line"].to_list() == [1, 2]


def test_a_different_list_does_not_know_the_key(tmp_path: Path) -> None:
    path = tmp_path / "bounce"
    path.write_bytes(bounce())
    assert read_here(path, PUBLISHED.tail(1)).reasons == ["unknown_message_key"]
