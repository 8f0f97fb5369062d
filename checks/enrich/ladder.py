"""Rungs of the ladder: addresses that a debtor's own creditor already holds, and repairs.

Every rung only proposes. A proposal is checked like any other address, and what it may carry is
decided by ownership: its `origin` tells from which rung it comes. No rung looks at another
creditor's records (LGPD art. 39: an operator keeps its controllers apart).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from checks.frames import FOUND_CONTACTS, shaped

CLUSTER: Final = "cluster"
BRANCH: Final = "branch"
REPAIR: Final = "repair"

_DEBTOR: Final = ("creditor_id", "debtor_id")
_CNPJ: Final = r"^[0-9A-Z]{12}[0-9]{2}$"
_CNPJ_ROOT: Final = 8
_LENT: Final = 20


def propose_contacts(
    debtors: pl.DataFrame,
    contacts: pl.DataFrame,
    syntax: pl.DataFrame,
    clusters: pl.DataFrame,
    most: int = 3,
) -> pl.DataFrame:
    """Return further FOUND_CONTACTS for debtors, at most `most` a debtor and rung.

    Takes DEBTORS, FOUND_CONTACTS (what files held), SYNTAX of their addresses and CLUSTERS.

    1. `cluster`: addresses of other records of the same debtor.
    2. `branch`: for a company without any address, those of other establishments with its CNPJ
       root, and of no other root.
    3. `repair`: what the syntax check suggests for a misspelt address; a person looks at it
       before anything is sent, and the original stays.

    A debtor never gets an address it has already, however written; an address that needs repair
    itself is not passed on. The order of rows plays no part.
    """
    held = _held(contacts, syntax)
    sound = held.filter(pl.col("domain").is_not_null() & pl.col("suggestion").is_null())
    members = clusters.select(*_DEBTOR, key="cluster_id")
    shared = _best(_from_kin(members, sound), held, CLUSTER, most)
    served = pl.concat([sound.select(_DEBTOR), shared.select(_DEBTOR)])
    roots = _company_roots(debtors)
    lacking = roots.join(served, on=_DEBTOR, how="anti")
    branches = _best(_from_kin(lacking, sound, roots), held, BRANCH, most)
    repairs = _best(_repaired(held), held, REPAIR, most)
    return pl.concat([shared, branches, repairs]).sort(*_DEBTOR, "origin", "email_raw")


def _held(contacts: pl.DataFrame, syntax: pl.DataFrame) -> pl.DataFrame:
    spelt = syntax.select("email_raw", "address", "domain", "suggestion")
    return contacts.join(spelt, on="email_raw", how="left").with_columns(
        pl.coalesce("address", "email_raw").alias("address"),
    )


def _company_roots(debtors: pl.DataFrame) -> pl.DataFrame:
    companies = debtors.filter(
        (pl.col("kind") == "pj") & pl.col("tax_id").str.contains(_CNPJ).fill_null(value=False),
    )
    return companies.select(*_DEBTOR, key=pl.col("tax_id").str.head(_CNPJ_ROOT))


def _from_kin(
    takers: pl.DataFrame,
    held: pl.DataFrame,
    givers: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Return the best addresses of a `key`, as contacts of all who have the key.

    A debtor under a thousand records would make a million pairs: each key lends a few only.
    """
    givers = takers if givers is None else givers
    lent = _ranked(held.join(givers, on=_DEBTOR), ("creditor_id", "key")).drop("debtor_id")
    few = lent.filter(pl.int_range(pl.len()).over("creditor_id", "key") < _LENT)
    return takers.join(few, on=["creditor_id", "key"]).drop("key")


def _repaired(held: pl.DataFrame) -> pl.DataFrame:
    """Return suggestions as contacts: never confirmed, since nobody has answered from there."""
    return held.drop_nulls("suggestion").with_columns(
        email_raw="suggestion",
        address="suggestion",
        confirmed_at=pl.lit(None, dtype=FOUND_CONTACTS["confirmed_at"]),
    )


def _best(proposed: pl.DataFrame, held: pl.DataFrame, origin: str, most: int) -> pl.DataFrame:
    """Return the best of what is new to each debtor."""
    new = _ranked(proposed.join(held, on=[*_DEBTOR, "address"], how="anti"), _DEBTOR)
    kept = new.filter(pl.int_range(pl.len()).over(_DEBTOR) < most)
    return shaped(kept.with_columns(origin=pl.lit(origin)), FOUND_CONTACTS)


def _ranked(proposed: pl.DataFrame, owner: Sequence[str]) -> pl.DataFrame:
    """Return one row per owner and address: confirmed first, then newest, then by spelling."""
    ranked = proposed.sort(
        *owner,
        "confirmed_at",
        "source_date",
        "email_raw",
        "source",
        "legal_basis",
        descending=[*[False] * len(owner), True, True, False, False, False],
        nulls_last=True,
    )
    return ranked.unique([*owner, "address"], keep="first", maintain_order=True)
