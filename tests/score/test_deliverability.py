"""The first score: its steps, its order, and that bad news never makes it better."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from checks.score import score_contacts

if TYPE_CHECKING:
    from tests.score.conftest import Office

ADDRESS = "ana.lima@gmail.com"
DAY = timedelta(days=1)


def score_of(office: Office, contact: dict[str, Any], case: dict[str, Any]) -> float:
    scored = office.score(contacts=[{"email_raw": ADDRESS, **contact}], **case)
    return float(scored.contacts["score"][0])


PRIORS = [
    # nobody was asked, the date is not known: field values give 0.84 for Gmail, 0.68 for Outlook
    ("ana.lima@gmail.com", None, 0.80, 0.90),
    ("ana.lima@hotmail.com", None, 0.60, 0.75),
    ("ana.lima@ig.com.br", None, 0.35, 0.60),
    ("ana.lima@brturbo.com.br", None, 0.05, 0.35),
    # collected last month
    ("ana.lima@gmail.com", date(2026, 10, 20), 0.94, 0.98),
    ("ana.lima@hotmail.com", date(2026, 10, 20), 0.92, 0.97),
    # ten years ago
    ("ana.lima@gmail.com", date(2016, 11, 20), 0.50, 0.65),
    ("ana.lima@bol.com.br", date(2016, 11, 20), 0.05, 0.15),
    # a date in the future is today, not a better address
    ("ana.lima@gmail.com", date(2030, 1, 1), 0.94, 0.98),
]


@pytest.mark.parametrize(("address", "collected", "low", "high"), PRIORS)
def test_unasked_addresses_have_the_fields_rates(
    office: Office,
    address: str,
    collected: date | None,
    low: float,
    high: float,
) -> None:
    assert low <= score_of(office, {"email_raw": address, "source_date": collected}, {}) <= high


def test_a_slip_in_the_debtors_name_leads_to_nobodys_mailbox(office: Office) -> None:
    maria, case = (
        {"name": "Maria Aparecida Souza"},
        {"debtors": [{"name": "Maria Aparecida Souza"}]},
    )
    right = score_of(office, {"email_raw": "maria.souza@gmail.com", **maria}, case)
    wrong = score_of(office, {"email_raw": "maria.suoza@gmail.com", **maria}, case)
    assert right > 0.85
    assert wrong < 0.5


def test_a_mailbox_that_was_reached_is_no_slip(office: Office) -> None:
    reached = {
        "address": "maria.suoza@gmail.com",
        "delivered": 1,
        "last_delivered_at": office.as_of,
    }
    contact = {"email_raw": "maria.suoza@gmail.com", "name": "Maria Aparecida Souza"}
    assert score_of(office, contact, {"history": [reached]}) > 0.95


def test_an_impossible_shape_is_exactly_zero_and_has_no_steps(office: Office) -> None:
    shape = {"email_raw": "ana@@gmail.com", "address": "ana@@gmail.com", "domain": None}
    scored = office.score(
        contacts=[{"email_raw": "ana@@gmail.com"}],
        syntax=[{**shape, "verdict": "undeliverable", "reason": "two_ats"}],
    )
    assert scored.contacts["score"].to_list() == [0.0]
    assert scored.steps.filter(pl.col("score") == "deliverability").is_empty()


ANSWERS = [
    ("mailbox_accepted", 0.98, 1.0),
    ("mailbox_not_found", 0.0, 0.02),
    ("mailbox_disabled", 0.0, 0.02),
    ("mailbox_full", 0.0, 0.5),
    ("greylisted", 0.90, 0.97),  # no answer: as if nobody had been asked
    ("our_side_blocked", 0.90, 0.97),
]


@pytest.mark.parametrize(("reason", "low", "high"), ANSWERS)
def test_answers_move_the_score_as_far_as_they_are_worth(
    office: Office,
    reason: str,
    low: float,
    high: float,
) -> None:
    asked = {"address": ADDRESS, "reason": reason, "verdict": "unknown"}
    assert low <= score_of(office, {}, {"findings": [asked]}) <= high


def test_an_old_acceptance_fades_at_the_providers_rate(office: Office) -> None:
    def asked(days: int) -> float:
        finding = {
            "address": ADDRESS,
            "reason": "mailbox_accepted",
            "checked_at": office.as_of - days * DAY,
        }
        return score_of(office, {"source_date": None}, {"findings": [finding]})

    fresh, year, decade = asked(0), asked(365), asked(3650)
    assert fresh > year > decade
    assert math.isclose(year / fresh, math.exp(-0.06), abs_tol=0.005)


def test_the_steps_of_every_address_add_up_to_its_score(office: Office) -> None:
    scored = office.score(
        contacts=[
            {"email_raw": ADDRESS},
            {"email_raw": "x1@hotmail.com", "debtor_id": "d2", "source_date": None},
            {"email_raw": "12345678@empresa.example", "debtor_id": "d3", "source": "bureau"},
        ],
        findings=[{"address": ADDRESS, "reason": "mailbox_full"}],
        history=[{"address": "x1@hotmail.com", "soft_bounces": 9, "last_soft_at": office.as_of}],
    )
    summed = (
        scored.steps.filter(pl.col("score") == "deliverability")
        .group_by("creditor_id", "address")
        .agg(pl.col("log_odds").sum())
    )
    both = scored.contacts.join(summed, on=["creditor_id", "address"])
    assert both.height == 3
    for row in both.iter_rows(named=True):
        assert math.isclose(row["score"], 1 / (1 + math.exp(-row["log_odds"])), abs_tol=1e-6)


def test_steps_begin_with_the_prior_and_are_numbered_in_order(office: Office) -> None:
    steps = office.score(
        contacts=[{"email_raw": ADDRESS, "source_date": None}],
        findings=[{"address": ADDRESS, "reason": "mailbox_full"}],
    ).steps.filter(pl.col("score") == "deliverability")
    assert steps["step"].to_list() == [
        "prior:gmail",
        "age_unknown",
        "mailbox:mailbox_full",
    ]
    assert steps["position"].to_list() == [0, 1, 2]
    assert steps["debtor_id"].unique().to_list() == [""]


def test_other_addresses_of_a_company_domain_speak_for_a_new_one(office: Office) -> None:
    """Shrunk: two deliveries say something, two hundred say more, neither overwhelms."""

    def neighbours(count: int, word: str) -> list[dict[str, Any]]:
        moment = {"delivered": "last_delivered_at", "hard_bounces": "last_hard_at"}[word]
        return [
            {"address": f"n{i}@empresa.example", word: 1, moment: office.as_of - DAY}
            for i in range(count)
        ]

    def new(past: list[dict[str, Any]]) -> float:
        return score_of(office, {"email_raw": "ana@empresa.example"}, {"history": past})

    alone = new([])
    assert alone < new(neighbours(2, "delivered")) < new(neighbours(200, "delivered")) < 1.0
    assert alone > new(neighbours(2, "hard_bounces")) > new(neighbours(200, "hard_bounces")) > 0.0


OLD = {"email_raw": "ana@empresa.example", "source_date": date(2016, 11, 20)}
EMPRESA = {"domain": "empresa.example"}
CATCH_ALL = [
    # what is known of the domain, and what its server said of the mailbox; does the step hold?
    ("nobody asked anything", [], [], False),
    ("DNS leads to Microsoft 365", [{**EMPRESA, "provider": "microsoft_365"}], [], True),
    ("the domain is gone", [{**EMPRESA, "reason": "no_such_domain"}], [], False),
    ("its server refused the mailbox", [EMPRESA], ["mailbox_not_found"], False),
    ("its server accepts everybody", [EMPRESA], ["accepts_all"], False),
    ("its server was not to be asked", [EMPRESA], ["not_asked_policy"], True),
]


@pytest.mark.parametrize(
    ("sentence", "domains", "reasons", "holds"), CATCH_ALL, ids=[row[0] for row in CATCH_ALL]
)
def test_an_old_address_may_still_arrive_where_domains_keep_all(
    office: Office, sentence: str, domains: list[dict[str, Any]], reasons: list[str], *, holds: bool
) -> None:
    del sentence
    findings = [{"address": "ana@empresa.example", "reason": reason} for reason in reasons]
    scored = office.score(contacts=[OLD], domains=domains, findings=findings)
    added = scored.steps.filter(pl.col("step").str.starts_with("catch_all"))["log_odds"]
    assert added.len() == holds
    assert all(step > 0.0 for step in added)


def test_a_consumer_provider_keeps_nothing_for_mailboxes_that_are_gone(office: Office) -> None:
    asked = [{"domain": "gmail.com", "provider": "gmail"}]
    scored = office.score(contacts=[{"email_raw": ADDRESS}], domains=asked)
    assert not scored.steps["step"].str.starts_with("catch_all").any()


def test_deliveries_to_other_people_say_nothing_of_a_consumer_mailbox(office: Office) -> None:
    past = [
        {"address": f"n{i}@gmail.com", "delivered": 1, "last_delivered_at": office.as_of}
        for i in range(50)
    ]
    assert score_of(office, {}, {"history": past}) == score_of(office, {}, {})


BAD_NEWS: list[dict[str, Any]] = [
    {"findings": [{"address": ADDRESS, "reason": "mailbox_not_found"}]},
    {"findings": [{"address": ADDRESS, "reason": "mailbox_disabled"}]},
    {"findings": [{"address": ADDRESS, "reason": "mailbox_full"}]},
    {"findings": [{"address": ADDRESS, "reason": "ambiguous_reply"}]},
    {"domains": [{"domain": "gmail.com", "provider": "gmail", "reason": "no_such_domain"}]},
    {"domains": [{"domain": "gmail.com", "provider": "gmail", "reason": "dns_servfail"}]},
    {"hard": True},
    {"soft": 1},
    {"soft": 5},
    {"shape": {"is_disposable": True}},
    {"shape": {"verdict": "risky", "reason": "suspected_typo"}},
]

known_before = st.fixed_dictionaries(
    {
        "delivered_days_ago": st.none() | st.integers(0, 900),
        "confirmed_days_ago": st.none() | st.integers(0, 900),
        "collected_days_ago": st.none() | st.integers(0, 4000),
        "news_days_ago": st.integers(0, 900),
    },
)


@settings(max_examples=40, deadline=None)
@given(known=known_before, news=st.sampled_from(BAD_NEWS))
def test_bad_news_never_raises_the_score(
    office: Office,
    known: dict[str, int | None],
    news: dict[str, Any],
) -> None:
    def ago(days: int | None) -> datetime | None:
        return None if days is None else office.as_of - days * DAY

    collected = ago(known["collected_days_ago"])
    contact = {"source_date": collected.date() if collected else None}
    past = {
        "address": ADDRESS,
        "delivered": int(known["delivered_days_ago"] is not None),
        "last_delivered_at": ago(known["delivered_days_ago"]),
        "confirmed_at": ago(known["confirmed_days_ago"]),
    }
    moment = ago(known["news_days_ago"])
    if "hard" in news:
        worse = {**past, "hard_bounces": 1, "last_hard_at": moment}
    elif "soft" in news:
        worse = {**past, "soft_bounces": news["soft"], "last_soft_at": moment}
    else:
        worse = past
    shape = {"email_raw": ADDRESS, "address": ADDRESS, **news.get("shape", {})}
    asked = {
        word: [{**row, "verdict": "unknown", "checked_at": moment} for row in news.get(word, [])]
        for word in ("findings", "domains")
    }
    before = score_of(office, contact, {"history": [past]})
    after = score_of(office, contact, {"history": [worse], "syntax": [shape], **asked})
    assert after <= before


def test_scores_do_not_depend_on_the_order_of_any_table(office: Office) -> None:
    facts = office.facts(
        contacts=[
            {"email_raw": f"{name}@{domain}", "debtor_id": f"d{n}", "source": source}
            for n, (name, domain, source) in enumerate(
                [
                    ("ana.lima", "gmail.com", "debtor"),
                    ("ana.lima", "gmail.com", "bureau"),
                    ("jose", "empresa.example", "agency"),
                    ("rita", "empresa.example", "creditor"),
                ],
            )
        ],
        findings=[
            {"address": "ana.lima@gmail.com", "reason": "mailbox_full"},
            {"address": "ana.lima@gmail.com", "reason": "mailbox_accepted"},
        ],
        history=[
            {"address": "rita@empresa.example", "delivered": 2, "last_delivered_at": office.as_of},
        ],
    )
    turned = replace(
        facts,
        **{field.name: getattr(facts, field.name).reverse() for field in fields(facts)},
    )
    one = score_contacts(facts, office.as_of, office.model, office.reference)
    two = score_contacts(turned, office.as_of, office.model, office.reference)
    assert_frame_equal(one.contacts, two.contacts)
    assert_frame_equal(one.steps, two.steps)
