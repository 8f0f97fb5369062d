"""The reply rules, from their file to the frozen value that `checks` works with."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources
from typing import Any

from checks.mailbox.rules import (
    EnhancedRule,
    ProviderRule,
    ReplyRules,
    Ruling,
    Scope,
    TextRule,
    TlsDemand,
)
from checks.model import Reason


@cache
def load_reply_rules() -> ReplyRules:
    """Return the reply rules of `smtp_replies.toml`, read and compiled once."""
    text = resources.files("data.reference").joinpath("smtp_replies.toml").read_text("utf-8")
    return parse_reply_rules(text)


def parse_reply_rules(text: str) -> ReplyRules:
    """Return reply rules written in TOML; raises KeyError, ValueError or re.error on bad ones."""
    tables = tomllib.loads(text)
    return ReplyRules(
        enhanced={
            code: EnhancedRule(
                ruling=_ruling(entry, f"enhanced {code}"),
                firm=entry["firm"],
                about_recipient=_pattern(entry.get("about_recipient")),
            )
            for entry in tables["enhanced"]
            for code in entry["codes"]
        },
        providers=tuple(_provider_rule(entry) for entry in tables["provider"]),
        texts=tuple(_text_rule(entry) for entry in tables["text"]),
        tls_demand=_tls_demand(tables["tls_demand"]),
        doubt=_any_of(tables["doubt"]["patterns"]),
    )


def _ruling(entry: dict[str, Any], rule: str) -> Ruling:
    return Ruling(Reason(entry["reason"]), Scope(entry["scope"]), rule)


def _provider_rule(entry: dict[str, Any]) -> ProviderRule:
    return ProviderRule(
        ruling=_ruling(entry, entry["name"]),
        providers=frozenset(entry["providers"]),
        signature=_pattern(entry.get("signature")),
        codes=frozenset(entry["codes"]),
        enhanced=_pattern(entry.get("enhanced")),
        pattern=_pattern(entry.get("text")),
    )


def _text_rule(entry: dict[str, Any]) -> TextRule:
    return TextRule(
        ruling=_ruling(entry, entry["name"]),
        pattern=_any_of(entry["patterns"]),
        classes=frozenset(entry["classes"]),
        exculpates=entry["exculpates"],
    )


def _tls_demand(entry: dict[str, Any]) -> TlsDemand:
    return TlsDemand(
        codes=frozenset(entry["codes"]),
        enhanced=frozenset(entry["enhanced"]),
        pattern=_any_of(entry["patterns"]),
    )


def _any_of(patterns: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


def _pattern(text: str | None) -> re.Pattern[str] | None:
    return None if text is None else re.compile(text)
