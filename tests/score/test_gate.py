"""The gate: what fits, what is trimmed, what goes ahead as a canary, and when nothing leaves."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from checks.model import GateState
from checks.score import (
    CANDIDATES,
    Force,
    GateLimits,
    GateReason,
    GateResult,
    ListHistory,
    Loss,
    ScoreModel,
    apply_gate,
    gate_list,
)
from checks.score.lots import number_lots, sizes_of_lots
from data.reference.score import load_score_model

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tests.score.conftest import Office

LIMITS = GateLimits()
NOTHING_BEFORE = ListHistory()
PLAIN = load_score_model()
ALL_HARD = Loss({"asked": 0.0, "history": 0.0, "prior": 0.0}, permanent=1.0)
MODEL = replace(PLAIN, spread={"asked": 0.05, "history": 0.1, "prior": 0.25}, loss=ALL_HARD)
"""A world in which whatever does not arrive bounces for good, so rates are easy to follow."""


def candidates(
    scores: NDArray[np.float64] | list[float],
    *,
    basis: str = "asked",
    provider: str = "gmail",
    prefix: str = "d",
) -> pl.DataFrame:
    """Return one candidate per score; amounts fall with the row."""
    count = len(scores)
    return pl.DataFrame(
        {
            "creditor_id": ["acme"] * count,
            "debtor_id": [f"{prefix}{row:07d}" for row in range(count)],
            "email": [f"{prefix}{row}@example.com" for row in range(count)],
            "provider": [provider] * count,
            "decision": ["send"] * count,
            "score": list(scores),
            "score_basis": [basis] * count,
            "amount": [Decimal(row) for row in range(count, 0, -1)],
        },
        schema=CANDIDATES,
    )


def passed(
    rows: pl.DataFrame,
    limits: GateLimits = LIMITS,
    history: ListHistory = NOTHING_BEFORE,
    force: Force | None = None,
    model: ScoreModel = MODEL,
) -> GateResult:
    return gate_list(rows, limits, history, model, force)


def count(result: GateResult, outcome: str) -> int:
    return result.rows.filter(pl.col("outcome") == outcome).height


def test_a_list_within_its_limit_is_sent_whole() -> None:
    result = passed(candidates(np.full(5000, 0.995)))
    assert (result.state, result.reasons) == (GateState.OPEN, (GateReason.WITHIN_LIMIT,))
    assert count(result, "sent") == 5000
    assert result.predicted.high <= LIMITS.green


def test_the_largest_part_that_fits_is_sent_best_first() -> None:
    rows = candidates(np.linspace(0.999, 0.85, 20_000))
    result = passed(rows)
    sent = count(result, "sent")
    assert result.state is GateState.TRIMMED
    assert result.reasons == (GateReason.IN_LOTS, GateReason.OVER_LIMIT)
    assert result.predicted.rate <= LIMITS.green < result.predicted.high
    best = rows.sort("score", descending=True).head(sent)["debtor_id"].sort()
    assert result.rows.filter(pl.col("outcome") == "sent")["debtor_id"].to_list() == best.to_list()
    # no longer part fits: whichever is tried, more than the limit is expected of it
    more = rows.sort("score", descending=True).head(sent + 50)
    assert passed(more, GateLimits(green=1.0)).predicted.rate > LIMITS.green


def test_what_fits_surely_leaves_at_once_and_the_rest_of_what_fits_in_lots() -> None:
    sure = passed(candidates(np.full(20_000, 0.99)))
    likely = passed(candidates(np.full(20_000, 0.9805)))
    assert (sure.state, sure.reasons) == (GateState.OPEN, (GateReason.WITHIN_LIMIT,))
    assert sure.lots is None
    assert sure.rows["lot"].unique().to_list() == [1]
    assert likely.reasons == (GateReason.IN_LOTS, GateReason.WITHIN_LIMIT)
    assert likely.lots is not None
    assert likely.lots.messages == (500, 1000, 2000, 4000, 8000, 4500)
    lots = likely.rows["lot"].value_counts().sort("lot")["count"].to_list()
    assert tuple(lots) == likely.lots.messages


def test_each_lot_is_drawn_from_the_whole_ranking() -> None:
    """So that what becomes of the canary tells of the rest."""
    rows = candidates(np.linspace(0.999, 0.964, 10_000))
    result = passed(rows)
    scores = result.rows.join(rows, on="debtor_id").group_by("lot").agg(pl.col("score").mean())
    assert scores["score"].max() - scores["score"].min() < 0.0005  # type: ignore[operator]


def test_a_message_that_is_red_by_itself_does_not_ride_with_good_ones() -> None:
    """By expectation a hundred of 7 % would fit beside thousands of 1 %: surely nobody asked."""
    good = candidates(np.full(2000, 0.985))
    bad = candidates(np.full(100, 0.93), prefix="x")
    result = passed(pl.concat([good, bad]))
    assert count(result, "sent") == good.height
    fair = candidates(np.full(100, 0.96), prefix="x")
    assert count(passed(pl.concat([good, fair])), "sent") == good.height + fair.height


@given(st.integers(0, 40_000), st.integers(1, 3000))
def test_lots_double_and_add_up(messages: int, canary: int) -> None:
    sizes = sizes_of_lots(messages, canary)
    assert sum(sizes) == messages
    assert all(size > 0 for size in sizes)
    assert list(sizes[:-1]) == [canary * 2**place for place in range(len(sizes) - 1)]
    lots = number_lots(sizes)
    assert [int((lots == place + 1).sum()) for place in range(len(sizes))] == list(sizes)


def test_equal_scores_are_cut_by_amount_then_by_id() -> None:
    good = candidates(np.full(2000, 0.998))
    rows = pl.concat([good, candidates(np.full(3000, 0.90), prefix="x")])
    sent = passed(rows).rows.filter(pl.col("outcome") == "sent")["debtor_id"]
    marginal = sent.filter(sent.str.starts_with("x")).to_list()
    assert marginal == [f"x{row:07d}" for row in range(len(marginal))]
    assert marginal


def test_without_probing_and_history_a_canary_goes_ahead() -> None:
    """A first run over a consumer file: everything rests on priors, and too much would bounce."""
    rows = candidates(np.linspace(0.96, 0.80, 60_000), basis="prior")
    result = passed(rows)
    assert result.state is GateState.TRIMMED
    assert result.reasons == (GateReason.CANARY,)
    assert count(result, "sent") == 500
    assert count(result, "hold_canary") == 59_500
    best = [f"d{row:07d}" for row in range(500)]
    assert result.rows.filter(pl.col("outcome") == "sent")["debtor_id"].to_list() == best
    assert result.predicted.rate <= LIMITS.amber


def test_a_canary_stays_within_amber_where_a_useful_lot_does() -> None:
    rows = candidates([0.97] * 100 + [0.80] * 5000, basis="prior")
    result = passed(rows)
    assert 100 <= count(result, "sent") < 500
    assert result.predicted.rate <= LIMITS.amber


def test_where_nothing_is_amber_a_tenth_of_a_canary_goes_ahead() -> None:
    result = passed(candidates(np.full(3000, 0.85), basis="prior"))
    assert (result.state, count(result, "sent")) == (GateState.TRIMMED, 50)


def test_a_small_file_without_probing_is_a_canary_itself() -> None:
    result = passed(candidates(np.full(20, 0.85), basis="prior"))
    assert (result.state, result.reasons) == (GateState.OPEN, (GateReason.CANARY,))
    assert count(result, "sent") == 20


def test_a_handful_of_good_addresses_is_judged_by_its_expected_rate() -> None:
    """Of twenty, one bounce is 5 %: an interval would never let a small list go."""
    result = passed(candidates(np.full(20, 0.995)))
    assert (result.state, result.reasons) == (GateState.OPEN, (GateReason.WITHIN_LIMIT,))


def test_a_list_that_was_asked_and_still_does_not_fit_is_closed() -> None:
    result = passed(candidates(np.full(3000, 0.85), basis="asked"))
    assert (result.state, result.reasons) == (GateState.CLOSED, (GateReason.NOTHING_FITS,))
    assert count(result, "hold_gate") == 3000


COLOURS = [
    (np.full(5000, 0.995), "green"),
    (np.full(5000, 0.97), "amber"),
    (np.full(5000, 0.90), "red"),
    ([0.985] * 20, "green"),  # a small list is judged by its expected rate
]


@pytest.mark.parametrize(("scores", "colour"), COLOURS)
def test_the_colour_is_that_of_the_whole_list(scores: list[float], colour: str) -> None:
    assert passed(candidates(scores)).colour == colour


def test_only_bounces_for_good_count_against_the_limit() -> None:
    """The same list passes where a third of the losses is only put off, and the rest is told."""
    rows = candidates(np.full(5000, 0.98))
    soft = replace(MODEL, loss=Loss({"asked": 0.01, "history": 0.0, "prior": 0.0}, permanent=0.8))
    assert passed(rows).predicted.rate <= LIMITS.green < passed(rows).before.rate + 0.01
    result = passed(rows, model=soft)
    assert (result.state, result.reasons) == (GateState.OPEN, (GateReason.WITHIN_LIMIT,))
    assert result.predicted.rate == pytest.approx(0.8 * (1 - 0.98 / 0.99))
    assert result.predicted.rate + result.predicted.soft == pytest.approx(0.02)


def test_a_list_that_is_mostly_put_off_is_amber() -> None:
    rows = candidates(np.full(5000, 0.75))
    soft = Loss({"asked": 0.25, "history": 0.25, "prior": 0.25}, permanent=0.1)
    result = passed(rows, model=replace(MODEL, loss=soft))
    assert result.before.high <= LIMITS.green
    assert result.colour == "amber"


REFUSALS = [
    # share of good rows, on_red, expected state: amber is trimmed, red is refused
    (0.80, GateState.TRIMMED),
    (0.20, GateState.CLOSED),
]


@pytest.mark.parametrize(("good", "state"), REFUSALS)
def test_on_red_refuse_closes_red_lists_only(good: float, state: GateState) -> None:
    size = 5000
    scores = [0.995] * int(size * good) + [0.88] * int(size * (1 - good))
    assert passed(candidates(scores), GateLimits(on_red="refuse")).state is state


def test_providers_with_a_limit_of_their_own_keep_it() -> None:
    many = candidates(np.full(20_000, 0.999))
    few = candidates(np.linspace(0.99, 0.80, 400), provider="uol", prefix="u")
    result = passed(pl.concat([many, few]))
    uol = result.providers.filter(pl.col("provider") == "uol").row(0, named=True)
    assert result.reasons == (GateReason.PROVIDER_OVER_LIMIT,)
    assert 0 < uol["messages"] < 400
    assert uol["rate"] <= LIMITS.provider
    assert result.providers["messages"].sum() == count(result, "sent")


CLOSED = [
    ("an empty list", [], NOTHING_BEFORE, GateReason.EMPTY_LIST),
    ("stale suppressions", [0.999] * 900,
     ListHistory(suppression_age=timedelta(hours=30)), GateReason.STALE_SUPPRESSIONS),
    ("less than half of the last list", [0.999] * 900,
     ListHistory(last_count=2000), GateReason.SHRUNK),
]  # fmt: skip


@pytest.mark.parametrize(
    ("sentence", "scores", "history", "reason"), CLOSED, ids=[row[0] for row in CLOSED]
)
def test_nothing_leaves(
    sentence: str,
    scores: list[float],
    history: ListHistory,
    reason: GateReason,
) -> None:
    del sentence
    result = passed(candidates(scores), history=history)
    assert (result.state, result.reasons) == (GateState.CLOSED, (reason,))
    assert count(result, "sent") == 0
    assert result.predicted.messages == 0


def test_a_list_a_little_smaller_than_the_last_is_no_alarm() -> None:
    assert passed(candidates([0.999] * 900), history=ListHistory(last_count=1000)).state is (
        GateState.OPEN
    )


FORCED = Force(by="Rita Lobo", reason="contract ended, the portfolio is smaller")


def test_force_overrules_a_shrunk_and_a_red_list_by_name_and_reason() -> None:
    shrunk = passed(candidates([0.9] * 900), history=ListHistory(last_count=2000), force=FORCED)
    assert (shrunk.state, shrunk.reasons) == (GateState.OPEN, (GateReason.FORCED,))
    assert shrunk.forced == FORCED


def test_force_does_not_overrule_stale_suppressions() -> None:
    """Somebody may have opted out since: that is nobody's to overrule."""
    stale = ListHistory(suppression_age=timedelta(days=2))
    assert passed(candidates([0.99] * 900), history=stale, force=FORCED).state is GateState.CLOSED


