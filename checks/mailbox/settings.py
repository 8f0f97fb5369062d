"""How a probe behaves, as one frozen value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network

from checks.mailbox.commands import is_askable, is_helo_name
from checks.mailbox.proxy import Proxy
from checks.mailbox.rules import Ruling
from checks.mailbox.session import Deadlines, Identity

SMTP_PORT = 25
NIGHT = 8 * 3_600.0


@dataclass(frozen=True, slots=True)
class ProbeSettings:
    """Identity, time-outs and retries of one run; raises ValueError where it cannot be sent.

    `retry_after`: seconds on the policy clock before each further ask of a deferred recipient.
    `horizon`: seconds on the policy clock after which nobody is asked any more. `seed` makes the
    random recipients. `source_addresses` are used in turn, one a shard; `proxy` stands in for them.
    `starttls`: TLS where a server demands it, and nowhere else.
    """

    identity: Identity
    seed: int = 0
    port: int = SMTP_PORT
    deadlines: Deadlines = field(default_factory=Deadlines)
    retry_after: tuple[float, ...] = (360.0, 1_800.0, 7_200.0)
    horizon: float = NIGHT
    source_addresses: tuple[str, ...] = ()
    proxy: Proxy | None = None
    lab_networks: tuple[IPv4Network | IPv6Network, ...] = ()
    starttls: bool = True

    def __post_init__(self) -> None:
        """Refuse an identity that could smuggle a command, and retries that run backwards."""
        if not is_helo_name(self.identity.helo):
            message = "helo must be a host name or an address literal"
            raise ValueError(message)
        if not is_askable(self.identity.mail_from):
            message = "mail_from must be a plain address"
            raise ValueError(message)
        if not self.retry_after or min(self.retry_after) <= 0:
            message = "retry_after must name at least one positive number of seconds"
            raise ValueError(message)
        if self.proxy is not None and self.source_addresses:
            message = "source_addresses and proxy exclude each other: the proxy calls from its own"
            raise ValueError(message)


@dataclass(frozen=True, slots=True)
class Memory:
    """What earlier runs leave behind for politeness, all on the policy clock.

    `asked`: per budget (a provider's name or an MX address) the moments of RCPTs and whether they
    were refused. `proven`: when a sentinel was last refused, per MX address and domain.
    `blocked`: until when an MX address or a provider is left alone, and why. `connected`: the last
    connect. `signs`: when providers refused our address or identity, since `cleared_at`, when a
    person last said that they take us again. `cut_off`: per MX address when the last session began
    that no journal sees ended: its server may take it for open still.
    """

    asked: Mapping[str, tuple[tuple[float, bool], ...]] = field(default_factory=dict)
    proven: Mapping[tuple[str, str], float] = field(default_factory=dict)
    blocked: Mapping[str, tuple[float, Ruling]] = field(default_factory=dict)
    connected: Mapping[str, float] = field(default_factory=dict)
    signs: tuple[tuple[float, str], ...] = ()
    cut_off: Mapping[str, float] = field(default_factory=dict)
    cleared_at: float = float("-inf")
