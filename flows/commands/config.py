"""`entrega config`: every setting with its value, where it comes from and what it is for."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import BaseModel

from flows.configuration import DEFAULT_FILE, load_settings
from flows.settings import Settings


@dataclass(frozen=True, slots=True)
class ShownSetting:
    """One setting as people see it."""

    key: str
    value: str
    origin: str  # default | file | environment
    meaning: str


def run_config(config: Path | None, *, defaults: bool, as_json: bool) -> int:
    """Print the settings in force, or the defaults, as text or as one JSON object."""
    shown = list(default_settings() if defaults else _settings_in_force(config))
    if as_json:
        print(json.dumps({item.key: asdict(item) for item in shown}, ensure_ascii=False, indent=2))
        return 0
    print("\n".join(_lines(shown)).lstrip("\n"))
    return 0


def default_settings() -> Iterator[ShownSetting]:
    """Yield every setting with its default, whatever file and environment say."""
    return show_settings(Settings.model_construct(), {}, {})


def _settings_in_force(config: Path | None) -> Iterator[ShownSetting]:
    settings = load_settings(config)
    file = config or (DEFAULT_FILE if DEFAULT_FILE.is_file() else None)
    written = tomllib.loads(file.read_text("utf-8")) if file else {}
    return show_settings(settings, written, dict(os.environ))


def _lines(shown: list[ShownSetting]) -> Iterator[str]:
    """Yield the settings as a file would have them: what differs from a default is marked."""
    section = ""
    for item in shown:
        table, _, key = item.key.partition(".")
        if table != section:
            section = table
            yield f"\n[{table}]"
        yield f"{key} = {item.value}" + ("" if item.origin == "default" else f"  <- {item.origin}")
        yield f"    {item.meaning}"


def show_settings(
    settings: Settings,
    written: dict[str, object],
    environment: dict[str, str],
) -> Iterator[ShownSetting]:
    """Yield every setting, section by section."""
    for section in type(settings).model_fields:
        table = written.get(section, {})
        for key, value, meaning in _walk(getattr(settings, section)):
            name = f"{section}.{key}"
            variable = f"ENTREGA_{name.replace('.', '__').upper()}"
            yield ShownSetting(name, value, _origin(variable, key, table, environment), meaning)


def _walk(section: BaseModel) -> Iterator[tuple[str, str, str]]:
    for key, field in type(section).model_fields.items():
        value = section.model_dump(mode="json")[key]
        yield key, json.dumps(value, ensure_ascii=False), field.description or ""


def _origin(variable: str, key: str, table: object, environment: dict[str, str]) -> str:
    if variable in {name.upper() for name in environment}:
        return "environment"
    return "file" if isinstance(table, dict) and key in table else "default"
