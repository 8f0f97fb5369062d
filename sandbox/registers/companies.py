"""Companies of a register: of one owner, with branches, of one brand, or one person's own."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sandbox.draws import evenly, ranked, some, stream, words
from sandbox.registers.book import Book, compound, surnames, where
from sandbox.tax_ids import branch_of, cnpj, rfc_of_day

_FOUNDED: Final = (1985, 2025)
OWNED: Final = ("partner", "mei")  # whose anchor is a person
GROUPED: Final = ("branch", "sister")  # whose anchor is a company


def make_companies(book: Book, count: int, persons: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Return `count` companies.

    Columns: `relation` (franchise | branch | sister | partner | mei; null: none of them),
    `anchor` (Int64: the row of the head office or of the sister among the companies, of the
    partner or owner among the persons; else null), `core` (the name without legal form), `form`
    (null: none), `trade` (trade name; null: none), `tax_id`.
    """
    rng = stream(seed, "register companies")
    relation = words(rng, _kinds(book), count)
    relation[0] = "none"  # somebody has to be the head office of the first branch
    heads = np.flatnonzero((relation == "none").to_numpy())
    head = heads[rng.integers(0, len(heads), count)]
    owner = rng.permutation(max(persons.height, count))[:count] % max(persons.height, 1)
    anchor = pl.Series(owner).zip_with(relation.is_in(OWNED), pl.Series(head))
    frame = pl.DataFrame(
        {
            "relation": where(relation != "none", relation),
            "anchor": where(relation.is_in(OWNED) | relation.is_in(GROUPED), anchor),
            "core": _cores(book, rng, count),
            "form": ranked(rng, book.words["forms"], count),
            "trade": _trade_names(book, rng, relation),
            "tax_id": _tax_ids(book, rng, count),
        }
    )
    frame = _as_sisters(book, rng, frame, head, relation == "sister")
    if not book.is_brazil:
        return frame
    branched = _as_branches(frame, head, relation == "branch")
    return _as_own_companies(branched, persons[owner], relation == "mei")


def _kinds(book: Book) -> dict[str, float]:
    shares = book.shares["companies"]
    kinds = {kind: shares[kind] for kind in ("franchise", "branch", "sister", "partner", "mei")}
    if not book.is_brazil:
        del kinds["branch"], kinds["mei"]
        kinds["sister"] = shares["sister_mx"]
    return {**kinds, "none": 1 - sum(kinds.values())}


def _cores(book: Book, rng: np.random.Generator, count: int) -> pl.Series:
    """Return names such as "Transportes Silva" or "Solmix Padaria e Serviços"."""
    trade = ranked(rng, book.names["trades"], count)
    brand = compound(rng, book.words["brands"], count)
    one, two = surnames(book, rng, count), surnames(book, rng, count)
    tail = evenly(rng, book.words["tails"], count)
    shape = evenly(rng, ["owner", "brand", "partners", "both"], count)
    parts = pl.DataFrame({"t": trade, "b": brand, "o": one, "w": two, "e": tail, "s": shape})
    name = (
        pl.when(pl.col("s") == "owner")
        .then(pl.format("{} {}", "t", "o"))
        .when(pl.col("s") == "brand")
        .then(pl.format("{} {} {}", "b", "t", "e"))
        .when(pl.col("s") == "partners")
        .then(pl.format("{} & {} {}", "o", "w", "t"))
        .otherwise(pl.format("{} {} {}", "b", "o", "t"))
    )
    return parts.select(name.str.strip_chars().alias("core")).to_series()


def _trade_names(book: Book, rng: np.random.Generator, relation: pl.Series) -> pl.Series:
    """Give some a trade name of their own, and the units of a franchise their brand's."""
    count = len(relation)
    own = compound(rng, book.words["brands"], count) + " " + surnames(book, rng, count)
    named = where(some(rng, book.shares["companies"]["trade_name"], count), own)
    units = int((relation == "franchise").sum())
    low, high = book.shares["companies"]["units"]
    brands = max(1, round(units / ((low + high) / 2)))
    of_brand = rng.integers(0, brands, count)
    known = book.words["franchise_brands"]
    brand = [
        known[at % len(known)] + ("" if at < len(known) else f" {at // len(known)}")
        for at in range(brands)
    ]
    return (
        pl.Series(brand, dtype=pl.String).gather(of_brand).zip_with(relation == "franchise", named)
    )


def _tax_ids(book: Book, rng: np.random.Generator, count: int) -> pl.Series:
    if book.is_brazil:
        return cnpj(rng, count)
    letters = pl.Series(
        ["".join(row) for row in rng.choice(list("ABCDEFGHIJLMNPRSTV"), (count, 3))]
    )
    date = rng.integers(_FOUNDED[0], _FOUNDED[1] + 1, count) % 100 * 10_000
    date += rng.integers(1, 13, count) * 100 + rng.integers(1, 29, count)
    return rfc_of_day(rng, letters, date.astype(np.int64))


def _as_sisters(
    book: Book,
    rng: np.random.Generator,
    frame: pl.DataFrame,
    head: NDArray[np.int64],
    is_sister: pl.Series,
) -> pl.DataFrame:
    """Name sisters as groups do: the first one's name with another trade."""
    trade = ranked(rng, book.names["trades"], frame.height)
    first = frame["core"].gather(head)
    parts = pl.DataFrame(
        {"first": first.str.replace_many(book.names["trades"], ["?"]), "to": trade}
    )
    own = parts.select(pl.col("first").str.replace("?", pl.col("to"), literal=True)).to_series()
    own = own.str.replace(r" [ey] \?", "")  # a second trade word
    own = (own + " 2").zip_with(own == first, own)
    return frame.with_columns(
        own.zip_with(is_sister, frame["core"]).alias("core"),
        where(~is_sister, frame["trade"]).alias("trade"),
    )


def _as_branches(
    frame: pl.DataFrame, head: NDArray[np.int64], is_branch: pl.Series
) -> pl.DataFrame:
    """Give branches the names and the root of their head office, and a number of their own."""
    offices = frame[head]
    order = pl.DataFrame({"head": head, "b": is_branch}).select(
        pl.int_range(pl.len()).over("head", "b") + 2
    )
    taken = branch_of(offices["tax_id"], order.to_series().to_numpy())
    return frame.with_columns(
        *(offices[name].zip_with(is_branch, frame[name]) for name in ("core", "form", "trade")),
        taken.zip_with(is_branch, frame["tax_id"]).alias("tax_id"),
    )


def _as_own_companies(frame: pl.DataFrame, owners: pl.DataFrame, is_own: pl.Series) -> pl.DataFrame:
    """Name one-person companies as the register does: eight digits, then the owner's name."""
    name = pl.concat_str(
        pl.col("root").str.replace(r"(..)(...)(...)", "$1.$2.$3"),
        "given",
        "second",
        "surname1",
        "particle",
        "surname2",
        "generation",
        separator=" ",
        ignore_nulls=True,
    )
    full = owners.with_columns(frame["tax_id"].str.head(8).alias("root")).select(name.alias("core"))
    return frame.with_columns(
        full["core"].zip_with(is_own, frame["core"]).alias("core"),
        where(~is_own, frame["form"]).alias("form"),
        where(~is_own, frame["trade"]).alias("trade"),
    )
