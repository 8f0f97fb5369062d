"""Who runs a mailbox, and how often we may ask there: limits belong to providers."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

OTHER: Final = "other"
"""The name of everyone whom no suffix in the table names."""


class Honesty(StrEnum):
    """What a 250 to RCPT is worth at a provider, before any sentinel was asked."""

    HONEST = "honest"  # unknown users are refused, always
    HONEST_BY_DOMAIN = "honest_by_domain"  # as above, but a domain's owner may accept all
    UNPROVEN = "unproven"  # nothing known: proven by a refusal after the acceptance
    SILENT_DROP = "silent_drop"  # refuses at first, accepts and drops once it is annoyed
    ACCEPTS_ALL = "accepts_all"  # accepts everything
    ACCEPTS_THEN_REJECTS = "accepts_then_rejects"  # accepts at RCPT, refuses after DATA or by DSN


class BudgetScope(StrEnum):
    """To whom a refusal budget belongs."""

    PROVIDER = "provider"
    ADDRESS = "address"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one provider is asked; our own choices, written in data/reference/providers.toml.

    Refusals are recipients answered with 5xx, sentinels included. `connections_per_provider` 0
    means that only addresses and networks bound it. Hours and days are sliding windows.
    """

    recipients_per_session: int
    refusals_per_session: int
    connections_per_address: int
    connections_per_network: int
    connections_per_provider: int
    refusals_per_hour: int
    refusals_per_day: int
    budget_scope: BudgetScope
    unknown_share: float
    unknown_share_min: int

    def __post_init__(self) -> None:
        """Refuse limits under which nothing could be asked or a share could not be computed."""
        counts = (
            self.recipients_per_session - 1,  # a recipient and its sentinel
            self.refusals_per_session,
            self.connections_per_address,
            self.connections_per_network,
            self.refusals_per_hour,
            self.refusals_per_day,
            self.unknown_share_min,
        )
        if min(counts) < 1 or self.connections_per_provider < 0:
            message = "every limit must be at least 1, recipients_per_session at least 2"
            raise ValueError(message)
        if not 0 < self.unknown_share <= 1:
            message = f"unknown_share must be above 0 and at most 1, not {self.unknown_share}"
            raise ValueError(message)


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider: how it is recognised, what its answers are worth, whether it is asked."""

    name: str
    label: str
    group: str  # its row in the table of whom to ask
    honesty: Honesty
    asked: bool
    limits: Limits
    mx: tuple[str, ...] = ()  # suffixes of MX host names, on dot boundaries
    domains: tuple[str, ...] = ()  # consumer domains known to be its own, for plans without DNS
    retry_after: tuple[float, ...] = ()  # its own greylisting passes, seconds; none: the settings'

    def __post_init__(self) -> None:
        """Refuse passes that run backwards."""
        if self.retry_after and min(self.retry_after) <= 0:
            message = f"retry_after of {self.name!r} must be positive numbers of seconds"
            raise ValueError(message)

    @property
    def needs_sentinel(self) -> bool:
        """Whether an acceptance here is believed only beside a refused random recipient."""
        return self.honesty is not Honesty.HONEST

    @property
    def needs_closing_sentinel(self) -> bool:
        """Whether an answer may change its meaning while we ask, so that the last is bounded."""
        return self.honesty in {Honesty.UNPROVEN, Honesty.SILENT_DROP, Honesty.ACCEPTS_ALL}


@dataclass(frozen=True, slots=True)
class Courtesy:
    """Limits that hold for every provider.

    `spacing` is seconds between connects to one address, on the policy clock.
    """

    spacing: float = 1.0
    addresses_per_domain: int = 5
    sessions_per_domain: int = 2
    connections: int = 200
    sentinel_days: int = 30


@dataclass(frozen=True)
class Providers:
    """The provider table; the last word on names, limits and MX suffixes.

    `by_name` keeps the file's order. Raises ValueError where two providers claim one suffix or
    domain, or where nobody is called "other".
    """

    by_name: Mapping[str, Provider]
    courtesy: Courtesy = Courtesy()
    _by_suffix: dict[str, str] = field(init=False, repr=False, compare=False)
    _by_domain: dict[str, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index suffixes and domains once."""
        if OTHER not in self.by_name:
            message = f"the provider table must have an entry called {OTHER!r}"
            raise ValueError(message)
        table = self.by_name.values()
        suffixes = _index((suffix, p.name) for p in table for suffix in p.mx)
        domains = _index((domain, p.name) for p in table for domain in p.domains)
        object.__setattr__(self, "_by_suffix", suffixes)
        object.__setattr__(self, "_by_domain", domains)

    def named(self, name: str) -> Provider:
        """Return the provider of that name, "other" where the table does not know it."""
        return self.by_name.get(name) or self.by_name[OTHER]

    def provider_of(self, mx_hosts: Sequence[str]) -> str:
        """Return the provider's name for MX hosts in order of preference; "other" if unknown.

        The most preferred host decides: a backup elsewhere does not hold the mailbox. Suffixes
        match on dot boundaries, the longest first, so that `mx.uol.com.br.example` is not UOL.
        """
        return _longest_suffix(self._by_suffix, mx_hosts[0]) if mx_hosts else OTHER

    def provider_of_domain(self, domain: str) -> str:
        """Return the provider known to own a consumer domain, "other" if none; asks nobody."""
        return self._by_domain.get(domain.lower(), OTHER)


def _index(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    index: dict[str, str] = {}
    for key, name in pairs:
        if key in index:
            message = f"{key!r} is claimed by {index[key]!r} and {name!r}; leave it with one"
            raise ValueError(message)
        index[key] = name
    return index


def _longest_suffix(names: Mapping[str, str], host: str) -> str:
    labels = host.lower().removesuffix(".").split(".")
    candidates = (".".join(labels[start:]) for start in range(len(labels)))
    return next((names[suffix] for suffix in candidates if suffix in names), OTHER)
