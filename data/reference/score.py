"""Loads what scoring goes by: the model's numbers, consumer domains, telling names."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

from checks.errors import SettingError
from checks.score.model import ScoreModel, model_as_json, read_model
from checks.score.reference import ScoreReference
from data.reference.providers import load_providers
from data.reference.tables import read_lines, read_rows

_HERE: Final = files("data.reference")
CLOSED_PROVIDER: Final = "dead_isp"  # as the score model names their prior
_MODEL_FILE: Final = "score_model.json"


def load_score_model(path: Path | None = None) -> ScoreModel:
    """Return the model of a JSON file; without a path the priors that come with Entrega.

    Raises `SettingError` where the file is not a readable model.
    """
    source = _HERE.joinpath(_MODEL_FILE) if path is None else path
    try:
        raw = json.loads(source.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        problem = f"the score model {source.name!r} cannot be read"
        remedy = "restore the file, or leave [score] model out to use the priors"
        raise SettingError(problem, remedy) from error
    return read_model(raw)


def score_model_digest(path: Path | None = None) -> str:
    """Return sha256 of the bytes of the file that `load_score_model` reads."""
    source = _HERE.joinpath(_MODEL_FILE) if path is None else path
    return hashlib.sha256(source.read_bytes()).hexdigest()


def save_score_model(model: ScoreModel, path: Path) -> None:
    """Write a model as JSON, aside and renamed, so that a reader finds the old or the new one."""
    aside = path.with_name(f".{path.name}.part")
    text = json.dumps(model_as_json(model), indent=2, sort_keys=True, ensure_ascii=False)
    aside.write_text(text + "\n", encoding="utf-8")
    aside.replace(path)


@cache
def load_score_reference() -> ScoreReference:
    """Return consumer domains, mailbox words and person names, read once."""
    words = read_rows("mailbox_words.csv")

    def meaning(wanted: str) -> frozenset[str]:
        return frozenset(row["word"] for row in words if row["meaning"] == wanted)

    return ScoreReference(
        provider_of=_providers_by_domain(),
        finance_mailboxes=meaning("finance"),
        never_mailboxes=meaning("never"),
        accountant_words=meaning("accountant"),
        trades=meaning("trade"),
        given_names=_names("given"),
        surnames=_names("surname"),
    )


def _providers_by_domain() -> dict[str, str]:
    """Return the provider of each consumer domain: those of providers.toml, and the closed ones."""
    living = load_providers().by_name.values()
    table = {domain: provider.name for provider in living for domain in provider.domains}
    return table | dict.fromkeys(read_lines("closed_providers.txt"), CLOSED_PROVIDER)


def _names(kind: str) -> frozenset[str]:
    return frozenset(row["name"] for row in read_rows("person_names.csv") if row["kind"] == kind)
