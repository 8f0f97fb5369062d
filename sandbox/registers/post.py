"""Mailboxes of a register's debtors, of their accountants and of those who lend them theirs."""

from __future__ import annotations

from typing import Final

import polars as pl

from sandbox.draws import evenly, indices, some, stream, words
from sandbox.mailboxes import mailbox_key
from sandbox.naming import local_parts
from sandbox.registers.book import Book, where

NOBODYS: Final = -1
"""The owner of a mailbox that is no debtor's of the register: an accountant's."""

_ACCOUNTANT_AT_FREE_PROVIDER: Final = 0.3
_ROLE: Final = 0.5  # of mailboxes at a company's own domain


def folded(text: pl.Series) -> pl.Series:
    """Return lower-case letters and digits only, as names go into addresses.

    >>> folded(pl.Series(["João & Cia"])).item()
    'joaocia'
    """
    plain = text.str.normalize("NFKD").str.to_lowercase()
    return plain.str.replace_all(r"[^a-z0-9]", "")


def make_mailboxes(book: Book, debtors: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Return `mail` and `second_mail` (null: none) of each debtor: no two have the same one.

    `debtors` has `is_company`, `given`, `surname`, `core`.
    """
    rng = stream(seed, "register mailboxes")
    count = debtors.height
    free = words(rng, book.words["mail_hosts"], count)
    other = words(rng, book.words["mail_hosts"], count)
    given, surname, core = (folded(debtors[name]) for name in ("given", "surname", "core"))
    is_company = debtors["is_company"]
    persons, companies = book.shares["persons"], book.shares["companies"]
    own_domain = core.str.head(18) + pl.Series(range(count)).cast(pl.String) + ".example"
    at_home = is_company & some(rng, companies["own_domain"], count)
    role = evenly(rng, book.names["roles"], count)
    staff = given + "." + surname
    staffed = role.zip_with(some(rng, _ROLE, count), staff)
    local = core.str.head(20).zip_with(is_company, local_parts(rng, given, surname))
    first = {
        "local": staffed.zip_with(at_home, local),
        "domain": own_domain.zip_with(at_home, free),
    }
    job = some(rng, persons["work_mailbox"], count) & ~is_company
    workplace = pl.Series(rng.integers(0, max(count // 20, 1), count)).cast(pl.String)
    elsewhere = ("grupo" + workplace + ".example").zip_with(job, other)
    second = {
        "local": staff.zip_with(at_home | job, local_parts(rng, given, surname)),
        "domain": own_domain.zip_with(at_home, elsewhere),
    }
    has_second = some(rng, persons["second_mailbox"], count).zip_with(
        ~is_company, some(rng, companies["second_mailbox"], count)
    )
    both = _made_unique(pl.concat([pl.DataFrame(first), pl.DataFrame(second)]))
    return pl.DataFrame(
        {"mail": both.head(count), "second_mail": where(has_second, both.tail(count))}
    )


def _made_unique(boxes: pl.DataFrame) -> pl.Series:
    """Two debtors cannot hold one mailbox: later comers get a number, most of them a short one."""
    address = pl.concat_str("local", pl.lit("@"), "domain")
    first_try = boxes.with_row_index("serial").with_columns(
        (pl.int_range(pl.len()).over(mailbox_key(address))).alias("rank")
    )
    numbered = first_try.with_columns(
        pl.when(pl.col("rank") > 0)
        .then(pl.concat_str("local", pl.col("rank") + 1))
        .otherwise("local")
        .alias("local")
    )
    taken = pl.int_range(pl.len()).over(mailbox_key(address)) > 0
    settled = pl.when(taken).then(pl.concat_str("local", pl.lit("_"), "serial")).otherwise("local")
    return numbered.select(pl.concat_str(settled, pl.lit("@"), "domain")).to_series()


def make_accountants(book: Book, count: int, seed: int) -> pl.DataFrame:
    """Return `mail_lent` and `phone_lent` for `count` companies; null: they have none.

    One office serves so many companies of the register as its `clients` say.
    """
    rng = stream(seed, "register accountants")
    shares = book.shares["companies"]
    served = some(rng, shares["accountant"], count)
    low, high = shares["clients"]
    offices = max(1, round(count * shares["accountant"] / ((low + high) / 2)))
    office = indices(rng, rng.integers(low, high + 1, offices), count)
    number = pl.Series(office).cast(pl.String)
    word: str = book.names["accountant"]
    at_free = some(rng, _ACCOUNTANT_AT_FREE_PROVIDER, offices).gather(office)
    free = pl.format("{}@gmail.com", pl.lit(word) + number)
    own = pl.format("contato@{}.example", pl.lit(word + "-") + number)
    areas = evenly(rng, [city[2] for city in book.words["cities"]], offices).gather(office)
    mail = pl.DataFrame({"free": at_free}).select(
        pl.when("free").then(free).otherwise(own).alias("mail")
    )
    digits = pl.Series(30_000_000 + office * 7_919 % 9_999_991).cast(pl.String)
    phone = areas + (digits if book.is_brazil else digits.str.tail(8))
    if not book.is_brazil:
        phone = phone.str.head(10)
    return pl.DataFrame(
        {"mail_lent": where(served, mail["mail"]), "phone_lent": where(served, phone)}
    )
