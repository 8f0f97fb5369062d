"""One verdict per address: every line of the precedence table, and what outdates evidence."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from checks.model import VERDICT_OF, Reason
from checks.score import VERDICT_RULES

if TYPE_CHECKING:
    from tests.score.conftest import Office

ADDRESS = "ana.lima@example.com"
CONTACT = [{"email_raw": ADDRESS}]
DAY = timedelta(days=1)


def finding(reason: str, **more: object) -> dict[str, Any]:
    verdict = VERDICT_OF[Reason(reason)].value
    return {"address": ADDRESS, "reason": reason, "verdict": verdict, **more}


def domain(reason: str | None, **more: object) -> dict[str, Any]:
    verdict = None if reason is None else VERDICT_OF[Reason(reason)].value
    return {"domain": "example.com", "reason": reason, "verdict": verdict, **more}


def shape(**more: object) -> dict[str, Any]:
    return {"email_raw": ADDRESS, "address": ADDRESS, "domain": "example.com", **more}


IMPOSSIBLE = shape(domain=None, verdict="undeliverable", reason="two_ats")
TYPO = shape(verdict="risky", reason="suspected_typo")
DISPOSABLE = shape(is_disposable=True)

HARD = {"address": ADDRESS, "hard_bounces": 1}
SOFT = {"address": ADDRESS, "soft_bounces": 2}
GOOD = {"address": ADDRESS, "delivered": 3}

TABLE = [
    # rule, what is known, expected reason: the other facts of each row would give a later rule
    (1, {"syntax": [IMPOSSIBLE], "history": ["hard"]}, "two_ats"),
    (2, {"history": ["hard"], "findings": [finding("mailbox_accepted")]}, "bounced_before"),
    (3, {"domains": [domain("null_mx")], "findings": [finding("accepts_all")]}, "null_mx"),
    (4, {"findings": [finding("mailbox_not_found")], "syntax": [TYPO]}, "mailbox_not_found"),
    (4, {"findings": [finding("mailbox_full")], "history": ["soft"]}, "mailbox_full"),
    (5, {"findings": [finding("mailbox_accepted")], "syntax": [TYPO]}, "mailbox_accepted"),
    (6, {"history": ["confirmed"], "findings": [finding("accepts_all")]}, "confirmed_by_owner"),
    (7, {"history": ["good"], "findings": [finding("accepts_all")]}, "delivered_before"),
    (8, {"syntax": [DISPOSABLE], "findings": [finding("accepts_all")]}, "disposable"),
    (9, {"syntax": [TYPO], "findings": [finding("greylisted")]}, "suspected_typo"),
    (10, {"findings": [finding("accepts_all")], "history": ["soft"]}, "accepts_all"),
    (11, {"history": ["soft"], "findings": [finding("greylisted")]}, "bounced_softly_before"),
    (12, {"findings": [finding("greylisted")], "domains": [domain("dns_timeout")]}, "greylisted"),
    (13, {"domains": [domain("dns_servfail")]}, "dns_servfail"),
    (14, {}, "not_asked_smtp_off"),
]


def history(word: str, office: Office) -> dict[str, Any]:
    yesterday = office.as_of - DAY
    return {
        "hard": {**HARD, "last_hard_at": yesterday},
        "soft": {**SOFT, "last_soft_at": yesterday},
        "good": {**GOOD, "last_delivered_at": yesterday},
        "confirmed": {"address": ADDRESS, "confirmed_at": yesterday},
    }[word]


@pytest.mark.parametrize(("number", "known", "reason"), TABLE)
def test_first_rule_that_holds_gives_verdict_and_reason(
    office: Office,
    number: int,
    known: dict[str, Any],
    reason: str,
) -> None:
    past = [history(word, office) for word in known.get("history", [])]
    row = office.verdicts(contacts=CONTACT, **{**known, "history": past}).to_dicts()[0]
    assert row["reason"] == reason, f"rule {number}"
    assert row["verdict"] == VERDICT_OF[Reason(reason)].value


def test_every_rule_of_the_table_is_tried() -> None:
    assert [rule.number for rule in VERDICT_RULES] == sorted({number for number, _, _ in TABLE})


NEWER_WINS = [
    # a delivery after the refusal: the server was wrong or has changed its mind
    ([finding("mailbox_not_found")], [], {"last_delivered_at": DAY}, "delivered_before"),
    # the refusal after the delivery: the mailbox is gone
    ([finding("mailbox_not_found")], [], {"last_delivered_at": -DAY}, "mailbox_not_found"),
    # a full mailbox that took a message since is not full
    ([finding("mailbox_full")], [], {"last_delivered_at": DAY}, "delivered_before"),
    # a domain that received mail after DNS condemned it does receive mail
    ([], [domain("no_such_domain")], {"last_delivered_at": DAY}, "delivered_before"),
    ([], [domain("no_such_domain")], {"last_delivered_at": -DAY}, "no_such_domain"),
    # at the same moment the refusal counts
    ([finding("mailbox_not_found")], [], {"last_delivered_at": 0 * DAY}, "mailbox_not_found"),
    # an owner who clicked after the bounce is alive
    ([], [], {"last_hard_at": -DAY, "confirmed_at": DAY}, "confirmed_by_owner"),
    ([], [], {"last_hard_at": DAY, "confirmed_at": -DAY}, "bounced_before"),
    # soft bounces before the last delivery are over
    ([], [], {"last_soft_at": -DAY, "last_delivered_at": DAY}, "delivered_before"),
]


@pytest.mark.parametrize(("findings", "domains", "moments", "reason"), NEWER_WINS)
def test_newer_evidence_outdates_older(
    office: Office,
    findings: list[dict[str, Any]],
    domains: list[dict[str, Any]],
    moments: dict[str, timedelta],
    reason: str,
) -> None:
    asked_at = office.as_of - 30 * DAY
    past = {name: asked_at + after for name, after in moments.items()}
    counts = {
        "delivered": int("last_delivered_at" in past),
        "hard_bounces": int("last_hard_at" in past),
        "soft_bounces": int("last_soft_at" in past),
    }
    row = office.verdicts(
        contacts=CONTACT,
        findings=[{**row, "checked_at": asked_at} for row in findings],
        domains=[{**row, "checked_at": asked_at} for row in domains],
        history=[{"address": ADDRESS, **counts, **past}],
    ).to_dicts()[0]
    assert row["reason"] == reason


@pytest.mark.parametrize("reason", [r.value for r, v in VERDICT_OF.items() if v.value == "unknown"])
def test_no_unknown_of_mailbox_or_domain_ever_condemns(office: Office, reason: str) -> None:
    cases: list[dict[str, Any]] = [
        {"findings": [finding(reason)]},
        {"domains": [domain(reason)]},
    ]
    for known in cases:
        row = office.verdicts(contacts=CONTACT, **known).to_dicts()[0]
        assert (row["verdict"], row["reason"]) == ("unknown", reason)


def test_the_newest_answer_of_a_mailbox_counts(office: Office) -> None:
    old = finding("mailbox_not_found", checked_at=office.as_of - 9 * DAY)
    new = finding("mailbox_accepted", checked_at=office.as_of - DAY)
    for order in ([old, new], [new, old]):
        row = office.verdicts(contacts=CONTACT, findings=order).to_dicts()[0]
        assert row["reason"] == "mailbox_accepted"


DATES = [
    # records as (debtor, cluster, collected, confirmed), which date counts, and which confirmation
    # a middle that falls on New Year's Eve, for there was a leap day between, is that old year's
    ("one record", [("d1", "p1", 2020, 2021)], 2020, 2021),
    ("one person's newest", [("d1", "p1", 2020, None), ("d2", "p1", 2024, 2025)], 2024, 2025),
    ("of two persons the middle", [("d1", "p1", 2020, None), ("d2", "p2", 2024, 2025)], 2021, None),
    ("both confirmed it", [("d1", "p1", 2020, 2023), ("d2", "p2", 2024, 2025)], 2021, 2023),
    ("one has no date", [("d1", "p1", None, None), ("d2", "p2", 2024, None)], 2024, None),
]


@pytest.mark.parametrize(
    ("sentence", "records", "dated", "heard"), DATES, ids=[row[0] for row in DATES]
)
def test_a_copied_address_is_as_old_as_its_owners_on_average(
    office: Office,
    sentence: str,
    records: list[tuple[str, str, int | None, int | None]],
    dated: int,
    heard: int | None,
) -> None:
    del sentence
    contacts = [
        {
            "email_raw": "ana@gmail.com",
            "debtor_id": debtor,
            "source_date": collected and date(collected, 1, 1),
            "confirmed_at": confirmed and datetime(confirmed, 1, 1, tzinfo=UTC),
        }
        for debtor, _, collected, confirmed in records
    ]
    clusters = [{"debtor_id": debtor, "cluster_id": cluster} for debtor, cluster, *_ in records]
    row = office.verdicts(contacts=contacts, clusters=clusters).row(0, named=True)
    assert row["dated_at"].year == max(dated, heard or 0)
    assert row["heard_at"] == (heard and datetime(heard, 1, 1, tzinfo=UTC))


def test_evidence_is_shown_beside_the_verdict(office: Office) -> None:
    said = (
        '{"mx_host": "mx1.example.com", "smtp_code": 550, "smtp_enhanced": "5.1.1",'
        ' "smtp_text": "no such user"}'
    )
    row = office.verdicts(
        contacts=CONTACT,
        findings=[finding("mailbox_not_found", evidence=said)],
        domains=[domain(None, provider="locaweb")],
    ).to_dicts()[0]
    shown = {name: row[name] for name in ("mx_host", "smtp_code", "smtp_enhanced", "smtp_text")}
    assert shown == {
        "mx_host": "mx1.example.com",
        "smtp_code": 550,
        "smtp_enhanced": "5.1.1",
        "smtp_text": "no such user",
    }
    assert row["provider"] == "locaweb"
    assert row["expires_at"] - row["checked_at"] == 30 * DAY


PROVIDERS = [
    ("ana@gmail.com", "gmail"),
    ("ana@hotmail.com", "microsoft_consumer"),
    ("ana@yahoo.com.br", "yahoo"),
    ("ana@uol.com.br", "uol"),
    ("ana@prodigy.net.mx", "prodigy"),
    ("ana@padaria.example", "other"),
]


@pytest.mark.parametrize(("address", "provider"), PROVIDERS)
def test_without_dns_the_provider_is_told_from_the_domain(
    office: Office,
    address: str,
    provider: str,
) -> None:
    row = office.verdicts(contacts=[{"email_raw": address}]).to_dicts()[0]
    assert row["provider"] == provider


def test_the_provider_told_by_mx_wins(office: Office) -> None:
    row = office.verdicts(
        contacts=[{"email_raw": "ana@gmail.com"}],
        domains=[{"domain": "gmail.com", "provider": "mimecast"}],
    ).to_dicts()[0]
    assert row["provider"] == "mimecast"


def test_one_creditors_history_says_nothing_to_another(office: Office) -> None:
    rows = office.verdicts(
        contacts=[{"email_raw": ADDRESS}, {"email_raw": ADDRESS, "creditor_id": "other"}],
        history=[history("hard", office)],
    ).sort("creditor_id")
    assert rows["reason"].to_list() == ["bounced_before", "not_asked_smtp_off"]


BASIS = [
    ("prior", {}),
    ("asked", {"findings": [finding("mailbox_accepted")]}),
    ("asked", {"domains": [domain("null_mx")]}),
    ("prior", {"findings": [finding("rate_limited")]}),  # asked without an answer
    ("prior", {"findings": [finding("not_asked_policy")]}),
    ("history", {"history": ["good"]}),
    ("history", {"history": ["good"], "findings": [finding("rate_limited")]}),
]


@pytest.mark.parametrize(("basis", "known"), BASIS)
def test_basis_tells_what_the_score_rests_on(
    office: Office,
    basis: str,
    known: dict[str, Any],
) -> None:
    past = [history(word, office) for word in known.get("history", [])]
    row = office.verdicts(contacts=CONTACT, **{**known, "history": past}).to_dicts()[0]
    assert row["score_basis"] == basis
