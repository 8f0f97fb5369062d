"""The canonical form of an address: a key for matching, never an address to send to."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import polars as pl

from checks.contacts.model import AliasRule


def address_keys(addresses: pl.Series, rules: Sequence[AliasRule]) -> pl.Series:
    """Return one key per mailbox as its provider sees it; null stays null.

    Only providers named by the rules are folded: anywhere else dots and tags may be part of a
    mailbox name, and only case is dropped.

    >>> gmail = AliasRule(("gmail.com", "googlemail.com"), "gmail.com", ".", "+")
    >>> addresses = pl.Series(["Ana.Lima+nf@googlemail.com", "ana.lima@uol.com.br"])
    >>> address_keys(addresses, [gmail]).to_list()
    ['analima@gmail.com', 'ana.lima@uol.com.br']
    """
    whole, local, domain = pl.col("whole"), pl.col("local"), pl.col("domain")
    named = {domain: rule.canonical or domain for rule in rules for domain in rule.domains}
    key = pl.concat_str("local", pl.lit("@"), domain.replace(named))
    return (
        addresses.to_frame("whole")
        .lazy()
        .select(whole.str.to_lowercase())
        .with_columns(
            local=whole.str.replace(r"@[^@]*$", ""), domain=whole.str.extract(r"@([^@]*)$")
        )
        .with_columns(_folded_local(local, domain, rules))
        .select(pl.when(domain.is_in(list(named))).then(key).otherwise(whole))
        .collect()
        .to_series()
    )


def _folded_local(local: pl.Expr, domain: pl.Expr, rules: Sequence[AliasRule]) -> pl.Expr:
    """Return the part before the @ without what the provider of its domain does not look at."""
    folded = local
    for (tag, ignored), alike in groupby(sorted(rules, key=_folding), _folding):
        domains = [domain for rule in alike for domain in rule.domains]
        without = _without(local, tag, ignored)
        folded = pl.when(domain.is_in(domains) & (without != "")).then(without).otherwise(folded)
    return folded


def _folding(rule: AliasRule) -> tuple[str, str]:
    return rule.tag, rule.ignored


def _without(local: pl.Expr, tag: str, ignored: str) -> pl.Expr:
    """Return what is left of a mailbox name; nothing for "+tag", which is no alias of anyone."""
    left = local
    if tag:
        left = left.str.split(tag).list.first()
    for character in ignored:
        left = left.str.replace_all(character, "", literal=True)
    return left
