"""The limit of exposure: whom a list tells debts so that few are told to strangers."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from checks.frames import DECIDED_DEBTORS
from checks.score import EXPOSURE, limit_exposure

SEND = "send"
NOTICE = "send_neutral"


def debtors(*rows: dict[str, Any]) -> pl.DataFrame:
    """Return DECIDED_DEBTORS, each a debt of Ana's to be told where nothing else is said."""
    usual = {
        "creditor_id": "acme", "name": "Ana", "invoices": 1, "amount": 10,
        "decision": SEND, "decision_reason": "confident", "ownership": 0.999,
    }  # fmt: skip
    table = [
        {**dict.fromkeys(DECIDED_DEBTORS), **usual, "debtor_id": f"d{number:03}", **row}
        for number, row in enumerate(rows)
    ]
    return pl.DataFrame(table, schema=DECIDED_DEBTORS)


CASES: list[tuple[str, list[dict[str, Any]], list[str]]] = [
    ("sure owners are told", [{}, {}], [SEND, SEND]),
    ("one unsure owner alone is not", [{"ownership": 0.97}], [NOTICE]),
    (
        "the least sure gets a notice until the rest keeps the limit",
        [{"ownership": 0.9}, {"ownership": 0.9985}, {}, {"ownership": 0.99}],
        [NOTICE, SEND, SEND, NOTICE],
    ),
    (
        "sure owners leave room for an unsure one",
        [{"ownership": 0.9999}] * 9 + [{"ownership": 0.985}],
        [SEND] * 10,
    ),
    (
        "of equally sure ones the larger amount is told",
        [{"amount": 5, "ownership": 0.997}, {"amount": 9, "ownership": 0.997}, {}],
        [NOTICE, SEND, SEND],
    ),
    (
        "an unknown amount comes last",
        [{"amount": None, "ownership": 0.997}, {"amount": 1, "ownership": 0.997}, {}],
        [NOTICE, SEND, SEND],
    ),
    ("a bare list row has no debt", [{"name": None, "invoices": 0, "ownership": 0.85}], [SEND]),
    ("an invoice without a name is one", [{"name": None, "ownership": 0.85}], [NOTICE]),
    (
        "what a person decided stays, and is not counted",
        [{"decision_reason": "overridden", "ownership": 0.3}, {}],
        [SEND, SEND],
    ),
    (
        "what is held, suppressed or a notice is left as it is",
        [
            {"decision": "hold", "decision_reason": "hold_gate", "ownership": 0.5},
            {"decision": "suppress", "decision_reason": "blocked_shared", "ownership": 0.5},
            {"decision": NOTICE, "decision_reason": "neutral_household", "ownership": 0.5},
            {},
        ],
        ["hold", "suppress", NOTICE, SEND],
    ),
    ("nobody", [], []),
]


@pytest.mark.parametrize(("sentence", "rows", "decisions"), CASES, ids=[row[0] for row in CASES])
def test_who_is_told(sentence: str, rows: list[dict[str, Any]], decisions: list[str]) -> None:
    del sentence
    given_rows = debtors(*rows)
    limited, exposure = limit_exposure(given_rows, EXPOSURE)
    assert limited.schema == DECIDED_DEBTORS
    assert limited["decision"].to_list() == decisions
    changed = limited.filter(limited["decision"] != given_rows["decision"])
    assert set(changed["decision_reason"]) <= {"neutral_ownership"}
    assert exposure.noticed == changed.height
    untouched = limited.filter(limited["decision"] == given_rows["decision"])
    assert_frame_equal(untouched, given_rows.filter(limited["decision"] == given_rows["decision"]))


@given(
    owners=st.lists(st.floats(0.5, 1.0), max_size=40), limit=st.sampled_from([0.0005, 0.002, 0.02])
)
def test_the_rest_keeps_the_limit_and_one_more_would_not(owners: list[float], limit: float) -> None:
    rows = debtors(*({"ownership": share} for share in owners))
    limited, exposure = limit_exposure(rows, limit)
    told = limited.filter(pl.col("decision") == SEND)["ownership"]
    rest = limited.filter(pl.col("decision") == NOTICE)["ownership"]
    assert (told.len(), rest.len()) == (exposure.told, exposure.noticed)
    assert exposure.expected <= limit + 1e-9
    assert exposure.expected == pytest.approx((1.0 - told).mean() if told.len() else 0.0)
    if rest.len():
        best = float(rest.to_numpy().max())
        assert told.len() == 0 or float(told.to_numpy().min()) >= best
        assert float((1.0 - told).sum()) + 1.0 - best > limit * (told.len() + 1) - 1e-9
    shuffled, _ = limit_exposure(rows.sort("debtor_id", descending=True), limit)
    assert_frame_equal(shuffled.sort("debtor_id"), limited)
