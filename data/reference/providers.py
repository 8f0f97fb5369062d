"""The provider table, from its file to the frozen value that `checks` works with."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from functools import cache
from importlib import resources
from typing import Any

from checks.mailbox.providers import BudgetScope, Courtesy, Honesty, Limits, Provider, Providers


@cache
def load_providers() -> Providers:
    """Return the provider table of `providers.toml`, read once."""
    text = resources.files("data.reference").joinpath("providers.toml").read_text("utf-8")
    return parse_providers(text)


def parse_providers(text: str) -> Providers:
    """Return the provider table written in TOML; a key that nobody reads is a TypeError."""
    tables = tomllib.loads(text)
    groups = tables["group"]
    providers = (_provider(entry, groups) for entry in tables["provider"])
    return Providers({provider.name: provider for provider in providers}, Courtesy(**tables["all"]))


def _provider(entry: dict[str, Any], groups: dict[str, dict[str, Any]]) -> Provider:
    group = dict(groups[entry["group"]])
    asked, honesty = group.pop("asked"), group.pop("honesty")
    limits = Limits(**{**group, "budget_scope": BudgetScope(group["budget_scope"])})
    own = {**entry, "mx": tuple(entry.get("mx", ())), "domains": tuple(entry.get("domains", ()))}
    return Provider(
        **{
            **own,
            "honesty": Honesty(own.get("honesty", honesty)),
            "asked": own.get("asked", asked),
            "retry_after": tuple(own.get("retry_after", ())),
            "limits": replace(limits, **own.get("limits", {})),
        },
    )
