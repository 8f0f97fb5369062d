"""What portfolios of a market look like: the tables of markets.toml and names.toml, read once."""

from __future__ import annotations

import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final, Literal

Kind = Literal["b2c_br", "b2b_br", "b2c_mx", "b2b_mx"]
Country = Literal["BR", "MX"]

KINDS: Final[tuple[Kind, ...]] = ("b2c_br", "b2b_br", "b2c_mx", "b2b_mx")

Table = dict[str, Any]


def fold(text: str) -> str:
    """Lower case without accents or blanks, as people write names into addresses.

    >>> fold("Antônio")
    'antonio'
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return "".join(letter for letter in plain.lower() if letter.isalnum())


@cache
def read_table(name: str) -> Table:
    """Return one of the sandbox's TOML files as a dictionary; read once a process."""
    return tomllib.loads(resources.files("sandbox").joinpath(name).read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True)
class Market:
    """One kind of portfolio: whose debts, where, and the shares that hold there."""

    kind: Kind
    country: Country
    companies: bool  # debtors are companies, not persons
    second_address: float
    second_invoice: float
    confirmed: float
    providers: dict[str, float]
    hosts: dict[str, float]  # of own domains
    domains: dict[str, dict[str, float]]  # consumer class -> domain -> weight
    entry_errors: dict[str, float]
    placeholders: list[str]
    names: Table

    def common(self, table: str) -> Table:
        """Return a table of markets.toml that holds for every market."""
        found: Table = read_table("markets.toml")[table]
        return found


def load_market(kind: Kind) -> Market:
    """Return the market of that kind.

    >>> load_market("b2b_mx").country
    'MX'
    """
    tables = read_table("markets.toml")
    own = tables[kind]
    country: Country = own["country"]
    companies = own["debtor"] == "company"
    not_here = {"shared_family", "employer_address"} if companies else {"accountant"}
    return Market(
        kind=kind,
        country=country,
        companies=companies,
        second_address=own["second_address"],
        second_invoice=own["second_invoice"],
        confirmed=own["confirmed"],
        providers=own["providers"],
        hosts=tables["hosts"][country],
        domains=tables["domains"][country],
        entry_errors={k: v for k, v in tables["entry_errors"].items() if k not in not_here},
        placeholders=tables["placeholders"][country],
        names=read_table("names.toml")[country],
    )
