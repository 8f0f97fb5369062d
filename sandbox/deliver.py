"""What a real sending would end in: events for predicted-against-true bounce and for feedback."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Final

import polars as pl

from sandbox.draws import fate
from sandbox.host import Host, SessionState
from sandbox.mailboxes import mailbox_key
from sandbox.personality import load_personalities
from sandbox.portfolio import Truth
from sandbox.world import World, world_of

EVENTS: Final = pl.Schema(
    {
        "email": pl.String(),
        "event": pl.String(),  # delivered | bounced
        "occurred_at": pl.String(),  # ISO 8601 with Z
        "permanence": pl.String(),  # hard | soft; null where delivered
        "smtp_code": pl.String(),
        "enhanced": pl.String(),
        "diagnostic": pl.String(),
    },
)
"""The plain form of delivery feedback, as a CSV's columns; all text."""

_ENHANCED = re.compile(r"\d{3} ([245]\.\d{1,3}\.\d{1,3})\b")
_NO_ROUTE_TEXT: Final = "550 5.1.2 Host or domain name not found; no mail server for the domain"
_EXPIRED_TEXT: Final = "451 4.4.1 Connection timed out; delivery expired"
_PUT_OFF_TEXT: Final = "451 4.3.0 Delivery deferred; message expired in the queue"
_LATER_TEXT: Final = {
    "yahoo": "554 delivery error: dd This user doesn't have an account here [-5]",
    "m365": "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
}
"""What hosts say of missing mailboxes after DATA or in a report, where RCPT was accepted."""


def deliver(
    addresses: pl.Series,
    truth: Truth,
    seed: int = 1,
    at: dt.datetime = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC),
) -> pl.DataFrame:
    """Return the events of sending one message to every address, EVENTS' columns, sorted.

    An address that the truth does not know bounces hard, as one that was made up would. Events
    happen within the hour after `at`.
    """
    sent = pl.DataFrame({"email": addresses.unique().sort()}).with_columns(
        mailbox_key(pl.col("email").str.to_lowercase()).alias("key"),
    )
    known = truth.addresses.with_columns(
        mailbox_key(pl.col("address")).alias("key"),
    ).unique("key", keep="first", maintain_order=True)
    ends = sent.join(known, on="key", how="left", maintain_order="left")
    sender = _Sender(world_of(truth, seed), at)
    rows = [
        sender.event(*row)
        for row in ends.select("email", "host", "mailbox", "delivery").iter_rows()
    ]
    return pl.DataFrame(rows, schema=EVENTS, orient="row")


@dataclass(frozen=True, slots=True)
class _Sender:
    world: World
    at: dt.datetime

    def event(
        self,
        email: str,
        host: str | None,
        mailbox: str | None,
        delivery: str | None,
    ) -> tuple[str | None, ...]:
        minutes = fate(self.world.seed, "delivered-at", email) * 60
        moment = (self.at + dt.timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")
        if delivery == "delivered":
            return (email, "delivered", moment, None, "250", "2.0.0", "250 2.0.0 OK")
        text = _diagnostic(self.world, email, host, mailbox, delivery)
        permanence = "soft" if delivery == "soft_bounce" else "hard"
        enhanced = _ENHANCED.match(text)
        return (
            email,
            "bounced",
            moment,
            permanence,
            text[:3],
            enhanced[1] if enhanced else None,
            text,
        )


def _diagnostic(
    world: World,
    email: str,
    host: str | None,
    mailbox: str | None,
    delivery: str | None,
) -> str:
    """Return what the last server said, in one line."""
    if host is None or mailbox == "no_route":
        return _NO_ROUTE_TEXT
    kind = load_personalities()[host]
    if delivery == "soft_bounce" and (mailbox == "exists" or not kind.listens):
        return _PUT_OFF_TEXT if kind.listens else _EXPIRED_TEXT
    if delivery == "soft_bounce" and mailbox != "full":
        return _EXPIRED_TEXT
    if mailbox != "full" and host in _LATER_TEXT:
        return _LATER_TEXT[host]
    server = Host(kind, world, host, email.rpartition("@")[2])
    said = server.say(mailbox or "absent", SessionState(client="192.0.2.1"), email)
    lines = said.text.splitlines()
    return " ".join((lines[0][:3], *(line[4:] for line in lines)))
