"""Learning that is checked against messages it never saw."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from checks.frames import empty
from checks.score import LESSONS, OWNER_LESSONS, compare_models, fit_deliverability, learn_model
from tests.score.worlds import lessons_of_world

if TYPE_CHECKING:
    from checks.score import ScoreModel
    from tests.score.conftest import Office


def test_what_is_learnt_foretells_others_better(office: Office, harsh: ScoreModel) -> None:
    learnt = lessons_of_world(office, harsh, 2_000, seed=1)
    held_out = lessons_of_world(office, harsh, 600, seed=2)
    learning = learn_model(office.model, learnt, held_out, empty(OWNER_LESSONS))
    assert learning.held_out.messages == 600
    assert learning.messages == 2_600
    assert learning.held_out.after < learning.held_out.before
    assert not learning.held_out.is_worse
    assert learning.model.version != office.model.version


def test_a_model_that_learnt_another_world_is_found_worse(
    office: Office, harsh: ScoreModel
) -> None:
    spoilt = fit_deliverability(office.model, lessons_of_world(office, harsh, 4_000)).model
    held_out = lessons_of_world(office, office.model, 4_000, seed=2)
    assert compare_models(office.model, spoilt, held_out).is_worse
    assert not compare_models(spoilt, office.model, held_out).is_worse


def test_the_same_model_is_neither_better_nor_worse(office: Office) -> None:
    held_out = lessons_of_world(office, office.model, 300)
    same = compare_models(office.model, office.model, held_out)
    assert same.before == pytest.approx(same.after)
    assert same.error == 0.0
    assert not same.is_worse
    assert compare_models(office.model, office.model, empty(LESSONS)).messages == 0


def test_owners_alone_do_not_teach_ownership(office: Office) -> None:
    flattering = pl.DataFrame(
        [{"words": [], "fixed": 0.0, "arrived": 900, "owners": 500, "strangers": 2}],
        schema=OWNER_LESSONS,
    )
    learnt = lessons_of_world(office, office.model, 200)
    learning = learn_model(office.model, learnt, empty(LESSONS), flattering)
    assert learning.answers == 0
    assert learning.model.ownership == office.model.ownership
