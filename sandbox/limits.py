"""What a polite caller may do, by class of host: what the audit holds callers to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final


@dataclass(frozen=True, slots=True)
class Limits:
    """What a caller of one class of hosts may do; budgets belong to a host's owner.

    The owner is the provider, or for spread hosts the single server.
    """

    may_be_asked: bool = True
    session_recipients: int = 5
    session_refusals: int = 2
    ip_connections: int = 1
    host_connections: int = 4
    network_connections: int = 4
    all_connections: int = 200
    hour_refusals: int = 10
    day_refusals: int = 100
    unknown_share: float = 0.20
    unknown_least: int = 50  # recipients before a share is judged
    spacing: float = 1.0
    cut_off: float = 180.0  # seconds from its beginning that a session left without QUIT is open


_HONEST: Final = Limits(
    session_recipients=20,
    session_refusals=3,
    ip_connections=2,
    hour_refusals=120,
    day_refusals=1_000,
    unknown_share=0.10,
)

LIMITS: Final[Mapping[str, Limits]] = {
    "honest": _HONEST,
    "wary": replace(_HONEST, unknown_share=0.05),
    "forbidden": Limits(may_be_asked=False),
    "business": Limits(
        session_recipients=10,
        ip_connections=2,
        hour_refusals=120,
        day_refusals=1_000,
        unknown_least=100,
    ),
    "other": Limits(),
}
"""The default policy by class of personality; the pipeline's own table must not be looser."""
