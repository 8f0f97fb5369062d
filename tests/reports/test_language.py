"""Every language says everything, in its own numbers and its own words."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir

import reports
from checks.errors import SettingError
from checks.model import (
    VERDICT_OF,
    Decision,
    DecisionReason,
    GateState,
    Reason,
    Verdict,
)
from checks.score import GateReason
from data.reference.score import CLOSED_PROVIDER
from reports.advice import ACTIONS
from reports.creditor import CHANNELS, TAX_ID_FLAGS
from reports.language import LANGUAGES, load_catalogue, load_speech
from reports.summary import Money
from reports.view import CLASSES, FUNNEL
from reports.work_lists import COLUMNS

ROOM = Path(reports.__file__).parent
PROVIDERS = Path(__file__).parents[2] / "data" / "reference" / "providers.toml"

QUARANTINED = (
    "bad_bytes",
    "bad_json",
    "empty_row",
    "id_too_long",
    "no_creditor",
    "nul_character",
    "too_long",
    "unbalanced_quote",
    "unidentified",
    "wrong_column_count",
)

WORDS = {
    "reason": tuple(Reason),
    "verdict": tuple(Verdict),
    "decision": tuple(Decision),
    "decision meaning": tuple(Decision),
    "decision reason": tuple(DecisionReason),
    "gate": tuple(GateState),
    "gate meaning": tuple(GateState),
    "gate reason": tuple(GateReason),
    "quarantine": QUARANTINED,
    "class": CLASSES,
    "class short": CLASSES,
    "funnel": ("records", "debtors", *FUNNEL),
    "advice": ACTIONS,
    "channel": (*CHANNELS, "none"),
    "column": COLUMNS,
    "kind": ("pf", "pj"),
    "source": ("debtor", "creditor", "agency", "bureau", "register", "unknown"),
    "legal basis": ("none", "other"),
    "tax id": TAX_ID_FLAGS,
    "provider": (
        *(provider["name"] for provider in tomllib.loads(PROVIDERS.read_text())["provider"]),
        CLOSED_PROVIDER,
    ),
}


def templates() -> Iterator[tuple[str | None, str | tuple[str, ...]]]:
    """Yield context and message of every sentence that templates and modules ask for."""
    found = extract_from_dir(
        ROOM,
        method_map=[("**.jinja", "jinja2"), ("**.py", "python")],
        options_map={"**.jinja": {"newstyle_gettext": "true", "silent": "false"}},
        keywords={
            "_": None,
            "text": None,
            "gettext": None,
            "ngettext": (1, 2),
            "pgettext": ((1, "c"), 2),
        },
    )
    return ((context, message) for _, _, message, _, context in found)


def strings(catalogue: Catalog, context: str | None, message: str | tuple[str, ...]) -> list[str]:
    """Return what the catalogue has for a message: one text, or one a plural form."""
    key = message if isinstance(message, str) else message[0]
    entry = catalogue.get(key, context)
    if entry is None or entry.fuzzy:
        return []
    return forms(entry.string)


def forms(text: str | Iterable[str] | None) -> list[str]:
    """Return a message's text, or its plural forms, as a list."""
    return [text] if isinstance(text, str) else list(text or ())


def names_of(text: str) -> list[str]:
    return sorted(re.findall(r"%\((\w+)\)s", text))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_of_the_templates_is_written(language: str) -> None:
    asked = set(templates())
    assert len(asked) > 90
    missing = {item for item in asked if not all(strings(load_catalogue(language), *item) or [""])}
    assert missing == set()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("family", WORDS)
def test_every_machine_word_has_a_sentence(language: str, family: str) -> None:
    catalogue = load_catalogue(language)
    missing = [word for word in WORDS[family] if not strings(catalogue, family, str(word))]
    assert missing == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_keep_the_names_of_their_figures(language: str) -> None:
    for entry in load_catalogue(language):
        ids, said = forms(entry.id), forms(entry.string)
        if entry.id:
            assert {tuple(names_of(text)) for text in said} == {
                tuple(names_of(text)) for text in ids
            }


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_catalogues_have_the_same_entries(language: str) -> None:
    keys = {(entry.context, entry.id) for entry in load_catalogue(language)}
    assert keys == {(entry.context, entry.id) for entry in load_catalogue("en")}


@pytest.mark.parametrize(
    ("language", "phrase"),
    [("pt-BR", "Não confirmado"), ("es-MX", "Sin confirmar"), ("en", "Not confirmed")],
)
def test_an_unknown_is_said_to_be_not_confirmed(language: str, phrase: str) -> None:
    speech = load_speech(language)
    unknown = [reason for reason in Reason if VERDICT_OF[reason] == Verdict.UNKNOWN]
    assert all(speech.word("reason", reason).startswith(phrase) for reason in unknown)
    assert speech.word("verdict", "unknown") == phrase


def test_nobody_is_called_moroso() -> None:
    text = (ROOM / "locale" / "es-MX.po").read_text()
    assert "moros" not in text.lower()


@pytest.mark.parametrize(
    ("language", "decision", "sentence"),
    [
        ("pt-BR", "send", "Enviar"),
        ("pt-BR", "send_neutral", "Aviso neutro"),
        ("pt-BR", "review", "Revisar"),
        ("pt-BR", "hold", "Aguardar"),
        ("pt-BR", "suppress", "Bloqueado"),
        ("pt-BR", "other_channel", "Outro canal"),
        ("es-MX", "hold", "En espera"),
        ("en", "hold", "Wait"),
    ],
)
def test_the_six_decisions_have_the_names_managers_know(
    language: str, decision: str, sentence: str
) -> None:
    assert load_speech(language).word("decision", decision) == sentence


@pytest.mark.parametrize(
    ("language", "currency", "written"),
    [
        ("pt-BR", "BRL", "R$ 1.234,56"),
        ("pt-BR", "MXN", "$1.234,56 MXN"),
        ("es-MX", "MXN", "$1,234.56 MXN"),
        ("es-MX", "BRL", "R$ 1,234.56"),
        ("en", "BRL", "R$ 1,234.56"),
        ("en", "USD", "$1,234.56"),
    ],
)
def test_money_as_people_write_it(language: str, currency: str, written: str) -> None:
    shown = load_speech(language).money(Money(currency, Decimal("1234.56")))
    assert shown.replace("\N{NO-BREAK SPACE}", " ") == written


@pytest.mark.parametrize(
    ("language", "written"),
    [
        ("pt-BR", "31/12/2026 23:30 UTC"),
        ("es-MX", "31/12/2026 23:30 UTC"),
        ("en", "31 Dec 2026 23:30 UTC"),
    ],
)
def test_moments_as_people_write_them(language: str, written: str) -> None:
    moment = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    assert load_speech(language).moment(moment) == written


def test_a_new_machine_word_is_shown_as_it_is() -> None:
    assert load_speech("pt-BR").word("quarantine", "not_yet_known") == "not_yet_known"


def test_an_unknown_language_is_refused_with_the_setting_to_write() -> None:
    with pytest.raises(SettingError, match=r"'fr'; set \[report\] language to one of pt-BR, es-MX"):
        load_speech("fr")
