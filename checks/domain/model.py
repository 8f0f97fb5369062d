"""The words of the domain check: questions, answers, judgements and settings, all frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from ipaddress import ip_address
from typing import Final, NamedTuple, TypeAlias

from checks.errors import SettingError
from checks.model import VERDICT_OF, Reason, Verdict

LEAST_TTL: Final = 60
"""Seconds: what a shorter time to live counts as (RFC 2181, section 8 allows 0)."""

MOST_TTL: Final = 24 * 60 * 60
"""Seconds: what a longer one counts as; a domain is asked about at least once a day."""


class RecordType(StrEnum):
    """What is asked of DNS; nothing else ever is."""

    MX = "MX"
    A = "A"
    AAAA = "AAAA"

    # questions are looked up by it again and again, and that of Enum is written in Python
    __hash__ = str.__hash__


class Question(NamedTuple):
    """One thing to ask; `turn` 2 asks again what `turn` 1 answered, never from its answer.

    A tuple, for it is the key that every answer is kept and shared by.
    """

    name: str
    record_type: RecordType
    turn: int = 1


class MailHost(NamedTuple):
    """One MX record: preference and host name, lower case, without the closing dot.

    Their order is that of preference, equals by name.
    """

    preference: int
    name: str


@dataclass(frozen=True, slots=True)
class Records:
    """There are records; `hosts` for MX, `addresses` for A and AAAA. `ttl` in seconds."""

    ttl: int
    hosts: tuple[MailHost, ...] = ()
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NoData:
    """The name exists without records of this type (RFC 2308, section 2.2)."""

    ttl: int


@dataclass(frozen=True, slots=True)
class NxDomain:
    """The name does not exist (RFC 2308, section 2.1; RFC 8020)."""

    ttl: int


@dataclass(frozen=True, slots=True)
class Alias:
    """The name is an alias and the server left the rest of the way to us."""

    ttl: int
    target: str


class Failure(StrEnum):
    """Ways of not getting an answer; none of them says anything about the domain."""

    TIMEOUT = "timeout"
    SERVFAIL = "servfail"
    REFUSED = "refused"
    BROKEN = "broken"  # malformed, oversized, looping
    BUDGET = "budget"  # the domain has used up its queries
    CONTRADICTION = "contradiction"  # two turns, two different answers


@dataclass(frozen=True, slots=True)
class Failed:
    """There is no answer."""

    failure: Failure


Answer: TypeAlias = Records | NoData | NxDomain | Alias | Failed


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the answers say of one domain.

    `reason` None: it takes mail, at `addresses` (guarded, in order of preference). `ttl` seconds,
    as published; `details` becomes the evidence; `complete`: every host that was asked answered.
    """

    reason: Reason | None
    ttl: int
    hosts: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    details: Mapping[str, object] = field(default_factory=dict)
    complete: bool = True

    @property
    def condemns(self) -> bool:
        """Whether nobody at this domain can be reached by mail."""
        return self.reason is not None and VERDICT_OF[self.reason] is Verdict.UNDELIVERABLE


@lru_cache
def _is_loopback(address: str) -> bool:
    return ip_address(address).is_loopback


class Nameserver(NamedTuple):
    """Where to ask: an address literal and a port.

    >>> str(Nameserver.parse("127.0.0.1:5353")), str(Nameserver.parse("[::1]:53"))
    ('127.0.0.1:5353', '[::1]:53')
    >>> Nameserver.parse("127.0.0.1")
    Nameserver(address='127.0.0.1', port=53)
    """

    address: str
    port: int = 53

    @property
    def is_loopback(self) -> bool:
        """Whether it is on this machine, where nobody else can send us datagrams in its name.

        >>> Nameserver("127.0.0.53").is_loopback, Nameserver("9.9.9.9").is_loopback
        (True, False)
        """
        return _is_loopback(self.address)

    @classmethod
    def parse(cls, text: str) -> Nameserver:
        """Read `address`, `address:port` or `[address]:port`."""
        host, bracket, rest = text.partition("]")
        if bracket:
            return cls(host.removeprefix("["), int(rest.removeprefix(":") or "53"))
        if text.count(":") == 1:
            host, _, port = text.partition(":")
            return cls(host, int(port))
        return cls(text)

    def __str__(self) -> str:
        """Return the form that `parse` reads."""
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{host}:{self.port}"


class Sockets(StrEnum):
    """Which UDP sockets ask a nameserver: docs/decisions/0203."""

    AUTO = "auto"  # kept ones for a nameserver on loopback, fresh ones for any other
    KEPT = "kept"  # a few that live as long as the run
    FRESH = "fresh"  # one with a new random port for every query


@dataclass(frozen=True, slots=True)
class ResolverSettings:
    """Whom to ask and how patiently; times in seconds.

    `positive_controls` are domains that take mail for certain; `negative_suffixes` are zones
    under which a long random name cannot exist. Both are asked before any domain is judged.
    """

    nameservers: tuple[Nameserver, ...]
    positive_controls: tuple[str, ...] = ("gmail.com", "outlook.com")
    negative_suffixes: tuple[str, ...] = ("com", "com.br", "com.mx")
    concurrency: int = 100
    waits: tuple[float, ...] = (1.5, 2.5, 4.0)  # of the 1st, 2nd, 3rd attempt at one question
    control_waits: tuple[float, ...] = (1.0, 3.0)
    domain_seconds: float = 10.0
    domain_queries: int = 12
    batch: int = 2000  # domains between two looks at the controls
    silence: int = 50  # unanswered queries on end before the resolver itself is doubted
    sockets: Sockets = Sockets.AUTO

    def __post_init__(self) -> None:
        """Refuse settings under which nobody could be judged."""
        if not self.nameservers:
            problem, remedy = "no nameserver is set", "write one under [dns] nameservers"
            raise SettingError(problem, remedy)
        if not self.positive_controls or not self.negative_suffixes:
            problem = "the resolver has no controls"
            raise SettingError(problem, "write domains under [dns] positive_controls")
