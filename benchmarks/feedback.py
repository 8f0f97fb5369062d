"""How long events take to come back in, and how much memory: JSON lines and bounces.

    python benchmarks/feedback.py [--events 1000000] [--bounces 100000] [--seed 7] [--out FOLDER]

Makes its input (SendGrid's JSON, one object a line; RFC 3464 bounces in an mbox), reads it,
merges it into a new warehouse, and works out what it suppresses. Limits: 1,000,000 JSON lines in
60 s and 2 GiB, 100,000 bounces in 120 s; two cores.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path

import polars as pl

from data.feedback import MESSAGES, fold_history, read_events, suppressions_from
from data.warehouse import open_warehouse

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
EPOCH = int(NOW.timestamp())
DOMAINS = [f"empresa{number}.example" for number in range(2_000)]
EVENTS = {"processed": 30, "delivered": 40, "open": 20, "click": 4, "bounce": 4, "deferred": 2}
REFUSALS = (
    ("5.1.1", "550 5.1.1 <{to}>: Recipient address rejected: User unknown in virtual table"),
    ("5.1.1", "550 5.1.1 The email account that you tried to reach does not exist {id}"),
    ("5.2.2", "552 5.2.2 <{to}>: Quota exceeded (mailbox for user is full)"),
    ("5.7.1", "554 5.7.1 Service unavailable; Client host [192.0.2.7] blocked using a list"),
    ("5.0.0", "550 Usuario desconhecido {id}"),
)
BOUNCE = """\
From MAILER-DAEMON Sat Nov 21 10:00:00 2026
Return-Path: <>
Received: from mx.{domain} (mx.{domain} [192.0.2.9]) by mail.sender.example; {date}
Date: {date}
From: Mail Delivery System <mailer-daemon@mx.{domain}>
To: bounce@sender.example
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="{id}/mx.{domain}"

--{id}/mx.{domain}
Content-Type: text/plain; charset=utf-8

This is the mail system at host mx.{domain}.

I'm sorry to have to inform you that your message could not be delivered to one or more
recipients. It's attached below.

<{to}>: {said}

--{id}/mx.{domain}
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.{domain}
X-Postfix-Queue-ID: {id}
Arrival-Date: {date}

Final-Recipient: rfc822; {to}
Original-Recipient: rfc822;{to}
Action: failed
Status: {status}
Remote-MTA: dns; mx.{domain}
Diagnostic-Code: smtp; {said}

--{id}/mx.{domain}
Content-Type: message/rfc822

From: Cobranca <contato@sender.example>
To: {to}
Subject: Aviso
Message-ID: <{id}@sender.example>
X-Entrega-Key: {key}
Content-Type: text/html; charset=utf-8

{body}

--{id}/mx.{domain}--

