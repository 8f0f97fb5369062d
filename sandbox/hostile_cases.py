"""The cases of hostile.toml: which server does what, where it stands, what may be concluded."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from typing import Any, Final

from sandbox.market import read_table
from sandbox.zone import Records

_NETWORK: Final = 110

Move = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Case:
    """One hostile server: its name, what it does, what a caller may conclude, its moves.

    `listens`: somebody is there at all; `accepts`: connects are answered. `halves`: every reply
    comes in two segments; `held`: that share of them comes three seconds late. `mx` names lead to
    `hosts` addresses, or to `elsewhere`; so many `domains` do.
    """

    name: str
    title: str
    expect: str
    stages: dict[str, list[Move]]
    listens: bool = True
    accepts: bool = True
    halves: bool = False
    held: float = 0.0
    mx: int = 1
    hosts: int = 1
    domains: int = 1
    elsewhere: tuple[str, ...] = ()

    @property
    def domain(self) -> str:
        """The domain whose mail this server takes."""
        return f"{self.name.lower()}.hostile.example"

    @property
    def all_domains(self) -> tuple[str, ...]:
        """Every domain whose mail this server takes."""
        return (self.domain, *(f"{place}.{self.domain}" for place in range(1, self.domains)))

    @property
    def address(self) -> str:
        """Where it listens."""
        return self.addresses[0]

    @property
    def addresses(self) -> tuple[str, ...]:
        """Every address that its MX lead to."""
        places = range(1, self.hosts + 1)
        own = tuple(f"127.{_NETWORK}.{int(self.name[1:])}.{place}" for place in places)
        return self.elsewhere or own

    @property
    def mx_names(self) -> tuple[str, ...]:
        """The names of its MX."""
        return tuple(f"mx{place or ''}.{self.domain}" for place in range(self.mx))


@cache
def load_cases() -> dict[str, Case]:
    """Return every case by name.

    >>> load_cases()["S16"].domain, load_cases()["S16"].address
    ('s16.hostile.example', '127.110.16.1')
    """
    about = {field.name for field in fields(Case)}
    cases: dict[str, Case] = {}
    for name, table in read_table("hostile.toml").items():
        plain = {key: value for key, value in table.items() if key in about}
        plain["elsewhere"] = tuple(plain.get("elsewhere", ()))
        stages = {stage: moves for stage, moves in table.items() if stage not in about}
        cases[name] = Case(name=name, stages=stages, **plain)
    return cases


def hostile_records() -> dict[str, Records]:
    """Return the DNS records that lead to the hostile servers."""
    records: dict[str, Records] = {}
    for case in load_cases().values():
        mx = [f"10 {name}." for name in case.mx_names]
        records |= {domain: {"MX": mx} for domain in case.all_domains}
        records |= {name: {"A": list(case.addresses)} for name in case.mx_names}
    return records
