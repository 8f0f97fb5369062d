"""Learning from events: to the truth with many, hardly at all with few, the same in any order."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from checks.score import (
    ANSWERS,
    LESSONS,
    OUTCOMES,
    OWNER_LESSONS,
    ProviderPrior,
    ScoreModel,
    fit_deliverability,
    fit_ownership,
    hard_bounce,
    lessons_from,
    merge_lessons,
    merge_owner_lessons,
    model_as_json,
    owner_lessons_from,
    read_model,
    score_contacts,
)
from checks.score.learning import foretell
from checks.score.newton import Counts, maximise, maximise_widest
from data.reference.score import load_score_model, save_score_model

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from tests.score.conftest import Office

DOMAINS = ("gmail.com", "hotmail.com", "uol.com.br", "empresa.example")


def portfolio(count: int, seed: int) -> list[dict[str, object]]:
    """Return contacts of several providers, sources and ages."""
    rng = np.random.default_rng(seed)
    return [
        {
            "email_raw": f"m{seed}x{row}@{DOMAINS[int(rng.integers(4))]}",
            "debtor_id": f"d{row}",
            "source": ("debtor", "creditor", "bureau")[int(rng.integers(3))],
            "source_date": date(2026, 11, 19) - timedelta(days=int(rng.integers(3000))),
        }
        for row in range(count)
    ]


def ends(
    office: Office,
    truth: ScoreModel,
    contacts: list[dict[str, object]],
    hard_share: float,
) -> pl.DataFrame:
    """Let every message end as likely as the true model says, a share of the lost ones for good."""
    facts = office.facts(contacts=contacts)
    scores = score_contacts(facts, office.as_of, truth, office.reference).contacts
    chance = np.random.default_rng(7).random(scores.height)
    refused = np.random.default_rng(8).random(scores.height) < hard_share
    return scores.select(
        "creditor_id", "address", delivered=pl.Series(chance) < pl.col("score")
    ).with_columns(is_hard=~pl.col("delivered") & pl.Series(refused))


def lessons(
    office: Office, truth: ScoreModel, count: int, seed: int = 1, *, hard_share: float = 0.8
) -> pl.DataFrame:
    contacts = portfolio(count, seed)
    steps = office.score(contacts=contacts).steps
    return lessons_from(steps, ends(office, truth, contacts, hard_share), office.model)


@pytest.fixture(scope="module")
def harsh(office: Office) -> ScoreModel:
    """Return a world in which mailboxes die twice as fast and Hotmail thrice."""
    prior = {
        name: ProviderPrior(old.valid, old.hazard * (3 if name == "microsoft_consumer" else 2))
        for name, old in office.model.prior.items()
    }
    return replace(office.model, prior=prior)


def test_lessons_count_every_message_once_and_hold_no_address(
    office: Office,
    harsh: ScoreModel,
) -> None:
    found = lessons(office, harsh, 500)
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
    sent = pl.DataFrame(
        {
            "creditor_id": ["acme"],
            "address": ["ana@hotmail.com"],
            "delivered": [True],
            "is_hard": [False],
        },
        schema=OUTCOMES,
    )
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
    sent = pl.DataFrame(
        {
            "creditor_id": ["acme"],
            "address": ["ana@empresa.example"],
            "delivered": [False],
            "is_hard": [True],
        },
        schema=OUTCOMES,
    )
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
        sent = pl.DataFrame(
            {
                "creditor_id": ["acme"] * 100,
                "address": found,
                "delivered": [True] * 100,
                "is_hard": [False] * 100,
            },
            schema=OUTCOMES,
        )
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
    sent = pl.DataFrame(
        {
            "creditor_id": ["acme"] * 2,
            "address": ["ana@gmail.com", "bia@gmail.com"],
            "delivered": [True] * 2,
            "is_hard": [False] * 2,
        },
        schema=OUTCOMES,
    )
    found = lessons_from(steps, sent, office.model)
    assert found.select("since", "years").rows() == [("date", 3.0), ("nothing", 0.0)]


@pytest.mark.parametrize("share", [0.55, 0.95])
def test_which_losses_are_for_good_is_learnt(office: Office, share: float) -> None:
    taught = lessons(office, office.model, 20_000, hard_share=share)
    learnt = fit_deliverability(office.model, taught).model
    rows = taught.with_columns(score=pl.Series(foretell(learnt, taught)), basis=pl.lit("prior"))
    hard = hard_bounce(learnt.loss, pl.col("score"), pl.col("basis")) * pl.col("sent")
    predicted = rows.select(hard.sum()).item()
    assert predicted == pytest.approx(taught["hard"].sum(), rel=0.05)


def test_many_events_draw_the_numbers_to_the_truth(office: Office, harsh: ScoreModel) -> None:
    learnt = fit_deliverability(office.model, lessons(office, harsh, 20_000))
    assert learnt.messages == 20_000
    assert learnt.brier[1] < learnt.brier[0]
    contacts = portfolio(4000, seed=2)
    facts = office.facts(contacts=contacts)

    def scores(model: ScoreModel) -> NDArray[np.float64]:
        scored = score_contacts(facts, office.as_of, model, office.reference)
        return scored.contacts["score"].to_numpy()

    wrong_before = np.abs(scores(office.model) - scores(harsh)).mean()
    wrong_after = np.abs(scores(learnt.model) - scores(harsh)).mean()
    assert wrong_before > 0.10
    assert wrong_after < 0.02


def test_a_handful_of_events_moves_the_numbers_a_little(office: Office, harsh: ScoreModel) -> None:
    learnt = fit_deliverability(office.model, lessons(office, harsh, 10)).model
    for name, prior in office.model.prior.items():
        assert abs(learnt.prior[name].valid - prior.valid) < 0.05
        assert 0.8 < learnt.prior[name].hazard / prior.hazard < 1.2  # the truth: 2 or 3


def test_a_provider_without_events_moves_with_the_others_only(
    office: Office,
    harsh: ScoreModel,
) -> None:
    learnt = fit_deliverability(office.model, lessons(office, harsh, 20_000)).model
    ratio = {
        name: learnt.prior[name].hazard / office.model.prior[name].hazard
        for name in ("icloud", "yahoo")
    }
    assert ratio["icloud"] == pytest.approx(ratio["yahoo"])
    assert 1.0 < ratio["icloud"] < 3.0


def test_no_events_leave_the_model_as_it_is(office: Office) -> None:
    nothing = pl.DataFrame(schema=LESSONS)
    assert fit_deliverability(office.model, nothing).model == office.model


def test_rounds_may_be_learnt_in_any_order_and_number_of_parts(
    office: Office,
    harsh: ScoreModel,
) -> None:
    rounds = [lessons(office, harsh, 300, seed) for seed in (1, 2, 3)]
    one, other = merge_lessons(rounds), merge_lessons(rounds[::-1])
    assert_frame_equal(one, other)
    shuffled = one.sample(fraction=1.0, shuffle=True, seed=3)
    assert_frame_equal(merge_lessons([shuffled]), one)
    fitted = [fit_deliverability(office.model, part).model.version for part in (one, other)]
    assert fitted[0] == fitted[1]


def test_bad_news_stays_bad_after_learning(office: Office) -> None:
    """A few lucky deliveries to refused mailboxes must not turn a refusal into a recommendation."""
    lucky = pl.DataFrame(
        {
            "provider": ["gmail"],
            "source": ["creditor"],
            "since": ["date"],
            "years": [1.0],
            "before": [[]],
            "after": [["mailbox_full", "suspected_typo"]],
            "fixed": [0.0],
            "sent": [400],
            "delivered": [400],
            "hard": [0],
        },
        schema=LESSONS,
    )
    evidence = fit_deliverability(office.model, lucky).model.evidence
    assert evidence["mailbox_full"] <= 0.0
    assert evidence["suspected_typo"] <= 0.0


def test_learning_narrows_what_is_unsure_of_the_classes_it_saw(
    office: Office,
    harsh: ScoreModel,
) -> None:
    few = fit_deliverability(office.model, lessons(office, harsh, 200)).model.spread
    many = fit_deliverability(office.model, lessons(office, harsh, 20_000)).model.spread
    assert many["prior:gmail"] < few["prior:gmail"]
    assert many["prior"] == office.model.spread["prior"]  # of classes not seen


def test_a_portfolio_as_foretold_is_not_surer_than_another(
    office: Office,
    harsh: ScoreModel,
) -> None:
    """Where the priors hold, the parameters are held narrowly; the doubt about them is not."""

    def doubt(truth: ScoreModel) -> float:
        learnt = fit_deliverability(office.model, lessons(office, truth, 4000)).model
        return learnt.spread["prior:gmail"]

    assert doubt(office.model) > 0.8 * doubt(harsh)


def test_a_fitted_model_survives_its_file(
    office: Office,
    harsh: ScoreModel,
    tmp_path: Path,
) -> None:
    learnt = fit_deliverability(office.model, lessons(office, harsh, 2000)).model
    path = tmp_path / "learnt.json"
    save_score_model(learnt, path)
    again = load_score_model(path)
    assert again.version == learnt.version
    assert again == read_model(model_as_json(learnt))
    assert model_as_json(again) == json.loads(path.read_text(encoding="utf-8"))
    contacts = portfolio(50, seed=4)
    facts = office.facts(contacts=contacts)
    one, two = (
        score_contacts(facts, office.as_of, model, office.reference).contacts["score"]
        for model in (learnt, again)
    )
    assert np.abs((one - two).to_numpy()).max() < 1e-5


def test_calibration_keeps_the_order_of_scores_and_is_a_step(
    office: Office,
    harsh: ScoreModel,
) -> None:
    learnt = fit_deliverability(office.model, lessons(office, harsh, 5000)).model
    assert not learnt.calibration.is_identity
    facts = office.facts(contacts=portfolio(200, seed=5))
    scored = score_contacts(facts, office.as_of, learnt, office.reference)
    plain = score_contacts(
        facts,
        office.as_of,
        replace(learnt, calibration=office.model.calibration),
        office.reference,
    )
    order = plain.contacts["score"].arg_sort()
    assert scored.contacts["score"].gather(order).is_sorted()
    words = scored.steps.filter(pl.col("score") == "deliverability")["step"]
    assert (words == "calibration").sum() == 200


def test_what_is_right_already_is_hardly_moved(office: Office, harsh: ScoreModel) -> None:
    """The width of the priors is chosen by the events: narrow where the priors foretell them."""

    def moved(truth: ScoreModel) -> float:
        learnt = fit_deliverability(office.model, lessons(office, truth, 4000)).model
        return abs(learnt.prior["gmail"].hazard / office.model.prior["gmail"].hazard - 1.0)

    assert moved(office.model) < 0.1
    assert moved(harsh) > 0.4


def test_of_equal_fits_the_narrow_prior_is_likelier() -> None:
    """Ten groups of a hundred, half of them good: just what the start says."""
    table = np.eye(10)
    half = Counts(sent=np.full(10, 100.0), good=np.full(10, 50.0))
    tilted = Counts(sent=np.full(10, 100.0), good=np.full(10, 90.0))

    def width(counts: Counts) -> float:
        fitted = maximise_widest(
            lambda here: (table @ here, table),
            np.zeros(10),
            [(np.full(10, 0.1), 0.0), (np.ones(10), 0.0)],
            counts,
        )
        return float(fitted.covariance[0, 0])

    assert width(half) < 0.01 < width(tilted)


def test_newton_finds_a_plain_logistic_regression() -> None:
    """Two groups with 3 of 10 and 9 of 10: without pull their log-odds follow from the counts."""
    table = np.eye(2)
    fitted = maximise(
        lambda here: (table @ here, table),
        np.zeros(2),
        np.full(2, 1e3),
        Counts(sent=np.array([10.0, 10.0]), good=np.array([3.0, 9.0])),
    )
    assert fitted.parameters == pytest.approx([np.log(3 / 7), np.log(9)], abs=1e-4)
    assert np.diag(fitted.covariance) == pytest.approx([1 / 2.1, 1 / 0.9], rel=1e-3)


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
