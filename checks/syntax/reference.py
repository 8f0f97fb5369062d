"""The lists that syntax is judged by, as one frozen value; loaded in `data/reference`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache

import polars as pl


@dataclass(frozen=True, slots=True, eq=False)
class SyntaxReference:
    """Lists and tables for `check_syntax`; all text is lower-case ASCII.

    Words of a name are separated by single spaces and match with or without `.`, `_`, `-` between
    them: `contas a pagar` stands for `contasapagar@` and `contas-a.pagar@`.
    """

    role_names: frozenset[str]
    """Mailboxes of an office, not of a person (RFC 2142 and Portuguese, Spanish, English use)."""

    finance_roles: frozenset[str]
    """The role names that pay or receive invoices; a subset of `role_names`."""

    free_domains: frozenset[str]
    """Domains where anybody can open a mailbox."""

    disposable_domains: frozenset[str]
    """Domains of throw-away mailboxes; wins over `free_domains`."""

    special_use_domains: frozenset[str]
    """Names reserved by IANA or ICANN that no public mail reaches, with all below them."""

    top_level_domains: frozenset[str]
    """Top-level domains that exist, as A-labels."""

    popular_domains: tuple[str, ...]
    """The freemail domains of Brazil and Mexico, most used first: what a typo may have meant."""

    real_domains: frozenset[str]
    """Domains that look like a misspelt popular one and are somebody else's."""

    domain_typos: Mapping[str, str]
    """Known misspelt domains and what was meant."""

    ending_typos: Mapping[str, str]
    """Endings that no domain has and what was meant, without the leading dot: `com.b`, `com.br`."""

    likely_domains: Mapping[str, str]
    """Domains that exist and are often written for another: worth a proposal, not a verdict."""

    placeholder_cells: frozenset[str]
    """Whole cells that say there is no address, too short to say it as a local part."""

    placeholder_names: frozenset[str]
    """Whole cells or local parts that say it."""

    placeholder_addresses: frozenset[str]
    """The same as local part and first domain label: `nao@tem`."""

    placeholder_domains: frozenset[str]
    """First domain labels that say it: `naoinformado.com.br`."""

    allow_special_use: bool = False
    """Let special-use names pass: only for sandboxes and labs, where they are the network."""


@dataclass(frozen=True, slots=True)
class SetColumns:
    """Sets of a reference as list columns of one row, the form that `is_in` looks up fastest."""

    free: pl.Series
    disposable: pl.Series
    typos: pl.Series
    never_corrected: pl.Series


@lru_cache(maxsize=4)
def set_columns(reference: SyntaxReference) -> SetColumns:
    """Return the columns of a reference; made once for each."""
    free, disposable = reference.free_domains, reference.disposable_domains
    return SetColumns(
        free=_column(free),
        disposable=_column(disposable),
        typos=_column(reference.domain_typos),
        never_corrected=_column(free, disposable, reference.real_domains),
    )


def _column(*names: Collection[str]) -> pl.Series:
    return pl.Series([sorted(frozenset().union(*names))], dtype=pl.List(pl.String()))