"""
BODY = "\n".join("<p>" + "aviso de exemplo " * 4 + "</p>" for _ in range(60))


def key_of(number: int) -> str:
    """Return the message key of the message with that number."""
    return blake2b(str(number).encode(), digest_size=16).hexdigest()


def address_of(number: int) -> str:
    """Return whom that message went to."""
    return f"pessoa{number}@{DOMAINS[number % len(DOMAINS)]}"


def make_messages(count: int) -> pl.DataFrame:
    """Return MESSAGES of a list with so many recipients."""
    numbers = range(count)
    return pl.DataFrame(
        {
            "creditor_id": "creditor",
            "message_key": [key_of(number) for number in numbers],
            "list_id": "list",
            "debtor_id": [str(number) for number in numbers],
            "address": [address_of(number) for number in numbers],
            "neutral": False,
        },
        schema=MESSAGES,
    )


def json_lines(count: int, people: int, chance: random.Random) -> Iterator[str]:
    """Return SendGrid events, one a line."""
    kinds = chance.choices(list(EVENTS), list(EVENTS.values()), k=count)
    for number, kind in enumerate(kinds):
        who = chance.randrange(people)
        event: dict[str, object] = {
            "email": address_of(who),
            "timestamp": EPOCH - chance.randrange(2_000_000),
            "smtp-id": f"<{number}@geopod>",
            "event": kind,
            "category": ["cobranca"],
            "sg_event_id": f"ev{number:020d}",
            "sg_message_id": f"ms{who:020d}.filter0001",
            "message_key": key_of(who),
            "ip": "192.0.2.1",
        }
        if kind == "bounce":
            status, said = chance.choice(REFUSALS)
            reason = said.format(to=address_of(who), id=number)
            event |= {"type": "bounce", "status": status, "reason": reason}
        elif kind == "click":
            event |= {"url": f"https://sender.example/{number}", "useragent": "Mozilla/5.0"}
        elif kind == "delivered":
            event["response"] = "250 2.0.0 OK"
        yield json.dumps(event) + "\n"


def bounces(count: int, people: int, chance: random.Random) -> Iterator[str]:
    """Return bounces as an mbox holds them, about 6 KB each."""
    for number in range(count):
        who = chance.randrange(people)
        status, said = chance.choice(REFUSALS)
        moment = datetime.fromtimestamp(EPOCH - chance.randrange(2_000_000), UTC)
        yield BOUNCE.format(
            to=address_of(who),
            domain=DOMAINS[who % len(DOMAINS)],
            id=f"{number:012X}",
            key=key_of(who),
            status=status,
            said=said.format(to=address_of(who), id=number),
            date=moment.strftime("%a, %d %b %Y %H:%M:%S +0000"),
            body=BODY,
        )


def peak_gib() -> tuple[float, float]:
    """Return the most memory that this process and its largest child have had."""
    usages = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    own, child = (resource.getrusage(usage).ru_maxrss / (1 << 20) for usage in usages)
    return own, child


def timed(name: str, work: Callable[[], object]) -> float:
    """Print how long a step took."""
    start = time.perf_counter()
    work()
    seconds = time.perf_counter() - start
    print(f"  {name:44}{seconds:>8.1f} s")
    return seconds


def measure(name: str, path: Path, messages: pl.DataFrame, folder: Path) -> None:
    """Read a file, merge it twice, fold it; print times and memory."""
    print(f"{name}, {path.stat().st_size / 1e6:,.0f} MB")
    with open_warehouse(folder / f"{path.stem}.duckdb", now=lambda: NOW) as opened:
        start = time.perf_counter()
        events, refused = read_events(path, messages, opened.hash_key, now=NOW)
        read = time.perf_counter() - start
        print(f"  {'read and judged':44}{read:>8.1f} s")
        took = timed("merged into the warehouse", lambda: opened.merge_events(events))
        took += timed(
            "suppressions worked out and merged",
            lambda: opened.renew_suppressions(suppressions_from(events, opened.hash_key)),
        )
        timed("history folded", lambda: fold_history(events, ["creditor"]))
        again = opened.merge_events(read_events(path, messages, opened.hash_key, now=NOW)[0])
    own, child = peak_gib()
    print(f"  {'all of it':44}{read + took:>8.1f} s")
    print(
        f"  {events.height:,} events, {refused.height:,} refused; the same file again: {again} new"
    )
    print(f"  peak memory {own:.2f} GiB, reading child {child:.2f} GiB")


def main() -> None:
    """Make both files and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--bounces", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = options.out or Path(made)
        people = max(options.events // 4, 1)
        messages = make_messages(people)
        for name, count, lines, file in (
            ("JSON lines", options.events, json_lines, "events.jsonl"),
            ("bounces (RFC 3464, mbox)", options.bounces, bounces, "bounces.mbox"),
        ):
            if count:
                path = folder / file
                with path.open("w", encoding="utf-8") as out:
                    out.writelines(lines(count, people, random.Random(options.seed)))  # noqa: S311
                measure(f"{count:,} {name}", path, messages, folder)


if __name__ == "__main__":
    main()
