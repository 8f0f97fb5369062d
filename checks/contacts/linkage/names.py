"""Names of people and companies taken apart, once per distinct name."""

from __future__ import annotations

from typing import Final

import polars as pl

from checks.contacts.legal_forms import legal_forms_at_end
from checks.contacts.model import NameWords

NAME_PARTS: Final = pl.Schema(
    {
        "key": pl.String(),  # the words that tell, in order; the whole name where none does
        "generation": pl.String(),  # meaning of a suffix such as Filho; null: none
        "is_company": pl.Boolean(),  # it ends with a legal form, or begins with a register's number
        "is_person": pl.Boolean(),  # a known given name first, a known surname last
    },
)
"""What `name_parts` says of each name."""

_REGISTERED: Final = r"^(?:[0-9]{2} [0-9]{3} [0-9]{3}|[0-9]{8}) "
"""The CNPJ root before the name of a one-person company (MEI)."""


def name_parts(names: pl.Series, words: NameWords) -> pl.DataFrame:
    """Return NAME_PARTS, one row per folded name, in order; nothing of one that is null.

    >>> words = NameWords(("de",), (("filho", "filho"),), ("ltda",))
    >>> name_parts(pl.Series(["jose de lima filho", "casa lima l t d a"]), words).rows()
    [('jose lima', 'filho', False, False), ('casa lima', None, True, False)]
    """
    whole = pl.col("name")
    stripped = whole.str.replace(_REGISTERED, "").str.replace(legal_forms_at_end(words), "")
    tokens = stripped.str.split(" ").list.eval(
        pl.element().filter(~pl.element().is_in(words.particles))
    )
    several = pl.col("tokens").list.len() > 1
    last = pl.col("tokens").list.last()
    meaning = last.replace_strict(dict(words.generations), default=None, return_dtype=pl.String)
    return (
        names.to_frame("name")
        .lazy()
        .with_columns(tokens=tokens, is_company=stripped != whole)
        .with_columns(generation=pl.when(several & ~pl.col("is_company")).then(meaning))
        .with_columns(
            core=pl.when(pl.col("generation").is_null())
            .then("tokens")
            .otherwise(pl.col("tokens").list.head(pl.col("tokens").list.len() - 1))
            .list.join(" "),
        )
        .select(
            key=pl.when(pl.col("core") != "").then("core").otherwise("name"),
            generation="generation",
            is_company="is_company",
            is_person=~pl.col("is_company")
            & pl.col("core").str.split(" ").list.first().is_in(list(words.given_names))
            & pl.col("core").str.split(" ").list.last().is_in(list(words.surnames))
            & pl.col("core").str.contains(" "),
        )
        .cast(NAME_PARTS)
        .collect()
    )
