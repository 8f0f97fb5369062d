"""Learning whose mailboxes they are: from owners and strangers who answer, and from silence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from checks.score import (
    ANSWERS,
    OWNER_LESSONS,
    fit_ownership,
    merge_owner_lessons,
    owner_lessons_from,
)

if TYPE_CHECKING:
    from tests.score.conftest import Office


def owner_ends(office: Office, count: int, seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return steps and answers of a world in which bureaus are right nine times in ten."""
    rng = np.random.default_rng(seed)
    contacts = [
        {
            "email_raw": f"m{row}@gmail.com",
            "debtor_id": f"d{row}",
            "source": ("debtor", "bureau")[row % 2],
        }
        for row in range(count)
    ]
    answers = pl.DataFrame(
        {
            "creditor_id": ["acme"] * count,
            "debtor_id": [row["debtor_id"] for row in contacts],
            "address": [row["email_raw"] for row in contacts],
            "is_owner": (rng.random(count) < 0.9).tolist(),
        },
        schema=ANSWERS,
    )
    return office.score(contacts=contacts).steps, answers


def test_answers_draw_the_priors_of_sources_to_the_truth(office: Office) -> None:
    lessons = owner_lessons_from(*owner_ends(office, 4000, seed=1))
    assert lessons["arrived"].sum() == 4000
    assert lessons.select((pl.col("owners") + pl.col("strangers")).sum()).item() == 4000
    learnt = fit_ownership(office.model, lessons, speaks_up=1.0).ownership.source
    assert learnt["bureau"] == pytest.approx(0.9, abs=0.03)
    assert learnt["debtor"] == pytest.approx(0.9, abs=0.03)
    assert learnt["agency"] == pytest.approx(office.model.ownership.source["agency"], abs=0.05)


def test_what_holds_for_all_sources_holds_for_one_never_heard_of(office: Office) -> None:
    surer = pl.DataFrame(
        {
            "words": [[f"source:{name}"] for name in ("bureau", "creditor", "debtor")],
            "fixed": [0.0] * 3,
            "arrived": [4000] * 3,
            "owners": [1990] * 3,
            "strangers": [10] * 3,
        },
        schema=OWNER_LESSONS,
    )
    learnt = fit_ownership(office.model, surer, speaks_up=1.0).ownership.source
    assert learnt["agency"] > office.model.ownership.source["agency"] + 0.02


SPEAKING = [
    # share of owners who answer: however often, what is learnt of owners is the same
    0.1,
    0.3,
    0.6,
]


@pytest.mark.parametrize("speaking", SPEAKING)
def test_how_often_owners_answer_is_measured(office: Office, speaking: float) -> None:
    """Of 20,000 mailboxes 5 % are strangers', of whom a tenth says so."""
    lessons = pl.DataFrame(
        {
            "words": [["source:debtor"]],
            "fixed": [0.0],
            "arrived": [20_000],
            "owners": [round(19_000 * speaking)],
            "strangers": [100],
        },
        schema=OWNER_LESSONS,
    )
    learnt = fit_ownership(office.model, lessons).ownership.source["debtor"]
    assert learnt == pytest.approx(0.95, abs=0.006)
    flattered = fit_ownership(office.model, lessons, speaks_up=1.0).ownership.source["debtor"]
    assert flattered >= learnt - 1e-6


def test_silence_is_no_sign_of_a_stranger(office: Office) -> None:
    silent = pl.DataFrame(
        {
            "words": [["source:debtor"], ["source:bureau"]],
            "fixed": [0.0, 0.0],
            "arrived": [1000, 1000],
            "owners": [300, 0],
            "strangers": [4, 0],
        },
        schema=OWNER_LESSONS,
    )
    learnt = fit_ownership(office.model, silent).ownership.source
    assert learnt["bureau"] > office.model.ownership.source["bureau"] - 0.03


def test_few_answers_hardly_move_ownership(office: Office) -> None:
    lessons = owner_lessons_from(*owner_ends(office, 10, seed=2))
    learnt = fit_ownership(office.model, lessons, speaks_up=1.0).ownership.source
    for name, share in office.model.ownership.source.items():
        assert abs(learnt[name] - share) < 0.06


def test_owners_who_speak_up_more_often_are_not_taken_for_more_owners(office: Office) -> None:
    lessons = owner_lessons_from(*owner_ends(office, 4000, seed=3))
    plain = fit_ownership(office.model, lessons, speaks_up=1.0).ownership.source["bureau"]
    weighed = fit_ownership(office.model, lessons, speaks_up=3.0).ownership.source["bureau"]
    assert weighed < plain - 0.05


def test_no_answers_leave_ownership_as_it_is(office: Office) -> None:
    assert fit_ownership(office.model, pl.DataFrame(schema=OWNER_LESSONS)) == office.model


def test_strangers_names_stay_evidence_against(office: Office) -> None:
    odd = pl.DataFrame(
        {
            "words": [["name_other", "source:creditor"]],
            "fixed": [0.0],
            "arrived": [500],
            "owners": [500],
            "strangers": [0],
        },
        schema=OWNER_LESSONS,
    )
    assert fit_ownership(office.model, odd).ownership.evidence["name_other"] <= 0.0


def test_rounds_of_answers_merge_in_any_order(office: Office) -> None:
    rounds = [owner_lessons_from(*owner_ends(office, 50, seed)) for seed in (1, 2)]
    assert_frame_equal(merge_owner_lessons(rounds), merge_owner_lessons(rounds[::-1]))
