"""What the sandbox's people do with messages."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from sandbox.answers import answer, play_out
from sandbox.deliver import EVENTS
from sandbox.portfolio import SandboxPortfolio, make_portfolio


@pytest.fixture(scope="module")
def portfolio() -> SandboxPortfolio:
    return make_portfolio("b2c_br", 4_000, seed=3)


@pytest.fixture(scope="module")
def sent(portfolio: SandboxPortfolio) -> pl.DataFrame:
    return portfolio.truth.contacts.select("debtor_id", email="asked").drop_nulls().unique()


def test_owners_answer_and_strangers_say_so(
    portfolio: SandboxPortfolio, sent: pl.DataFrame
) -> None:
    """A third and 15 %, within four standard deviations; an address asked about one debtor only."""
    alone = sent.filter(pl.len().over("email") == 1)
    said = answer(alone, portfolio.truth)
    assert said.schema == EVENTS
    arrived = portfolio.truth.addresses.filter(pl.col("delivery") == "delivered")
    owned = portfolio.truth.contacts.select("debtor_id", email="asked", owns="reaches_debtor")
    read = (
        alone.join(arrived, left_on="email", right_on="address", how="semi")
        .join(owned.unique(["debtor_id", "email"]), on=["debtor_id", "email"])
        .join(said, on="email", how="left")
    )
    owners, strangers = read.filter("owns"), read.filter(~pl.col("owns"))
    assert set(owners["event"].drop_nulls()) == {"clicked", "downloaded", "replied"}
    assert set(strangers["event"].drop_nulls()) == {"wrong_person"}
    assert owners["event"].is_not_null().mean() == pytest.approx(0.33, abs=0.04)
    assert strangers["event"].is_not_null().mean() == pytest.approx(0.15, abs=0.12)


def test_nobody_answers_what_did_not_arrive(
    portfolio: SandboxPortfolio, sent: pl.DataFrame
) -> None:
    at = dt.datetime(2026, 11, 21, 8, tzinfo=dt.UTC)
    events = play_out(sent, portfolio.truth, at=at)
    assert events.schema == EVENTS
    arrived = events.filter(pl.col("event") == "delivered")
    answered = events.filter(~pl.col("event").is_in(["delivered", "bounced"]))
    assert answered.height > 100
    both = answered.join(arrived, on="email")
    assert both.height == answered.height
    assert (both["occurred_at"] > both["occurred_at_right"]).all()


def test_answers_repeat_whatever_the_order(portfolio: SandboxPortfolio, sent: pl.DataFrame) -> None:
    assert_frame_equal(answer(sent, portfolio.truth), answer(sent.reverse(), portfolio.truth))
