"""What matching is told about the world: alias rules and name words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AliasRule:
    """How one mail provider folds several spellings into one mailbox."""

    domains: tuple[str, ...]
    canonical: str = ""
    """The domain that stands for all of them; empty: each domain stands for itself."""
    ignored: str = ""
    """Characters of the local part that the provider does not look at."""
    tag: str = ""
    """The character that opens a sub-address; empty: the provider has none."""


@dataclass(frozen=True, slots=True)
class NameWords:
    """Words of names that carry little identity, or a great deal; all folded."""

    particles: tuple[str, ...]
    generations: tuple[tuple[str, str], ...]
    """(spelling, meaning) of suffixes that tell son from father."""
    legal_forms: tuple[str, ...]
    given_names: frozenset[str] = frozenset()
    surnames: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class MatchReference:
    """Everything that matching takes from data/reference."""

    alias_rules: tuple[AliasRule, ...]
    names: NameWords
