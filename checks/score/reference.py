"""What scoring knows of domains and mailbox names; loaded in `data/reference`, handed in frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

CONSUMER_PROVIDERS: Final = frozenset(
    {
        "gmail",
        "microsoft_consumer",
        "yahoo",
        "icloud",
        "proton",
        "uol",
        "bol",
        "terra",
        "ig",
        "globo",
        "prodigy",
        "dead_isp",
    },
)
"""Providers whose mailboxes belong to one person each: nobody else reads an absent one."""


@dataclass(frozen=True, slots=True)
class ScoreReference:
    """Tables that verdicts, ownership and decisions look things up in.

    `provider_of` maps consumer domains (lower case, ASCII) to provider names. The word sets are
    lower case and ASCII: whole local parts of paying departments and of mailboxes that nobody may
    write to, pieces of words that give an accountant away, and the commonest names of persons
    and lines of business, by which a mailbox is seen to carry somebody's name.
    """

    provider_of: Mapping[str, str]
    finance_mailboxes: frozenset[str]
    never_mailboxes: frozenset[str]
    accountant_words: frozenset[str]
    given_names: frozenset[str]
    surnames: frozenset[str]
    trades: frozenset[str]
