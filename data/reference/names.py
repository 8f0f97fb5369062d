"""The words that names are folded by, from this folder."""

from __future__ import annotations

from functools import cache

from checks.identity import NameReference
from data.reference.tables import read_column


@cache
def load_name_reference() -> NameReference:
    """Return the reference for `fold_names`; files are read once."""
    return NameReference(
        legal_forms=frozenset(read_column("legal_forms.csv", "form")),
        particles=frozenset(read_column("name_particles.csv", "particle")),
    )
