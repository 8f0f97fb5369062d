"""Who is asked first: the likeliest to exist, whatever the order of rows."""

from __future__ import annotations

import polars as pl

from checks.mailbox.plan import make_plan
from checks.mailbox.probe import ADDRESSES, targets_of
from data.reference.providers import load_providers

HOPES = {"old@gmail.com": 0.4, "new@gmail.com": 0.97, "also@gmail.com": 0.97, "mid@gmail.com": 0.8}


def frame(order: list[str]) -> pl.DataFrame:
    """Return what a probe takes, in the order given."""
    mx = (["mx.google.com"], ["127.64.1.1"])
    rows = [(address, "gmail.com", "gmail", *mx, HOPES[address]) for address in order]
    return pl.DataFrame(rows, schema=ADDRESSES, orient="row")


def test_the_likeliest_to_exist_are_asked_first_and_ties_by_address() -> None:
    for order in (list(HOPES), sorted(HOPES), sorted(HOPES, reverse=True)):
        plan = make_plan(targets_of(frame(order)), load_providers())
        assert plan.shards[0].targets[0].recipients == (
            "also@gmail.com",
            "new@gmail.com",
            "mid@gmail.com",
            "old@gmail.com",
        )
