"""What people do with messages that arrived: owners click, strangers say "wrong person".

How many do, and how, is in `markets.toml`, an assumption. Who reads a mailbox is the truth's owner;
where that is not the debtor whose debt it is about, a stranger reads it. A stranger never clicks
here, and nobody answers about somebody else out of kindness.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final

import polars as pl

from sandbox.deliver import EVENTS, deliver
from sandbox.draws import fate
from sandbox.mailboxes import mailbox_key
from sandbox.market import read_table
from sandbox.portfolio import Truth

SOMETIME: Final = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)


def play_out(
    sent: pl.DataFrame, truth: Truth, seed: int = 1, at: dt.datetime = SOMETIME
) -> pl.DataFrame:
    """Return deliveries and answers of one message to each row of `sent`, EVENTS' columns, sorted.

    `sent` has `debtor_id` and `email`; messages arrive within the hour after `at`, and are answered
    within the one after that.
    """
    delivered = deliver(sent["email"], truth, seed, at)
    return pl.concat([delivered, answer(sent, truth, seed, at)])


def answer(
    sent: pl.DataFrame, truth: Truth, seed: int = 1, at: dt.datetime = SOMETIME
) -> pl.DataFrame:
    """Return what readers of the messages in `sent` say, EVENTS' columns, sorted by address."""
    readers = _readers(sent, truth)
    shares = read_table("markets.toml")["answers"]
    rows = [
        (email, word, _moment(at, seed, email), None, None, None, None)
        for debtor, email, owns in readers.iter_rows()
        if (word := _word(shares["owner" if owns else "stranger"], seed, debtor, email))
    ]
    return pl.DataFrame(rows, schema=EVENTS, orient="row").sort("email", "event")


def _readers(sent: pl.DataFrame, truth: Truth) -> pl.DataFrame:
    """Return `debtor_id, email, owns` of the messages that somebody reads, sorted."""
    person = truth.records.select("debtor_id", "person").unique("debtor_id")
    boxes = truth.addresses.select(
        mailbox_key(pl.col("address")).alias("key"), "owner", "delivery"
    ).unique("key", keep="first", maintain_order=True)
    return (
        sent.select("debtor_id", "email")
        .unique()
        .with_columns(mailbox_key(pl.col("email").str.to_lowercase()).alias("key"))
        .join(boxes, on="key")
        .join(person, on="debtor_id")
        .filter(pl.col("delivery") == "delivered")
        .select(
            "debtor_id",
            "email",
            (pl.col("owner") == pl.col("person")).fill_null(value=False).alias("owns"),
        )
        .sort("email", "debtor_id")
    )


def _word(shares: Mapping[str, float], seed: int, debtor: str, email: str) -> str | None:
    """Return what this reader does with this message; None: nothing."""
    chance = fate(seed, "answered", debtor, email)
    for word, share in shares.items():
        if chance < share:
            return word
        chance -= share
    return None


def _moment(at: dt.datetime, seed: int, email: str) -> str:
    minutes = 60 + fate(seed, "answered-at", email) * 60
    return (at + dt.timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")
