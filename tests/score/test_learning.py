"""Learning from events: to the truth with many, hardly at all with few, the same in any order."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from checks.score import (
    LESSONS,
    ScoreModel,
    fit_deliverability,
    hard_bounce,
    merge_lessons,
    model_as_json,
    read_model,
    score_contacts,
)
from checks.score.learning import foretell
from data.reference.score import load_score_model, save_score_model
from tests.score.worlds import lessons_of_world, portfolio

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from tests.score.conftest import Office


@pytest.mark.parametrize("share", [0.55, 0.95])
def test_which_losses_are_for_good_is_learnt(office: Office, share: float) -> None:
    taught = lessons_of_world(office, office.model, 20_000, hard_share=share)
    learnt = fit_deliverability(office.model, taught).model
    rows = taught.with_columns(score=pl.Series(foretell(learnt, taught)), basis=pl.lit("prior"))
    hard = hard_bounce(learnt.loss, pl.col("score"), pl.col("basis")) * pl.col("sent")
    predicted = rows.select(hard.sum()).item()
    assert predicted == pytest.approx(taught["hard"].sum(), rel=0.05)


def test_many_events_draw_the_numbers_to_the_truth(office: Office, harsh: ScoreModel) -> None:
    learnt = fit_deliverability(office.model, lessons_of_world(office, harsh, 20_000))
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
    learnt = fit_deliverability(office.model, lessons_of_world(office, harsh, 10)).model
    for name, prior in office.model.prior.items():
        assert abs(learnt.prior[name].valid - prior.valid) < 0.05
        assert 0.8 < learnt.prior[name].hazard / prior.hazard < 1.2  # the truth: 2 or 3


def test_a_provider_without_events_moves_with_the_others_only(
    office: Office,
    harsh: ScoreModel,
) -> None:
    learnt = fit_deliverability(office.model, lessons_of_world(office, harsh, 20_000)).model
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
    rounds = [lessons_of_world(office, harsh, 300, seed) for seed in (1, 2, 3)]
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
    few = fit_deliverability(office.model, lessons_of_world(office, harsh, 200)).model.spread
    many = fit_deliverability(office.model, lessons_of_world(office, harsh, 20_000)).model.spread
    assert many["prior:gmail"] < few["prior:gmail"]
    assert many["prior"] == office.model.spread["prior"]  # of classes not seen


def test_a_portfolio_as_foretold_is_not_surer_than_another(
    office: Office,
    harsh: ScoreModel,
) -> None:
    """Where the priors hold, the parameters are held narrowly; the doubt about them is not."""

    def doubt(truth: ScoreModel) -> float:
        learnt = fit_deliverability(office.model, lessons_of_world(office, truth, 4000)).model
        return learnt.spread["prior:gmail"]

    assert doubt(office.model) > 0.8 * doubt(harsh)


def test_a_fitted_model_survives_its_file(
    office: Office,
    harsh: ScoreModel,
    tmp_path: Path,
) -> None:
    learnt = fit_deliverability(office.model, lessons_of_world(office, harsh, 2000)).model
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
    learnt = fit_deliverability(office.model, lessons_of_world(office, harsh, 5000)).model
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
        learnt = fit_deliverability(office.model, lessons_of_world(office, truth, 4000)).model
        return abs(learnt.prior["gmail"].hazard / office.model.prior["gmail"].hazard - 1.0)

    assert moved(office.model) < 0.1
    assert moved(harsh) > 0.4
