"""The least time that the policy lets a load take: a calculator of its own, by the table.

Written from the table "Whom to ask, and how often" and from nothing else: it shares no code with
the planner that it is held against. Every bound is one that no caller can beat who keeps the
table, asks in the given order, domain by domain, and does not know the answers beforehand: it
waits for nothing else and fills every session to its end, with recipients of the next domain too.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

SPACING: Final = 1.0  # seconds between connects to one address
CONNECTIONS: Final = 200  # at once, all together
AROUND: Final = 4  # replies of a session beside those to recipients: banner, EHLO, MAIL, QUIT
HOUR: Final = 3_600.0


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table; `per_provider` None: only addresses bound it."""

    recipients: int
    refusals: int
    per_address: int
    per_provider: int | None
    refusals_an_hour: int
    refusals_a_day: int
    sentinel_first: bool
    sentinel_last: bool


CONSUMER: Final = Row(20, 3, 2, 4, 120, 1_000, sentinel_first=False, sentinel_last=False)
BUSINESS: Final = Row(10, 2, 2, 4, 120, 1_000, sentinel_first=True, sentinel_last=False)
ELSE: Final = Row(5, 2, 1, None, 10, 100, sentinel_first=True, sentinel_last=True)


@dataclass(frozen=True, slots=True)
class Domain:
    """What there is to ask of one domain.

    `exists`: for each recipient in the order of asking whether it is accepted. `address` is the
    MX address that it is asked at, `owner` the provider whom limits belong to. `put_off`: seconds
    after which a recipient that was put off at first is answered; 0 where nobody is put off, nor
    anybody after `trusted_after` recipients. `per_refusal`: seconds that a refusal takes longer.
    """

    owner: str
    row: Row
    address: str
    exists: tuple[bool, ...]
    put_off: float = 0.0
    trusted_after: int = 1 << 30
    per_refusal: float = 0.0

    def asks(self) -> tuple[bool, ...]:
        """Return every RCPT in order, random recipients too: whether it is accepted.

        A random one is refused. It is asked after the first acceptance unless somebody was refused
        before, and after the last unless somebody is refused behind it.
        """
        asked = list(self.exists)
        if self.closes and asked != [True]:
            asked.append(False)
        if self.row.sentinel_first and asked[:1] == [True]:
            asked.insert(1, False)
        return tuple(asked)

    @property
    def closes(self) -> bool:
        """Whether the last acceptance waits for a random recipient."""
        return self.row.sentinel_last and self.exists[-1:] == (True,)

    def waits(self) -> float:
        """Return how long greylisting holds the domain up: a random recipient is put off too."""
        second = self.closes and len(self.exists) < self.trusted_after
        return self.put_off * (1 + second)


@dataclass(frozen=True, slots=True)
class Bound:
    """A least time in seconds, and what sets it."""

    seconds: float
    why: str


def least_time(domains: Iterable[Domain], reply: float) -> Bound:
    """Return the least seconds from the first connect to the last reply, by whichever is longest.

    `reply` is how long a server takes for each reply, seconds.
    """
    known = list(domains)
    bounds = [_everybody(known, reply)]
    for address, at in sorted(_by(known, lambda domain: domain.address).items()):
        bounds += _address(at, reply, address)
    for owner, of in sorted(_by(known, lambda domain: domain.owner).items()):
        bounds += _provider(of, reply, owner)
    return max(bounds, key=lambda bound: bound.seconds)


def _by(domains: Iterable[Domain], key: Callable[[Domain], str]) -> dict[str, list[Domain]]:
    groups: dict[str, list[Domain]] = defaultdict(list)
    for domain in domains:
        groups[key(domain)].append(domain)
    return groups


def _refused(domains: Iterable[Domain]) -> int:
    return sum(domain.asks().count(False) for domain in domains)


def _sessions(domains: Sequence[Domain]) -> int:
    """Return how many sessions the domains take one after the other, each filled to its end."""
    row, sessions, recipients, refusals = domains[0].row, 0, 0, 0
    for accepted in chain.from_iterable(domain.asks() for domain in domains):
        if not sessions or recipients == row.recipients or refusals == row.refusals:
            sessions, recipients, refusals = sessions + 1, 0, 0
        recipients, refusals = recipients + 1, refusals + (not accepted)
    return sessions


@dataclass(frozen=True, slots=True)
class Work:
    """What one address is to do: sessions until all were asked once, and those of second asks."""

    first: int
    again: int
    seconds: float

    @classmethod
    def of(cls, at: Sequence[Domain], reply: float) -> Work:
        """Count; put off, a recipient refuses nothing, and only numbers count at first."""
        late = [domain for domain in at if domain.put_off]
        first = _sessions(at)
        if late:
            first = math.ceil(sum(len(domain.exists) for domain in at) / at[0].row.recipients)
        again = _sessions(late) if late else 0
        asked = sum(len(domain.asks()) for domain in at) + sum(len(d.exists) for d in late)
        slow = sum(domain.per_refusal * domain.asks().count(False) for domain in at)
        return cls(first, again, (asked + AROUND * (first + again)) * reply + slow)


def _address(at: Sequence[Domain], reply: float, address: str) -> list[Bound]:
    row, work = at[0].row, Work.of(at, reply)
    shortest = (AROUND + 1) * reply
    waits = max(domain.waits() for domain in at)
    apart = (work.first + work.again - 1) * SPACING + shortest
    again = waits + (work.first - 1) * SPACING * (len(at) == 1) + shortest
    return [
        Bound(apart, f"spacing at {address}"),
        Bound(work.seconds / row.per_address, f"connections at {address}"),
        Bound(again if waits else 0.0, f"greylisting at {address}"),
        *_windows(at, reply, address if row.per_provider is None else ""),
    ]


def _provider(of: Sequence[Domain], reply: float, owner: str) -> list[Bound]:
    row = of[0].row
    if row.per_provider is None:
        return []
    works = [Work.of(at, reply) for at in _by(of, lambda domain: domain.address).values()]
    talking = sum(work.seconds for work in works)
    return [
        Bound(talking / row.per_provider, f"connections at {owner}"),
        *_windows(of, reply, owner),
    ]


def _windows(of: Sequence[Domain], reply: float, owner: str) -> list[Bound]:
    """Return the bounds of sliding hours and days.

    Who has used up an hour's refusals asks nobody, for any answer may be one more: all refusals
    but one that comes last of all stand before the last recipient.
    """
    row = of[0].row
    before = _refused(of) - any(domain.asks()[-1:] == (False,) for domain in of)
    if not owner or before < 1:
        return []
    shortest = (AROUND + 1) * reply
    hours = before // row.refusals_an_hour * HOUR
    days = before // row.refusals_a_day * 24 * HOUR
    return [
        Bound(hours + shortest, f"refusals an hour at {owner}"),
        Bound(days + shortest, f"refusals a day at {owner}"),
    ]


def _everybody(domains: Sequence[Domain], reply: float) -> Bound:
    works = [Work.of(at, reply) for at in _by(domains, lambda domain: domain.address).values()]
    return Bound(sum(work.seconds for work in works) / CONNECTIONS, "connections in all")