def test_neutral_notices_pass_the_gate_too(office: Office) -> None:
    rows = candidates(np.full(3000, 0.85)).with_columns(pl.lit("send_neutral").alias("decision"))
    result = gate_list(rows, LIMITS, NOTHING_BEFORE, office.model)
    assert result.state is GateState.CLOSED


def test_held_debtors_wait_with_the_gates_reason(office: Office) -> None:
    contacts = [
        {"email_raw": "maria.souza@gmail.com", "debtor_id": "d1"},
        {"email_raw": "souza.maria@gmail.com", "debtor_id": "d2"},
    ]
    _, decided = office.settle(contacts=contacts)
    result = passed(decided.candidates, GateLimits(canary=1))
    held = apply_gate(decided.debtors, result)
    assert held["decision"].to_list() == ["send", "hold"]
    assert held["decision_reason"].to_list() == ["confident", "hold_canary"]
    assert held.schema == decided.debtors.schema


mixtures = st.lists(
    st.tuples(
        st.floats(0.5, 1.0),
        st.sampled_from(["gmail", "uol", "yahoo"]),
        st.sampled_from(["asked", "history", "prior"]),
        st.integers(1, 400),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=60, deadline=None)
@given(mixture=mixtures, seed=st.integers(0, 99))
def test_trimming_keeps_the_limit_and_loses_nobody(
    mixture: list[tuple[float, str, str, int]],
    seed: int,
) -> None:
    rows = pl.concat(
        [
            candidates([score] * size, basis=basis, provider=provider, prefix=f"m{part}-")
            for part, (score, provider, basis, size) in enumerate(mixture)
        ],
    )
    result = passed(rows)
    assert result.rows.height == rows.height
    assert result.predicted.messages == count(result, "sent")
    if GateReason.CANARY in result.reasons:
        assert count(result, "sent") <= LIMITS.canary
    elif count(result, "sent") > LIMITS.canary and result.lots is None:
        assert result.predicted.high <= LIMITS.green
    else:
        assert result.predicted.rate <= LIMITS.green + 1e-12
    shuffled = passed(rows.sample(fraction=1.0, shuffle=True, seed=seed))
    assert_frame_equal(result.rows, shuffled.rows)
    assert result.predicted == shuffled.predicted
