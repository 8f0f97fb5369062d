"""Everything together: the clock on the wire, the process of its own, deliveries."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import dns.message
import dns.query
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from sandbox.clock import PolicyClock, RemoteClock, answer
from sandbox.deliver import EVENTS, deliver
from sandbox.internet import DEFAULT_START, Endpoints, start
from sandbox.portfolio import make_portfolio
from sandbox.world import canonical, world_of

if TYPE_CHECKING:
    from tests.sandbox.conftest import Lab


@pytest.mark.parametrize(
    ("line", "reply", "left_at"),
    [
        (b"now\n", b"100.0\n", 100.0),
        (b"advance 160\n", b"160.0\n", 160.0),
        (b"advance 40\n", b"100.0\n", 100.0),  # never back
        (b"advance nan\n", b"100.0\n", 100.0),
        (b"advance inf\n", b"100.0\n", 100.0),
        (b"advance\n", b"error\n", 100.0),
        (b"stop\n", b"error\n", 100.0),
        (b"\n", b"error\n", 100.0),
    ],
)
def test_clock_lines(line: bytes, reply: bytes, left_at: float) -> None:
    clock = PolicyClock(100.0)
    assert answer(clock, line) == reply
    assert clock.now() == left_at


def test_clock_over_the_wire_moves_the_servers(lab: Lab) -> None:
    target = f"exists@{lab.domain('postgrey')}"
    assert lab.ask(target).startswith("450")
    with RemoteClock(lab.endpoints.clock) as clock:
        assert clock.now() == DEFAULT_START
        assert clock.advance(DEFAULT_START + 301) == DEFAULT_START + 301
    assert lab.ask(target).startswith("250")


def test_a_process_of_its_own_serves_a_portfolio(tmp_path: Path) -> None:
    make_portfolio("b2c_br", 100, seed=3).write(tmp_path)
    with start(tmp_path, tmp_path / "journal", seed=3) as endpoints:
        host, _, port = endpoints.nameserver.rpartition(":")
        for name in ("gmail.com", "gmail.zoo.example"):  # the portfolio's world, and the zoo
            query = dns.message.make_query(name, "MX")
            assert dns.query.udp(query, host, timeout=5, port=int(port)).answer
        with RemoteClock(endpoints.clock) as clock:
            assert clock.now() == DEFAULT_START
    with pytest.raises(ConnectionError):
        RemoteClock(endpoints.clock)


def test_the_command_line_prints_endpoints_and_stops(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sandbox", "serve", "--journal", str(tmp_path)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL
    ) as child:
        assert child.stdout
        endpoints = Endpoints.from_json(child.stdout.readline())
        os.kill(child.pid, signal.SIGTERM)
        assert child.wait(10) == 0
    assert endpoints.lab_networks == ("127.64.0.0/10",)


def test_deliveries_end_as_the_truth_says() -> None:
    truth = make_portfolio("b2b_br", 3_000, seed=5).truth
    asked = truth.contacts["asked"].drop_nulls()
    events = deliver(asked, truth, seed=5)
    assert events.schema == EVENTS
    ends = events.join(truth.addresses, left_on="email", right_on="address")
    assert ends.height == asked.n_unique()
    outcome = (
        pl.when(pl.col("permanence").is_null())
        .then(pl.lit("delivered"))
        .otherwise(pl.col("permanence") + "_bounce")
    )
    assert ends.filter(outcome != pl.col("delivery")).is_empty()
    codes = events.filter(pl.col("permanence") == "hard")["smtp_code"].str.slice(0, 1)
    assert codes.unique().to_list() == ["5"]
    assert events["diagnostic"].str.contains("\n").any() is False


def test_deliveries_repeat_whatever_the_order() -> None:
    truth = make_portfolio("b2c_mx", 500, seed=5).truth
    asked = truth.contacts["asked"].drop_nulls()
    assert_frame_equal(deliver(asked, truth), deliver(asked.reverse(), truth))


def test_made_up_addresses_bounce_hard() -> None:
    truth = make_portfolio("b2c_br", 50, seed=1).truth
    events = deliver(pl.Series(["nobody-at-all@gmail.com"]), truth)
    assert events["permanence"].to_list() == ["hard"]


def test_servers_know_exactly_the_mailboxes_of_the_truth() -> None:
    truth = make_portfolio("b2c_br", 2_000, seed=4).truth
    world = world_of(truth, 4)
    for address, mailbox in truth.addresses.select("address", "mailbox").iter_rows():
        told = world.mailboxes.get(canonical(address), "absent")
        assert told == ("absent" if mailbox == "no_route" else mailbox)
