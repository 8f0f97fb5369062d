"""Alias rules and name words for matching debtors, read once."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

from checks.contacts.model import AliasRule, MatchReference, NameWords
from data.reference.tables import read_column, read_rows


@cache
def load_match_reference() -> MatchReference:
    """Return the packaged alias rules and name words.

    >>> reference = load_match_reference()
    >>> [rule.ignored for rule in reference.alias_rules if "gmail.com" in rule.domains]
    ['.']
    """
    raw = tomllib.loads(files("data.reference").joinpath("matching.toml").read_text("utf-8"))
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
            particles=_folded("name_particles.csv", "particle"),
            generations=tuple(raw["generations"].items()),
            legal_forms=_folded("legal_forms.csv", "form"),
            given_names=_person_names("given"),
            surnames=_person_names("surname"),
        ),
    )


def _person_names(kind: str) -> frozenset[str]:
    return frozenset(row["name"] for row in read_rows("person_names.csv") if row["kind"] == kind)


def _folded(table: str, column: str) -> tuple[str, ...]:
    return tuple(sorted({word.lower() for word in read_column(table, column)}))
