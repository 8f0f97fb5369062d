"""Reading `entrega.toml` and the environment: what is wrong with them is one sentence."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_settings import TomlConfigSettingsSource

from checks.errors import SettingError
from flows.settings import LAST_PORT, Section, Settings, SmtpSettings

DEFAULT_FILE = Path("entrega.toml")
PROXY_URL = re.compile(
    r"socks5://(?P<host>[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]):(?P<port>[1-9][0-9]{0,4})/?"
)
_EVERY_SETTING = "see every setting with: entrega config --defaults"


def load_settings(path: Path | None = None) -> Settings:
    """Read the configuration; without a path `entrega.toml` here, or the defaults.

    Raises `SettingError` for a missing file, broken TOML, an unknown key or a bad value; the
    message names the key and never repeats a value.
    """
    if path is not None and not path.is_file():
        problem = f"configuration '{path}' is not there"
        raise SettingError(problem, "write one with: entrega init INPUT")
    file = path or (DEFAULT_FILE if DEFAULT_FILE.is_file() else None)
    try:
        values = _read_toml(file) if file else {}
        settings = Settings(**values)
    except ValidationError as error:
        raise _explain(error, file) from None
    _check_together(settings)
    return settings


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return TomlConfigSettingsSource(Settings, file)()
    except ValueError as error:  # tomllib.TOMLDecodeError tells line and column, no values
        problem = f"'{file}' is not valid TOML: {error}"
        raise SettingError(problem, "mend that line; text stands in quotes") from None


def _explain(error: ValidationError, file: Path | None) -> SettingError:
    first = error.errors(include_url=False, include_input=False)[0]
    path = [str(part) for part in first["loc"]]
    key, where = ".".join(path), _where(path, file)
    if first["type"] == "extra_forbidden":
        meant = get_close_matches(key, _known_keys(Settings), n=1)
        remedy = f"'{meant[0]}' may be meant" if meant else "take it out"
        return SettingError(f"setting '{key}'{where} is unknown", f"{remedy}; {_EVERY_SETTING}")
    return SettingError(f"setting '{key}'{where}: {first['msg'].lower()}", _EVERY_SETTING)


def _where(path: Sequence[str], file: Path | None) -> str:
    variable = f"ENTREGA_{'__'.join(path)}".upper()
    if variable in {name.upper() for name in os.environ}:
        return f" in the environment ({variable})"
    return f" in '{file}'" if file else ""


def _known_keys(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield name
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section):
            yield from (f"{name}.{key}" for key in _known_keys(field.annotation))


def _check_together(settings: Settings) -> None:
    smtp = settings.smtp
    if smtp.enabled and not smtp.asks:
        problem = "[smtp] enabled = true has no identity"
        raise SettingError(problem, "set [smtp] helo and mail_from, or leave enabled out")
    _check_proxy(smtp)
    for network in smtp.lab_networks:
        try:
            ipaddress.ip_network(network)
        except ValueError:
            problem = f"[smtp] lab_networks: '{network}' is not a network"
            raise SettingError(problem, "write e.g. '127.9.0.0/16'") from None
    if smtp.lab_clock and not smtp.lab_networks:
        problem = "[smtp] lab_clock is set without lab_networks"
        raise SettingError(problem, "a virtual clock is for labs only; take it out")
    if settings.gate.green >= settings.gate.amber:
        problem = "[gate] green is not below amber"
        raise SettingError(problem, "the defaults are 0.02 and 0.05")


def _check_proxy(smtp: SmtpSettings) -> None:
    found = PROXY_URL.fullmatch(smtp.proxy)
    if smtp.proxy and (found is None or int(found["port"]) > LAST_PORT):
        problem = "[smtp] proxy is not socks5://host:port"
        raise SettingError(problem, "user and password belong into [smtp] proxy_login")
    if smtp.proxy and smtp.source_addresses:
        problem = "[smtp] source_addresses and proxy exclude each other"
        raise SettingError(problem, "take one of them out: a proxy calls from its own address")
