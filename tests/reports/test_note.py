"""Ten lines for a chat."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from reports import LANGUAGES, Summary, render_note


@pytest.mark.parametrize("language", LANGUAGES)
def test_ten_lines_whatever_the_run(
    summary: Summary, mixed_summary: Summary, hostile_summary: Summary, language: str
) -> None:
    nobody = replace(summary, creditors=())
    for each in (summary, mixed_summary, hostile_summary, nobody):
        note = render_note(each, language)
        assert note.count("\n") == 10
        assert len(note) < 1_500


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_note_is_as_it_was(
    summary: Summary, golden: Callable[[str, str], None], language: str
) -> None:
    golden(f"resumo.{language}.txt", render_note(summary, language))


def test_amounts_of_two_currencies_stand_side_by_side(mixed_summary: Summary) -> None:
    second = render_note(mixed_summary, "pt-BR").splitlines()[1]
    norte, sur = mixed_summary.creditors
    debtors = norte.debtors + sur.debtors
    assert second.startswith(f"{debtors} devedores, R$\N{NO-BREAK SPACE}")
    assert second.endswith("\N{NO-BREAK SPACE}MXN")


def test_controls_and_direction_marks_do_not_reach_the_chat(hostile_summary: Summary) -> None:
    note = render_note(hostile_summary, "pt-BR")
    assert {character for character in note if character < " "} == {"\n"}
    assert "\u202e" not in note


@pytest.mark.parametrize(
    ("predicted", "told"),
    [(0.031, "limit 2%. Nothing is known yet: a pilot lot"), (0.012, "limit 2%\n")],
)
def test_a_list_that_leaves_above_its_limit_says_why(
    summary: Summary, predicted: float, told: str
) -> None:
    creditor = summary.creditors[0]
    assert creditor.gate is not None
    gate = replace(creditor.gate, reasons=("canary",), predicted_bounce=predicted, limit=0.02)
    note = render_note(replace(summary, creditors=(replace(creditor, gate=gate),)), "en")
    assert told in note
