"""The canonical form of an address: a key for matching, never an address to send to."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from checks.contacts.model import AliasRule


def address_key(address: pl.Expr, rules: Sequence[AliasRule]) -> pl.Expr:
    """Return one key per mailbox as its provider sees it; null stays null.

    Only providers named by the rules are folded: anywhere else dots and tags may be part of a
    mailbox name, and only case is dropped.

    >>> gmail = AliasRule(("gmail.com", "googlemail.com"), "gmail.com", ".", "+")
    >>> frame = pl.DataFrame({"address": ["Ana.Lima+nf@googlemail.com", "ana.lima@uol.com.br"]})
    >>> frame.select(address_key(pl.col("address"), [gmail]))["address"].to_list()
    ['analima@gmail.com', 'ana.lima@uol.com.br']
    """
    whole = address.str.to_lowercase()
    local = whole.str.replace(r"@[^@]*$", "")
    domain = whole.str.extract(r"@([^@]*)$")
    key = whole
    for rule in rules:
        stands_for = pl.lit(rule.canonical) if rule.canonical else domain
        key = (
            pl.when(domain.is_in(rule.domains))
            .then(pl.concat_str(_folded_local(local, rule), pl.lit("@"), stands_for))
            .otherwise(key)
        )
    return key


def _folded_local(local: pl.Expr, rule: AliasRule) -> pl.Expr:
    folded = local
    if rule.tag:
        folded = folded.str.split(rule.tag).list.first()
    for character in rule.ignored:
        folded = folded.str.replace_all(character, "", literal=True)
    # nothing left, as in "+tag@gmail.com": such a name is no alias of anyone
    return pl.when(folded == "").then(local).otherwise(folded)
