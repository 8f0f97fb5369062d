"""The score model's file and the tables beside it: readable, sane, refused where they are not."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from checks.errors import SettingError
from checks.model import Reason
from checks.score import read_model
from checks.score.names import NameLevel
from checks.score.reference import CONSUMER_PROVIDERS
from data.reference.score import load_score_model, load_score_reference
from data.verifiers.table import Claim


@pytest.fixture
def raw() -> dict[str, Any]:
    text = files("data.reference").joinpath("score_model.json").read_text(encoding="utf-8")
    model: dict[str, Any] = json.loads(text)
    return model


def test_the_model_knows_every_provider_and_only_real_reasons() -> None:
    model = load_score_model()
    told_by_domain = set(load_score_reference().provider_of.values())
    assert told_by_domain | CONSUMER_PROVIDERS <= set(model.prior)
    claims = {f"claim_{claim.value}" for claim in Claim} - {"claim_unknown"}
    assert claims <= set(model.evidence)
    assert set(model.evidence) - {"domain_takes_mail"} - claims <= set(Reason)
    assert {level.value for level in NameLevel if level.value} <= set(model.ownership.evidence)


def test_reasons_that_condemn_cost_more_than_any_prior_gives() -> None:
    evidence = load_score_model().evidence
    for reason in ("mailbox_not_found", "null_mx", "bounced_before", "no_such_domain"):
        assert evidence[reason] <= -8.0


def test_tables_are_lower_case_ascii_without_overlap() -> None:
    reference = load_score_reference()
    words = reference.finance_mailboxes | reference.never_mailboxes | reference.accountant_words
    names = reference.given_names | reference.surnames | set(reference.provider_of)
    assert all(word.isascii() and word == word.lower() for word in words | names)
    assert not reference.finance_mailboxes & reference.never_mailboxes


BROKEN = [
    ("prior of 'gmail'", ("prior", "gmail", "valid"), 1.0),
    ("prior of 'gmail'", ("prior", "gmail", "hazard"), -0.1),
    ("age_bands", ("age_bands",), [[0.5, 1.0]]),
    ("spread", ("spread",), {"asked": 0.1}),
    ("shape", ("shape",), {"local_short": -0.7}),
    ("loss", ("loss", "permanent"), 0.0),
    ("loss", ("loss", "temporary"), {"asked": 0.1, "prior": 0.1}),
    ("not readable", ("evidence",), {"mailbox_full": "a lot"}),
    ("not readable", ("ownership",), {}),
]


@pytest.mark.parametrize(("named", "place", "value"), BROKEN)
def test_a_broken_model_is_refused_by_name(
    raw: dict[str, Any],
    named: str,
    place: tuple[str, ...],
    value: object,
) -> None:
    inner = raw
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    with pytest.raises(SettingError, match=named):
        read_model(raw)


def test_a_model_without_a_fallback_provider_is_refused(raw: dict[str, Any]) -> None:
    del raw["prior"]["other"]
    with pytest.raises(SettingError, match="no prior for 'other'"):
        read_model(raw)


@pytest.mark.parametrize("content", [None, "", "{", "\x00"])
def test_a_file_that_is_no_model_is_refused_with_its_name(
    tmp_path: Path,
    content: str | None,
) -> None:
    path = tmp_path / "model.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(SettingError, match=r"model\.json"):
        load_score_model(path)
