"""The model of a table's linkage, kept as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from checks.contacts.linkage.model import LinkModel
from checks.errors import SettingError
from data.files import write_private

_MODEL: Final = TypeAdapter(LinkModel)
_LARGEST: Final = 1 << 20


def write_model(path: Path, model: LinkModel) -> None:
    """Write a model, whole or not at all."""
    write_private(path, _MODEL.dump_json(model, indent=2) + b"\n")


def read_model(path: Path) -> LinkModel:
    """Return a model that was written by `write_model`; raise SettingError for anything else."""
    try:
        with path.open("rb") as file:
            return _MODEL.validate_json(file.read(_LARGEST))
    except OSError as error:
        problem = f"the model '{path.name}' cannot be read ({error.strerror})"
    except ValidationError:
        problem = f"'{path.name}' is no model of entrega duplicates"
    raise SettingError(problem, "give the model.json of an earlier run, or leave --model out")
