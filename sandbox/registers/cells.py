"""Ids, mailboxes, phones, addresses and days of birth as clerks and systems write them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import polars as pl

from sandbox.draws import evenly, indices, kinds, some, stream, zipf
from sandbox.market import read_table
from sandbox.registers.book import Book, where
from sandbox.registers.spelling import in_some_case, mistyped

_DOTTED: Final = 0.5  # of ids, phones and postcodes: with the signs between their digits
_EXPORTS: Final = ("%d/%m/%Y", "%Y-%m-%d")


def write_tax_ids(book: Book, records: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Return `tax_id` as written and `has_id`: whether it is the debtor's own, whole and right."""
    rng = stream(seed, "register id cells")
    size = records.height
    shares = dict(book.shares["tax_ids"][book.country])
    lost = some(rng, shares.pop("zeros_lost", 0.0), size)
    fault = kinds(rng, shares, size)
    right = records["tax_id"]
    digits = pl.Series((rng.integers(1, 10, size)).astype(int)).cast(pl.String)
    at = pl.Series(rng.integers(0, 11, size))
    other = evenly(rng, book.words["tax_placeholders"], size)
    dotted = some(rng, _DOTTED, size)
    frame = pl.DataFrame(
        {
            "id": right,
            "fault": fault,
            "digit": digits,
            "at": at,
            "none": other,
            "dotted": dotted,
            "zeros_lost": lost & right.str.starts_with("0"),
        }
    )
    return frame.select(_id_cell(book).alias("tax_id"), has_id=pl.col("fault") == "none")


def _id_cell(book: Book) -> pl.Expr:
    whole, at, fault = pl.col("id"), pl.col("at"), pl.col("fault")
    slipped = whole.str.slice(0, at) + pl.col("digit") + whole.str.slice(at + 1)
    text = pl.when(fault == "slip").then(slipped).otherwise(whole)
    if book.is_brazil:
        person = text.str.replace(r"^(.{3})(.{3})(.{3})(.{2})$", "$1.$2.$3-$4")
        company = r"^([^.]{2})([^.]{3})([^.]{3})([^.]{4})([^.]{2})$"
        signed = person.str.replace(company, "$1.$2.$3/$4-$5")
        hidden = whole.str.replace(r"^.{3}(.{3})(.{3}).{2}$", "***.$1.$2-**")
    else:
        signed = text.str.replace(r"^(\D{3,4})(\d{6})(.{3})$", "$1-$2-$3")
        hidden = whole.str.head(8) + "*****"
    return (
        pl.when(fault == "missing")
        .then(None)
        .when(fault == "placeholder")
        .then("none")
        .when(fault == "masked")
        .then(hidden)
        .when(fault == "short")
        .then(whole.str.head(whole.str.len_chars() - 3))
        .when("zeros_lost")
        .then(text.str.strip_chars_start("0"))
        .when("dotted")
        .then(signed)
        .otherwise(text)
    )


