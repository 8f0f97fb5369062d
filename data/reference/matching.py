"""Alias rules and name words for matching debtors, read once from matching.toml."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

from checks.contacts.model import AliasRule, MatchReference, NameWords


@cache
def load_match_reference() -> MatchReference:
    """Return the packaged alias rules and name words.

    >>> reference = load_match_reference()
    >>> [rule.ignored for rule in reference.alias_rules if "gmail.com" in rule.domains]
    ['.']
    """
    raw = tomllib.loads(files("data.reference").joinpath("matching.toml").read_text("utf-8"))
    names = raw["names"]
    return MatchReference(
        alias_rules=tuple(
            AliasRule(
                domains=tuple(rule["domains"]),
                canonical=rule.get("canonical", ""),
                ignored=rule.get("ignored", ""),
                tag=rule.get("tag", ""),
            )
            for rule in raw["alias"]
        ),
        names=NameWords(
            particles=tuple(names["particles"]),
            generations=tuple(names["generations"].items()),
            legal_forms=tuple(
                sorted({form for forms in names["legal_forms"].values() for form in forms})
            ),
        ),
    )
