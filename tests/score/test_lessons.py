"""What a message teaches: each counted once, without an address, by the years that were scored."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from checks.score import LESSONS, OUTCOMES, ScoreModel, lessons_from
from tests.score.worlds import lessons_of_world

if TYPE_CHECKING:
    from tests.score.conftest import Office


def ended(addresses: list[str], *, delivered: bool = True) -> pl.DataFrame:
    """Return one message to each address, that arrived or was lost for good."""
    return pl.DataFrame(
        {
            "creditor_id": "acme",
            "address": addresses,
            "delivered": delivered,
            "is_hard": not delivered,
        },
        schema=OUTCOMES,
    )


def test_lessons_count_every_message_once_and_hold_no_address(
    office: Office,
    harsh: ScoreModel,
) -> None:
    found = lessons_of_world(office, harsh, 500)
    assert found.schema == LESSONS
    assert found["sent"].sum() == 500
    assert 0 < found["delivered"].sum() < 500
    assert "@" not in found.write_ndjson()


def test_lessons_give_back_the_years_that_were_scored(office: Office) -> None:
    steps = office.score(
        contacts=[{"email_raw": "ana@hotmail.com", "source_date": None}],
        findings=[{"address": "ana@hotmail.com", "reason": "not_asked_policy"}],
        history=[
            {
                "address": "ana@hotmail.com",
                "delivered": 1,
                "last_delivered_at": office.as_of - timedelta(days=4 * 365.25),
            },
        ],
    ).steps
    sent = ended(["ana@hotmail.com"])
    row = lessons_from(steps, sent, office.model).row(0, named=True)
    assert (row["provider"], row["source"]) == ("microsoft_consumer", "creditor")
    assert (row["since"], row["years"]) == ("proof", 4.0)
    assert (row["before"], row["after"], row["fixed"]) == (["delivered_before"], [], 0.0)


def test_evidence_is_told_apart_by_where_it_counts(office: Office) -> None:
    steps = office.score(
        contacts=[{"email_raw": "ana@empresa.example"}],
        findings=[{"address": "ana@empresa.example", "reason": "accepts_all"}],
        history=[
            {
                "address": "ana@empresa.example",
                "delivered": 1,
                "last_delivered_at": office.as_of - timedelta(days=9),
                "soft_bounces": 2,
                "last_soft_at": office.as_of - timedelta(days=1),
            },
        ],
    ).steps
    sent = ended(["ana@empresa.example"], delivered=False)
    row = lessons_from(steps, sent, office.model).row(0, named=True)
    assert (row["before"], row["after"]) == (["delivered_before"], ["accepts_all"])
    assert row["fixed"] == -1.2  # two soft bounces, which are not learnt
    assert (row["sent"], row["delivered"], row["hard"]) == (1, 0, 1)


def test_a_domain_that_may_keep_all_teaches_no_more_than_two_messages(office: Office) -> None:
    """An employer with a hundred debtors on file: its mailboxes arrive together or not at all."""
    addresses = [f"ana{number}@empresa.example" for number in range(100)]
    apart = [f"ana@empresa{number}.example" for number in range(100)]
    for found, expected in ((addresses, 2), (apart, 100)):
        steps = office.score(
            contacts=[{"email_raw": address, "debtor_id": address} for address in found],
            domains=[{"domain": domain} for domain in {each.split("@")[1] for each in found}],
        ).steps
        sent = ended(found)
        lessons = lessons_from(steps, sent, office.model)
        assert lessons["sent"].sum() == expected
        assert lessons["after"].to_list()[0] == ["catch_all"]


def test_a_dates_years_are_told_apart_from_the_doubt_about_it(office: Office) -> None:
    """The decay of a dated address is a mixture; the lesson keeps the years of its date."""
    contacts: list[dict[str, object]] = [
        {
            "email_raw": "ana@gmail.com",
            "source_date": (office.as_of - timedelta(days=3 * 365.25)).date(),
        },
        {"email_raw": "bia@gmail.com", "debtor_id": "d2", "source_date": None},
    ]
    steps = office.score(contacts=contacts).steps
    sent = ended(["ana@gmail.com", "bia@gmail.com"])
    found = lessons_from(steps, sent, office.model)
    assert found.select("since", "years").rows() == [("date", 3.0), ("nothing", 0.0)]
