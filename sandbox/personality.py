"""Personalities of mail hosts: the tables of personalities.toml as frozen values."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, Literal

from sandbox.market import Table, read_table

LAB_NETWORK: Final = "127.64.0.0/10"
"""Every server of the sandbox listens inside it; 127.0.0.1 is outside on purpose."""

_POOL: Final = 250  # servers of a spread personality


@dataclass(frozen=True, slots=True)
class Greylist:
    """First asks are put off until `minutes` have passed, within `hours` of the first."""

    share: float  # of domains or addresses
    minutes: float
    hours: float
    per: Literal["domain", "address"]  # what the share is of
    reply: str
    after: int = 0  # a client network that passed so often is put off no more; 0: never


@dataclass(frozen=True, slots=True)
class Throttle:
    """More recipients a minute from one client than this are put off."""

    per_minute: int
    reply: str


@dataclass(frozen=True, slots=True)
class UnknownBlock:
    """A client whose share of unknown recipients passes `ratio` is shut out at the banner."""

    ratio: float
    least: int  # recipients before anyone is judged
    hours: float
    reply: str


@dataclass(frozen=True, slots=True)
class SessionErrors:
    """Postfix: every error after `soft` costs `sleep` seconds, the `hard`th ends the session."""

    soft: int
    sleep: float
    hard: int
    reply: str


@dataclass(frozen=True, slots=True)
class Drop:
    """The session ends after so many refusals; an empty reply means without a word."""

    refusals: int
    reply: str


@dataclass(frozen=True, slots=True)
class Harvest:
    """After so many refusals of a client within `minutes`: block, drop, or accept silently."""

    refusals: int
    minutes: float
    then: Literal["block", "drop", "accept"]
    reply: str


@dataclass(frozen=True, slots=True)
class Reputation:
    """After so many refusals every recipient of that client is put off for `minutes`."""

    refusals: int
    minutes: float
    reply: str


@dataclass(frozen=True, slots=True)
class Recipients:
    """At most so many recipients a session."""

    most: int
    reply: str
    closes: bool = False


@dataclass(frozen=True, slots=True)
class Connections:
    """At most so many sessions of one client at once."""

    most: int
    reply: str


@dataclass(frozen=True, slots=True)
class Unsteady:
    """A share of addresses is put off at the first ask and answered at the next."""

    share: float
    reply: str


@dataclass(frozen=True, slots=True)
class Tarpit:
    """Real seconds that replies take: all of them, those to RCPT, those that refuse."""

    per_reply: float = 0.0
    per_recipient: float = 0.0
    per_refusal: float = 0.0


_PARTS: Final[dict[str, type]] = {
    "greylist": Greylist,
    "throttle": Throttle,
    "unknown_block": UnknownBlock,
    "errors": SessionErrors,
    "drop": Drop,
    "harvest": Harvest,
    "reputation": Reputation,
    "recipients": Recipients,
    "connections": Connections,
    "unsteady": Unsteady,
    "tarpit": Tarpit,
}


@dataclass(frozen=True, slots=True)
class Personality:
    """How one kind of mail host behaves; personalities.toml explains the fields."""

    name: str
    network: int
    mx: tuple[str, ...]
    banner: str
    ehlo: tuple[str, ...]
    replies: dict[str, tuple[str, ...]]
    caller_class: Literal["honest", "wary", "forbidden", "business", "other"]
    accept: Literal["honest", "all", "none"]
    addresses: int
    spread: bool
    bare_codes: bool
    listens: bool = True
    closes_at_banner: bool = False
    banner_delay: float = 0.0
    greylist: Greylist | None = None
    throttle: Throttle | None = None
    unknown_block: UnknownBlock | None = None
    errors: SessionErrors | None = None
    drop: Drop | None = None
    harvest: Harvest | None = None
    reputation: Reputation | None = None
    recipients: Recipients | None = None
    connections: Connections | None = None
    unsteady: Unsteady | None = None
    tarpit: Tarpit = field(default_factory=Tarpit)

    def address_pool(self) -> tuple[str, ...]:
        """Return the addresses this host may use, in order."""
        if self.spread:
            return tuple(f"127.{self.network}.{place}.1" for place in range(_POOL))
        return tuple(f"127.{self.network}.0.{place + 1}" for place in range(self.addresses))


def _merged(tables: Table, name: str) -> Table:
    """Lay a personality over the one it is like, and that over the defaults."""
    own: Table = tables[name]
    base = tables["default"] if name == "default" else _merged(tables, own.get("like", "default"))
    return {**base, **own, "replies": {**base.get("replies", {}), **own.get("replies", {})}}


def _from_table(name: str, table: Table) -> Personality:
    values: dict[str, Any] = {k: v for k, v in table.items() if k not in {"like", "class"}}
    for part, kind in _PARTS.items():
        if part in values:
            values[part] = kind(**values[part])
    values["replies"] = {
        key: tuple(text.strip("\n") for text in texts) for key, texts in table["replies"].items()
    }
    values["mx"], values["ehlo"] = tuple(values["mx"]), tuple(values["ehlo"])
    return Personality(name=name, caller_class=table["class"], **values)


@cache
def load_personalities() -> dict[str, Personality]:
    """Return every personality by name.

    >>> load_personalities()["gmail"].caller_class
    'honest'
    """
    tables = read_table("personalities.toml")
    return {name: _from_table(name, _merged(tables, name)) for name in tables if name != "default"}
