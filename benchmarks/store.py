"""How long a million rows take: into the warehouse and out, as events, as a clean list.

Run: python benchmarks/store.py [rows]; prints seconds and the peak memory of the process.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, TypeVar

import polars as pl

from checks.frames import CONTACTS, RECIPIENTS, RECIPIENTS_NEUTRAL, empty
from checks.model import GateState
from data.feedback import MESSAGES, read_events, suppressions_from
from data.publish import ListFacts, name_list, publish_list, verify_list
from data.warehouse import open_warehouse

NOW: Final = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
Answer = TypeVar("Answer")


def timed(what: str, action: Callable[[], Answer]) -> Answer:
    """Do it, and print how long it took and how much memory the process has had at most."""
    started = time.perf_counter()
    answer = action()
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{what:<34} {seconds:7.2f} s   peak {peak:,} MiB")
    return answer


def contacts(rows: int) -> pl.DataFrame:
    """Return CONTACTS with distinct addresses, most columns filled."""
    number = pl.col("number").cast(pl.String)
    address = "ana.silva" + number + "@example" + number.str.tail(3) + ".test"
    filled = {
        "creditor_id": pl.lit("banco"),
        "debtor_id": "D" + number.str.zfill(9),
        "email_raw": address,
        "email": address,
        "verdict": pl.lit("unknown"),
        "reason": pl.lit("not_asked_smtp_off"),
        "score": pl.col("number") % 100 / 100,
        "ownership": pl.lit(0.9),
        "decision": pl.lit("send"),
        "decision_reason": pl.lit("confident"),
        "provider": pl.lit("gmail"),
        "checked_at": pl.lit(NOW),
        "expires_at": pl.lit(NOW + timedelta(days=30)),
    }
    numbers = pl.DataFrame({"number": pl.int_range(rows, eager=True)})
    return numbers.select(
        filled.get(name, pl.lit(None)).cast(dtype).alias(name) for name, dtype in CONTACTS.items()
    )


def event_file(frame: pl.DataFrame, path: Path) -> None:
    """Write a delivery of every row, a tenth of them bounces with a diagnostic text."""
    bounced = pl.col("number") % 10 == 0
    frame.with_row_index("number").select(
        "email",
        event=pl.when(bounced).then(pl.lit("bounced")).otherwise(pl.lit("delivered")),
        occurred_at=pl.lit("2026-11-21T10:00:00Z"),
        permanence=pl.when(bounced).then(pl.lit("hard")),
        smtp_code=pl.when(bounced).then(pl.lit("550")).otherwise(pl.lit("250")),
        enhanced=pl.when(bounced).then(pl.lit("5.1.1")),
        diagnostic=pl.when(bounced).then(pl.lit("550 5.1.1 user, unknown: ") + pl.col("email")),
    ).write_csv(path)


def measure(rows: int, folder: Path) -> None:
    """Time the store from end to end."""
    frame = contacts(rows)
    with open_warehouse(folder / "w.duckdb", now=lambda: NOW) as warehouse:
        warehouse.start_run("r", as_of=NOW, digests={})
        timed("commit contacts", lambda: warehouse.commit("r", "decide", {"contacts": frame}))
        timed("commit them again", lambda: warehouse.commit("r", "decide", {"contacts": frame}))
        timed("read contacts", lambda: warehouse.read("contacts", "r"))
        event_file(frame, folder / "events.csv")
        key = warehouse.hash_key
        path = folder / "events.csv"
        events, _ = timed("read events", lambda: read_events(path, empty(MESSAGES), key))
        timed("merge events", lambda: warehouse.merge_events(events))
        timed("merge them again", lambda: warehouse.merge_events(events))
        timed("history", lambda: warehouse.history(["banco"]))
        found = timed("suppressions from events", lambda: suppressions_from(events, key))
        timed("renew suppressions", lambda: warehouse.renew_suppressions(found))
    facts = ListFacts("banco", NOW, NOW + timedelta(days=1), GateState.OPEN)
    recipients = frame.select(
        pl.col(name) if name in frame.columns else pl.lit(None).cast(dtype).alias(name)
        for name, dtype in RECIPIENTS.items()
    )
    neutral = empty(RECIPIENTS_NEUTRAL)
    clean = timed("name list", lambda: name_list(facts, recipients, neutral))
    out = timed("publish list", lambda: publish_list(folder, clean, number=1))
    timed("verify list", lambda: verify_list(out, NOW))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        measure(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000, Path(place))
