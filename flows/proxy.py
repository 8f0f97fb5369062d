"""The proxy that `[smtp]` names, with the login that a file or the environment has."""

from __future__ import annotations

import os
from pathlib import Path

from checks.errors import SettingError
from checks.mailbox.proxy import Login, Proxy
from flows.configuration import PROXY_URL
from flows.settings import SmtpSettings

LOGIN_VARIABLE = "ENTREGA_PROXY_LOGIN"


def proxy_of(smtp: SmtpSettings) -> Proxy | None:
    """Return the proxy to ask through; None where mail servers are asked straight.

    The login is no setting: settings are kept with each run and shown by `entrega config`.
    """
    found = PROXY_URL.fullmatch(smtp.proxy)
    if found is None:
        return None
    host = found["host"].strip("[]")
    return Proxy(host, int(found["port"]), _login(smtp.proxy_login))


def _login(file: Path | None) -> Login | None:
    text = os.environ.get(LOGIN_VARIABLE, "") if file is None else _read(file)
    if not text:
        return None
    user, _, password = text.partition(":")
    try:
        return Login(user, password)
    except ValueError as error:
        problem = f"the login of [smtp] proxy: {error}"
        raise SettingError(problem, "write one line: user:password") from None


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8").strip()
    except (OSError, ValueError):
        problem = f"[smtp] proxy_login: '{file.name}' cannot be read"
        raise SettingError(problem, "write one line into it: user:password") from None
