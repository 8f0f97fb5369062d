"""The addresses of one cell: split where people join them, and taken out of their wrappings."""

from __future__ import annotations

import re
from typing import Final

import polars as pl

from data.intake.limits import MAX_ADDRESSES_PER_CELL
from data.intake.vocabulary import Vocabulary, fold

_PLAIN: Final = r"^[A-Za-z0-9._%+\-]+@[A-Za-z0-9.\-]*[A-Za-z0-9]$"
_STRONG: Final = re.compile(r"[;|\n\r\t]")
_WEAK: Final = re.compile(r"\s*,\s+|,(?=[^,\s]*@)|\s+/\s+|/(?=[^/\s]*@)|\s+")
_ANGLE: Final = re.compile(r"<([^<>]*@[^<>]*)>")
_MISPLACED: Final = r"[A-Za-z0-9._%+\-]+@[A-Za-z0-9.\-]+\.[A-Za-z]{2,}"
_NAMED: Final = re.compile(r"[^<>@,/]*<([^<>]*@[^<>]*)>")
_DOTTED: Final = re.compile(r"^\S+\w\.\w\S*$")
_LABEL: Final = re.compile(r"^(?:mailto|e-?mail|correo|mail)\s*:\s*", re.IGNORECASE)
_NOTE: Final = re.compile(r"\s*\([^()@]*\)\s*$")
_QUOTES: Final = "\"'`\u00b4\u2018\u2019\u201c\u201d"
_WRAPPING: Final = f" \t\r\n\v\f\xa0{_QUOTES}<>[]{{}}(),;:"


_TOLD: Final = ["source_dates", "confirmations"]


def split_cell(cell: str, vocabulary: Vocabulary) -> list[str]:
    """Return the addresses of a cell in order, each as it stood; none for "nothing known".

    A separator parts two addresses only where both sides have an `@`: a comma in
    `ana@example,com` is a mistyped point, and a blank in `ana maria@example.com` may be a
    mistyped anything. A text without `@` stays one contact, to be called undeliverable.

    >>> from data.intake.vocabulary import load_vocabulary
    >>> words = load_vocabulary()
    >>> split_cell("a@x.example; Bia <b@x.example> / mailto:c@x.example", words)
    ['a@x.example', 'b@x.example', 'c@x.example']
    >>> split_cell("não tem", words), split_cell("ana.example.com", words)
    ([], ['ana.example.com'])
    """
    if "@" not in cell and (not fold(cell) or fold(cell) in vocabulary.no_address):
        return []
    if cell.count("@") == 1 and not _STRONG.search(cell):
        pieces = [cell]
    else:
        pieces = [
            piece
            for part in _STRONG.split(cell)
            for piece in _split_weak(part, vocabulary.conjunctions)
        ]
    return list(dict.fromkeys(filter(None, map(unwrap, _with_at(pieces)))))


def _split_weak(part: str, conjunctions: frozenset[str]) -> list[str]:
    if part.count("@") <= 1:
        return [part]
    bare = _NAMED.sub(r" \1 ", part)
    tokens = [token for token in _WEAK.split(bare) if token.casefold() not in conjunctions]
    tokens = [token for token in tokens if token.strip(_WRAPPING)]
    return tokens if all("@" in token for token in tokens) else [part]


def _with_at(pieces: list[str]) -> list[str]:
    """Drop words between addresses, but nothing that may be an address without its `@`."""
    return [piece for piece in pieces if "@" in piece or _DOTTED.match(piece.strip())] or pieces


def unwrap(piece: str) -> str:
    """Return an address without the name, label, note, quotes or punctuation around it.

    >>> unwrap("Ana Lima <ana@x.example>"), unwrap("E-mail: ana@x.example (casa)")
    ('ana@x.example', 'ana@x.example')
    >>> unwrap("mailto:ana@x.example?subject=oi"), unwrap("'ana@x.example'.")
    ('ana@x.example', 'ana@x.example')
    """
    angled = _ANGLE.search(piece)
    text = (angled.group(1) if angled else piece).strip(_WRAPPING)
    unlabelled = _LABEL.sub("", text)
    if unlabelled != text:
        unlabelled = unlabelled.split("?", 1)[0]
    if "@" not in unlabelled:
        return unlabelled
    return _NOTE.sub("", unlabelled + _closing(piece)).strip(_WRAPPING).rstrip(".").strip(_WRAPPING)


def _closing(piece: str) -> str:
    return ")" if piece.rstrip().endswith(")") else ""


def split_cells(cells: pl.Series, vocabulary: Vocabulary) -> pl.Series:
    """Return one `List(String)` of addresses for each cell, judged once per distinct cell.

    At most `MAX_ADDRESSES_PER_CELL` of a cell are returned.
    """
    distinct = cells.drop_nulls().unique().to_frame("cell")
    plain = distinct.filter(pl.col("cell").str.contains(_PLAIN)).select(
        "cell",
        found=pl.concat_list("cell"),
    )
    odd = distinct.filter(~pl.col("cell").str.contains(_PLAIN)).get_column("cell")
    found = [split_cell(cell, vocabulary)[:MAX_ADDRESSES_PER_CELL] for cell in odd]
    table = pl.concat(
        [plain, pl.DataFrame({"cell": odd, "found": pl.Series(found, dtype=pl.List(pl.String))})],
    )
    return (
        cells.to_frame("cell")
        .join(table, on="cell", how="left", maintain_order="left")
        .get_column("found")
    )


def with_addresses(rows: pl.DataFrame, vocabulary: Vocabulary) -> pl.DataFrame:
    """Replace `emails` by `addresses`, with dates of their own, and add `misplaced`.

    `addresses` (`List(String)`), `source_dates` and `confirmations` go together, in order of
    columns; an address written twice stands there twice. `misplaced` are the addresses in the
    place of a name or a phone: they are taken from there, and a name that is left without one is
    null.
    """
    cells = rows.select("emails", *_TOLD).with_row_index("row").explode("emails", *_TOLD)
    merged = (
        _dated(cells.drop_nulls("emails"), vocabulary)
        .group_by("row", maintain_order=True)
        .agg("addresses", *_TOLD)
    )
    nothing = pl.lit([], dtype=pl.List(pl.String))
    misplaced = pl.concat_list(
        pl.col(place).str.extract_all(_MISPLACED).fill_null(nothing) for place in ("name", "phone")
    )
    bare_name = pl.col("name").str.replace_all(_MISPLACED, "").str.strip_chars(" <>()-/;,")
    return (
        rows.drop("emails", *_TOLD)
        .with_row_index("row")
        .join(merged, on="row", how="left", maintain_order="left")
        .with_columns(
            pl.col("addresses").fill_null(nothing),
            *(pl.col(name).fill_null(pl.lit([], dtype=rows.schema[name])) for name in _TOLD),
            phone=pl.col("phones").list.join(" "),
        )
        .with_columns(misplaced=misplaced, name=pl.when(bare_name != "").then(bare_name))
        .drop("row", "phone")
    )


def _dated(cells: pl.DataFrame, vocabulary: Vocabulary) -> pl.DataFrame:
    """Return one row per address of a cell.

    Of several addresses in one cell, none is confirmed: its owner confirmed one, and nobody can
    tell which. The date of collection holds for all, for the cell was written as one.
    """
    found = cells.with_columns(addresses=split_cells(cells.get_column("emails"), vocabulary))
    alone = pl.col("addresses").list.len() == 1
    return found.with_columns(
        confirmations=pl.when(alone).then("confirmations"),
    ).explode("addresses", keep_nulls=False)
