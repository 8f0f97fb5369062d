"""Complaints of the last weeks: when the next list waits for a canary, or does not leave."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.model import GateState
from checks.score import (
    CANDIDATES,
    ComplaintHistory,
    Force,
    GateLimits,
    GateReason,
    GateResult,
    ListHistory,
    gate_list,
)
from checks.score.complaints import colour_complaints
from checks.score.trim import GateColour
from data.reference.score import load_score_model

LIMITS = GateLimits()
MODEL = load_score_model()
AMBER = ComplaintHistory(messages=10_000, complaints=15)
RED = ComplaintHistory(messages=10_000, complaints=30)


def passed(
    history: ComplaintHistory, count: int = 2000, score: float = 0.999, force: Force | None = None
) -> GateResult:
    rows = pl.DataFrame(
        {
            "creditor_id": ["acme"] * count,
            "debtor_id": [f"d{row:05d}" for row in range(count)],
            "email": [f"d{row}@example.com" for row in range(count)],
            "provider": ["gmail"] * count,
            "decision": ["send"] * count,
            "score": [score] * count,
            "score_basis": ["asked"] * count,
            "amount": [Decimal(1)] * count,
        },
        schema=CANDIDATES,
    )
    return gate_list(rows, LIMITS, ListHistory(complaints=history), MODEL, force)


def outcomes(result: GateResult) -> dict[str, int]:
    return dict(result.rows.group_by("outcome").len().iter_rows())


@pytest.mark.parametrize(
    ("messages", "complaints", "colour"),
    [
        pytest.param(0, 0, "green", id="nothing is known of a new sender"),
        pytest.param(50, 1, "green", id="one of 50 is chance"),
        pytest.param(1, 1, "green", id="one person's complaint is about that person"),
        pytest.param(10_000, 9, "green", id="below a thousandth"),
        pytest.param(10_000, 10, "amber", id="a thousandth"),
        pytest.param(10_000, 29, "amber", id="just below three"),
        pytest.param(10_000, 30, "red", id="three thousandths, and no chance"),
        pytest.param(1000, 3, "amber", id="three thousandths of few messages may be chance"),
        pytest.param(1000, 4, "red", id="four cannot be"),
        pytest.param(50, 2, "red", id="two of fifty cannot be either"),
        pytest.param(0, 5, "red", id="complaints alone, without any message reported"),
        pytest.param(2_000_000, 6000, "red", id="many are counted as exactly as few"),
    ],
)
def test_shares_are_judged_with_their_interval(messages: int, complaints: int, colour: str) -> None:
    assert colour_complaints(ComplaintHistory(messages, complaints), LIMITS) == colour


@given(st.integers(0, 50_000), st.integers(0, 300))
def test_one_more_complaint_never_makes_it_better(messages: int, complaints: int) -> None:
    order = list(GateColour)
    less, more = (
        order.index(colour_complaints(ComplaintHistory(messages, number), LIMITS))
        for number in (complaints, complaints + 1)
    )
    assert less <= more


def test_amber_sends_a_canary_and_holds_the_rest() -> None:
    result = passed(AMBER)
    assert (result.state, result.reasons) == (GateState.TRIMMED, (GateReason.COMPLAINTS,))
    assert outcomes(result) == {"sent": LIMITS.canary, "hold_canary": 1500}


def test_a_list_no_larger_than_a_canary_leaves_whole_and_says_why_it_is_watched() -> None:
    result = passed(AMBER, count=300)
    assert (result.state, result.reasons) == (GateState.OPEN, (GateReason.COMPLAINTS,))


def test_amber_opens_nothing_that_bounces_keep_closed() -> None:
    result = passed(AMBER, score=0.5)
    assert result.state is GateState.CLOSED
    assert result.reasons == (GateReason.COMPLAINTS, GateReason.NOTHING_FITS)


def test_red_closes_the_gate_whatever_the_scores() -> None:
    result = passed(RED)
    assert (result.state, result.reasons) == (GateState.CLOSED, (GateReason.COMPLAINTS,))
    assert outcomes(result) == {"hold_gate": 2000}


@pytest.mark.parametrize("history", [AMBER, RED])
def test_a_person_may_force_it_by_name_and_reason(history: ComplaintHistory) -> None:
    result = passed(history, force=Force("Ana Prova", "texts were changed"))
    assert (result.state, result.reasons) == (GateState.OPEN, (GateReason.FORCED,))
