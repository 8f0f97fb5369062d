"""The debtors of a register as they are, before any clerk writes them down."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sandbox.draws import some, stream
from sandbox.registers.book import Book, given_names, surnames, where
from sandbox.registers.companies import GROUPED, OWNED, make_companies
from sandbox.registers.persons import make_persons
from sandbox.registers.places import HOME, make_homes, make_phones
from sandbox.registers.post import NOBODYS, make_accountants, make_mailboxes

Rows = NDArray[np.int64]


def make_debtors(book: Book, count: int, seed: int) -> pl.DataFrame:
    """Return `count` debtors, persons first.

    Columns: `entity` (Int64, the row), `is_company`, the columns of `make_persons` and
    `make_companies` (null where they are of the other kind), those of `make_homes`,
    `make_phones` and `make_mailboxes`, `mail_lent`, `lender` (the entity it belongs to, or
    `NOBODYS`) and `phone_lent` of those who borrow, `moved` and `new_phone`.
    """
    companies = int(count * book.shares["entities"]["companies"])
    persons = make_persons(book, count - companies, seed)
    firms = make_companies(book, companies, persons, seed)
    frame = pl.concat([persons, firms], how="diagonal").with_row_index("entity")
    grouped = pl.col("relation").is_in(GROUPED)
    frame = frame.with_columns(
        pl.col("entity").cast(pl.Int64),
        pl.col("core").is_not_null().alias("is_company"),
        pl.when(grouped)
        .then(pl.col("anchor") + persons.height)
        .otherwise("anchor")
        .alias("anchor"),
    )
    home_of, city_of = _whose_home(book, frame, seed)
    homes = make_homes(book, city_of, seed)
    homes = homes.with_columns(homes[home_of].select(pl.col("area", *HOME)))
    phones = make_phones(book, homes["area"], seed)
    phones = phones.with_columns(phones["landline"].gather(home_of))
    reached = pl.concat([frame, homes, phones, _mailboxes(book, frame, seed)], how="horizontal")
    return _with_changes(book, _with_lent(book, _reached_through_others(reached), seed), seed)


def _whose_home(book: Book, frame: pl.DataFrame, seed: int) -> tuple[Rows, Rows]:
    """Return whose home each debtor lives in, and whose city: both themselves for most."""
    rng = stream(seed, "register households")
    own = np.arange(frame.height)
    anchor = frame["anchor"].fill_null(0).to_numpy()
    at_one = pl.lit(value=False)
    for kind, share in book.shares["relatives"]["same_home"].items():
        at_one |= (pl.col("relation") == kind) & pl.lit(some(rng, share, frame.height))
    at_one |= pl.col("relation").is_in(["mei", "sister"])
    shared = frame.select(at_one.fill_null(value=False)).to_series().to_numpy()
    namesake = (frame["relation"] == "homonym").fill_null(value=False).to_numpy()
    home = np.where(shared, anchor, own)
    return home[home], np.where(namesake, anchor, home)


def _mailboxes(book: Book, frame: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Name mailboxes of companies' staff after people who are no debtors."""
    rng = stream(seed, "register staff")
    staff = {
        "given": given_names(book, rng, frame.height),
        "surname": surnames(book, rng, frame.height),
    }
    named = frame.select(
        "is_company",
        "core",
        pl.col("given").fill_null(staff["given"]),
        pl.col("surname2" if book.is_brazil else "surname1")
        .fill_null(staff["surname"])
        .alias("surname"),
    )
    return make_mailboxes(book, named, seed)


def _reached_through_others(frame: pl.DataFrame) -> pl.DataFrame:
    """Give companies their owner's or partner's mailbox and mobile, sisters one mailbox.

    They are debtors with ids of their own, but the mailbox reaches the right people, so it is
    left out of the truth of owners.
    """
    anchor = frame["anchor"].fill_null(0)
    owned, sister = (
        frame["relation"].is_in(kinds).fill_null(value=False) for kinds in (OWNED, ["sister"])
    )
    through = {"mobile": owned, "old_mobile": owned, "mail": owned | sister}
    return frame.with_columns(
        frame[name].gather(anchor).zip_with(taken, frame[name]) for name, taken in through.items()
    )


def _with_lent(book: Book, frame: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Add what some give for their own: a spouse's, an accountant's, a head office's mailbox."""
    rng = stream(seed, "register lenders")
    count = frame.height
    shares = book.shares
    accountants = make_accountants(book, count, seed)
    anchor = frame["anchor"].fill_null(0)
    spouse = (frame["relation"] == "spouse") & some(
        rng, shares["relatives"]["mailbox_of_spouse"], count
    )
    branch = (frame["relation"] == "branch") & some(
        rng, shares["companies"]["branch_shares_mailbox"], count
    )
    lends = (spouse | branch).fill_null(value=False)
    serves = frame["is_company"] & (frame["relation"] != "mei").fill_null(value=True) & ~lends
    mail = frame["mail"].gather(anchor).zip_with(lends, where(serves, accountants["mail_lent"]))
    nobody = pl.Series([NOBODYS], dtype=pl.Int64).new_from_index(0, count)
    return frame.with_columns(
        mail.alias("mail_lent"),
        where(mail.is_not_null(), anchor.zip_with(lends, nobody)).alias("lender"),
        where(serves, accountants["phone_lent"]).alias("phone_lent"),
    )


def _with_changes(book: Book, frame: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Add who moved house or changed the phone between two records."""
    rng = stream(seed, "register changes")
    is_company = frame["is_company"]

    def flags(name: str) -> pl.Series:
        persons, companies = (
            some(rng, book.shares[kind][name], frame.height) for kind in ("persons", "companies")
        )
        return companies.zip_with(is_company, persons)

    return frame.with_columns(flags("moved").alias("moved"), flags("new_phone").alias("new_phone"))
