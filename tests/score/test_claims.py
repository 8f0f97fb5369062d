"""What a verifier claims moves the score; it condemns nobody and outranks nothing we know."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.score.conftest import AS_OF

if TYPE_CHECKING:
    from tests.score.conftest import Office

ADDRESS = "ana.lima@example.com"
CONTACT = [{"email_raw": ADDRESS}]
CLAIMED_AT = AS_OF - timedelta(days=5)


def claim(word: str) -> dict[str, Any]:
    """Return a verifier's finding."""
    return {
        "address": ADDRESS,
        "check": "verifier",
        "verdict": "unknown",
        "reason": "ambiguous_reply",
        "evidence": json.dumps({"source": "bureau", "claim": word}),
        "checked_at": CLAIMED_AT,
    }


def answer(reason: str, verdict: str, *, days: int) -> dict[str, Any]:
    """Return a finding of our own."""
    at = AS_OF - timedelta(days=days)
    return {"address": ADDRESS, "reason": reason, "verdict": verdict, "checked_at": at}


def scored(office: Office, findings: list[dict[str, Any]], **more: Any) -> dict[str, Any]:  # noqa: ANN401  rows of any table
    """Return the one scored contact."""
    rows = office.score(contacts=CONTACT, findings=findings, **more).contacts
    return rows.row(0, named=True)


@pytest.mark.parametrize("word", ["invalid", "trap", "full", "disposable"])
def test_an_unfavourable_claim_lowers_the_score_and_never_condemns(
    office: Office, word: str
) -> None:
    plain, claimed = scored(office, []), scored(office, [claim(word)])
    assert claimed["score"] < plain["score"]
    assert (claimed["verdict"], claimed["reason"]) == (plain["verdict"], plain["reason"])
    assert claimed["verdict"] == "unknown"
    steps = office.score(contacts=CONTACT, findings=[claim(word)]).steps
    assert f"claim:{word}" in set(steps["step"])


def test_a_favourable_claim_raises_the_score_less_than_a_servers_answer(office: Office) -> None:
    plain, claimed = scored(office, []), scored(office, [claim("valid")])
    asked = scored(office, [answer("mailbox_accepted", "deliverable", days=5)])
    assert plain["score"] < claimed["score"] < asked["score"]
    assert claimed["verdict"] == "unknown"


@pytest.mark.parametrize("days", [1, 20], ids=["newer than the claim", "older than the claim"])
@pytest.mark.parametrize(
    ("reason", "verdict"),
    [("mailbox_accepted", "deliverable"), ("mailbox_not_found", "undeliverable")],
)
def test_what_a_server_told_us_outranks_every_claim(
    office: Office, reason: str, verdict: str, days: int
) -> None:
    own = answer(reason, verdict, days=days)
    alone = scored(office, [own])
    for word in ("valid", "invalid"):
        assert scored(office, [own, claim(word)]) == alone


def test_a_server_that_told_nothing_leaves_the_claim_standing(office: Office) -> None:
    silent = answer("no_connection", "unknown", days=1)
    alone, claimed = scored(office, [silent]), scored(office, [silent, claim("invalid")])
    assert claimed["score"] < alone["score"]


@pytest.mark.parametrize(
    ("days", "counts"), [(1, False), (20, True)], ids=["delivered since", "delivered before"]
)
def test_a_delivery_since_then_takes_the_claim_away(
    office: Office, days: int, *, counts: bool
) -> None:
    at = AS_OF - timedelta(days=days)
    history = [{"address": ADDRESS, "delivered": 1, "last_delivered_at": at}]
    alone = scored(office, [], history=history)
    claimed = scored(office, [claim("invalid")], history=history)
    assert (claimed["score"] < alone["score"]) is counts


def test_the_newest_claim_counts_whatever_the_order(office: Office) -> None:
    older = {**claim("invalid"), "checked_at": CLAIMED_AT - timedelta(days=9)}
    newest = scored(office, [claim("valid")])
    assert scored(office, [older, claim("valid")]) == newest
    assert scored(office, [claim("valid"), older]) == newest