def write_mailboxes(book: Book, records: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Return `email` and `email2` as typed, and what they show.

    `shown` and `shown2` are the addresses, lower case, `shown_owner` is whose the first one is
    (the second is the debtor's own); null: none. `records` holds `has_id`.
    """
    rng = stream(seed, "register mail cells")
    size = records.height
    shares = book.shares["cells"]
    second = records["second_mail"]
    known = records["has_id"] | ~some(rng, shares["contact_without_id"], size)
    uses_old = some(rng, shares["email_old"], size) & second.is_not_null() & known
    lent = some(rng, shares["email_lent"], size) & records["mail_lent"].is_not_null()
    own = second.zip_with(uses_old, records["mail"])
    owner = records["lender"].zip_with(lent, records["entity"])
    typed = _typed(book, rng, records["mail_lent"].zip_with(lent, own))
    gone = some(rng, shares["email_missing"] + shares["email_placeholder"], size) & known
    empty = gone & some(
        rng,
        shares["email_missing"] / (shares["email_missing"] + shares["email_placeholder"]),
        size,
    )
    market = read_table("markets.toml")
    placeholder = evenly(rng, market["placeholders"][book.country], size)
    first = where(~empty, placeholder.zip_with(gone, typed))
    both = some(rng, shares["email_both"], size) & second.is_not_null() & ~gone
    other = where(both, records["mail"].zip_with(uses_old, second))
    joined = both & some(rng, shares["email_two_in_cell"], size)
    upper = some(rng, shares["email_upper"], size)
    cell = (first + "; " + other).zip_with(joined, first)
    return pl.DataFrame(
        {
            "email": cell.str.to_uppercase().zip_with(upper, cell),
            "email2": where(~joined, other),
            "shown": where(~gone, typed),
            "shown_owner": where(~gone, owner),
            "shown2": other,
        }
    )


def _typed(book: Book, rng: np.random.Generator, address: pl.Series) -> pl.Series:
    """Return addresses with slips of domain or local part, and Gmail's dots and tags."""
    shares = book.shares["cells"]
    size = len(address)
    parts = address.str.splitn("@", 2)
    local = parts.struct.field("field_0")
    domain = parts.struct.field("field_1")
    gmail = domain == "gmail.com"
    dotted = local.str.replace(r"^([a-z0-9]{3})", "$1.").str.replace("..", ".", literal=True)
    tagged = local + evenly(rng, ["+boleto", "+contas", "+fatura"], size)
    local = dotted.zip_with(gmail & some(rng, shares["gmail_dots"], size), local)
    local = tagged.zip_with(gmail & some(rng, shares["gmail_tag"], size), local)
    slip = some(rng, shares["email_local_slip"], size)
    local = mistyped(rng, local).zip_with(slip, local)
    wrong = domain
    for right, typos in read_table("markets.toml")["typo_domains"].items():
        drawn = pl.Series(typos, dtype=pl.String).gather(indices(rng, zipf(len(typos)), size))
        wrong = drawn.zip_with(domain == right, wrong)
    domain = wrong.zip_with(some(rng, shares["email_domain_slip"], size), domain)
    return local + "@" + domain


def write_phones(book: Book, records: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Return `phone` and `phone2` as they are typed; `records` holds `has_id` and `is_late`."""
    rng = stream(seed, "register phone cells")
    size = records.height
    shares = book.shares["cells"]
    early = records["new_phone"] & ~records["is_late"]
    own = records["old_mobile"].zip_with(early, records["mobile"])
    lent = some(rng, shares["phone_lent"], size) & records["phone_lent"].is_not_null()
    needed = ~records["has_id"] & some(rng, shares["contact_without_id"], size)
    first = _dialled(book, rng, records["phone_lent"].zip_with(lent & ~needed, own))
    missing = some(rng, shares["phone_missing"], size) & ~needed
    nobody = some(rng, shares["phone_placeholder"], size) & ~needed & ~missing
    placeholder = evenly(rng, book.words["phone_placeholders"], size)
    has_second = some(rng, shares["phone_second"], size)
    return pl.DataFrame(
        {
            "phone": where(~missing, placeholder.zip_with(nobody, first)),
            "phone2": where(has_second, _dialled(book, rng, records["landline"])),
        }
    )


def _dialled(book: Book, rng: np.random.Generator, number: pl.Series) -> pl.Series:
    """Write national numbers in one of the usual forms."""
    shares = book.shares["cells"]
    size = len(number)
    if book.is_brazil:
        old = some(rng, shares["phone_old_form"], size)
        number = number.str.replace(r"^(..)9(.{8})$", "$1$2").zip_with(old, number)
    form = pl.Series(rng.integers(0, 4, size))
    bare = some(rng, shares["phone_without_area"], size)
    area = r"^(..)" if book.is_brazil else r"^(55|33|81|\d{3})"
    code = "55" if book.is_brazil else "52"
    signed = number.str.replace(area + r"(\d+?)(\d{4})$", "($1) $2-$3")
    abroad = number.str.replace(area + r"(\d+)$", f"+{code} $1 $2")
    without = number.str.replace(area, "")
    frame = pl.DataFrame(
        {"n": number, "s": signed, "a": abroad, "w": without, "f": form, "b": bare}
    )
    return frame.select(
        pl.when("b")
        .then("w")
        .when(pl.col("f") == 0)
        .then("n")
        .when(pl.col("f") == 1)
        .then("a")
        .otherwise("s")
    ).to_series()


def write_homes(book: Book, records: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Return `street`, `postcode`, `city` and `state` as typed; `records` holds `is_late`."""
    rng = stream(seed, "register home cells")
    size = records.height
    shares = book.shares["cells"]
    early = records["moved"] & ~records["is_late"]
    at = {
        name: records[f"old_{name}"].zip_with(early, records[name])
        for name in ("city", "state", "postcode", "street_kind", "street", "number", "unit")
    }
    street = _street(book, rng, at)
    code = at["postcode"]
    swapped = code.str.slice(4, 1) + code.str.slice(3, 1)
    wrong = code.str.head(3) + swapped + code.str.slice(5)
    code = wrong.zip_with(some(rng, shares["postcode_slip"], size), code)
    signed = code.str.replace(r"^(\d{5})(\d{3})$", "$1-$2").zip_with(some(rng, _DOTTED, size), code)
    return pl.DataFrame(
        {
            "street": where(
                ~some(rng, shares["street_missing"], size),
                in_some_case(book, street, rng),
            ),
            "postcode": where(~some(rng, shares["postcode_missing"], size), signed),
            "city": where(
                ~some(rng, shares["city_missing"], size), in_some_case(book, at["city"], rng)
            ),
            "state": at["state"],
        }
    )


def _street(book: Book, rng: np.random.Generator, at: Mapping[str, pl.Series]) -> pl.Series:
    """Return street, number and unit in one line, the kind of street often cut short."""
    size = len(at["street"])
    shares = book.shares["cells"]
    short = at["street_kind"].replace_strict(book.words["street_short"])
    kind = short.zip_with(some(rng, shares["street_kind_short"], size), at["street_kind"])
    wrong = mistyped(rng, at["street"])
    name = wrong.zip_with(some(rng, shares["street_slip"], size), at["street"])
    number = where(~some(rng, shares["street_without_number"], size), at["number"])
    unit = where(~some(rng, shares["street_without_unit"], size), at["unit"])
    line = pl.concat_str(kind + " " + name, number, separator=", ", ignore_nulls=True)
    return pl.select(pl.concat_str(line, unit, separator=" ", ignore_nulls=True)).to_series()


def write_births(book: Book, records: pl.DataFrame, seed: int) -> pl.Series:
    """Return days of birth, in one of two notations; null for companies and where not asked."""
    rng = stream(seed, "register birth cells")
    size = records.height
    shares = book.shares["cells"]
    born = records["birth"]
    slipped = some(rng, shares["birth_slip"], size)
    # month and day change places where that is a day at all; elsewhere the year is one off
    swapped = born.dt.strftime("%Y-%d-%m").str.to_date(strict=False)
    wrong = swapped.fill_null(born.dt.offset_by("1y"))
    day = wrong.zip_with(slipped, born)
    one, two = (day.dt.strftime(form) for form in _EXPORTS)
    return where(some(rng, shares["birth_known"], size), one.zip_with(some(rng, 0.6, size), two))
