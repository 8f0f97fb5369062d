"""Synthetic portfolios as a creditor exports them, with the truth kept apart.

    portfolio = make_portfolio("b2c_br", debtors=2000, seed=1)
    portfolio.rows            # what the pipeline may see
    portfolio.truth.addresses # what only the referee may see
    portfolio.write(folder)   # folder/b2c_br.csv and folder/truth/*.parquet

Everything follows from kind, seed and number of debtors. Companies' domains end in ".example",
a special-use name (RFC 6761): a pipeline that refuses such names must be told to let them pass.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from sandbox.contacts import make_contacts
from sandbox.draws import stream
from sandbox.export import lay_out_cells, repeat_records, write_rows
from sandbox.mailboxes import live_and_die, mailbox_key, make_domains, settle
from sandbox.market import Kind, Market, load_market
from sandbox.mistakes import mistyped_mailboxes, other_case_or_dots, write_addresses
from sandbox.people import make_debtors

AS_OF: Final = dt.date(2026, 11, 20)
"""The day of the export unless another is given; ages count back from it."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What only the referee knows.

    `addresses`, one row per address that stands in the portfolio or was meant by it: `address`
    (lower case), `domain`, `host`, `dns`, `accepts_all`, `owner` (person; null: no debtor of the
    portfolio), `relation` (self | role | employer | accountant | disposable | stranger),
    `mailbox` (exists | full | disabled | absent | no_route), `delivery` (delivered | hard_bounce
    | soft_bounce).
    `contacts`, one row per record and slot: `line`, `debtor_id`, `person`, `slot`, `raw`, `asked`
    (the address to be read from it; null: none), `intended` (null: none was known), `error`,
    `relation` (as above, also partner and family), `reaches_debtor` (the mailbox is theirs).
    `records`, one row per row of the export: `line` (from 1), `debtor_id`, `person` (records
    with one value are one debtor), `copy` (original | invoice | exact | case_or_dot |
    same_person_two_ids | name_variant), `tax_id` (the right one), `tax_id_error`.
    `domains`: `domain`, `host`, `dns`, `accepts_all`, `keeps_all`.
    """

    addresses: pl.DataFrame
    contacts: pl.DataFrame
    records: pl.DataFrame
    domains: pl.DataFrame


@dataclass(frozen=True, slots=True)
class SandboxPortfolio:
    """A creditor's export and the truth behind it; `rows` holds text only."""

    kind: Kind
    seed: int
    as_of: dt.date
    rows: pl.DataFrame
    truth: Truth

    def write(self, folder: Path) -> Path:
        """Write `<kind>.csv` (semicolons, UTF-8) and `truth/*.parquet`; return the CSV's path."""
        truth_folder = folder / "truth"
        truth_folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.kind}.csv"
        self.rows.write_csv(path, separator=";")
        for name in ("addresses", "contacts", "records", "domains"):
            frame: pl.DataFrame = getattr(self.truth, name)
            frame.write_parquet(truth_folder / f"{name}.parquet")
        return path


def read_truth(folder: Path) -> Truth:
    """Return the truth that `SandboxPortfolio.write` put into `folder/truth`."""
    return Truth(
        *(
            pl.read_parquet(folder / "truth" / f"{name}.parquet")
            for name in ("addresses", "contacts", "records", "domains")
        ),
    )


def make_portfolio(
    kind: Kind = "b2c_br",
    debtors: int = 2000,
    seed: int = 1,
    as_of: dt.date = AS_OF,
    wear: float = 1.0,
) -> SandboxPortfolio:
    """Return the portfolio of that kind, number of debtors and seed.

    With a `wear` of 2 mailboxes die twice as fast as in the market's figures.

    >>> portfolio = make_portfolio("b2c_mx", debtors=50)
    >>> portfolio.rows.columns[:4], portfolio.rows.height >= 50
    (['id_deudor', 'nombre', 'rfc', 'correo'], True)
    """
    market = load_market(kind)
    chance = int(stream(seed, kind).integers(2**31))
    people = make_debtors(market, debtors, chance)
    contacts = write_addresses(market, make_contacts(market, people, chance), chance)
    records = repeat_records(market, lay_out_cells(market, people, contacts, chance), chance)
    records = records.sort("debtor_id", "invoice_id", "serial").with_row_index("line", offset=1)
    records = records.with_columns(pl.col("line").cast(pl.Int64))
    return SandboxPortfolio(
        kind=kind,
        seed=seed,
        as_of=as_of,
        rows=write_rows(market, records, as_of),
        truth=_truth(market, contacts, records, chance, wear),
    )


def _truth(
    market: Market, contacts: pl.DataFrame, records: pl.DataFrame, seed: int, wear: float
) -> Truth:
    intended = live_and_die(market, contacts, seed, wear)
    typed = mistyped_mailboxes(market, contacts, seed)
    boxes = _one_truth(pl.concat([intended, typed]))
    domains = make_domains(market, boxes["domain"], seed)
    addresses = settle(boxes, domains)
    return Truth(
        addresses=addresses,
        contacts=_contact_truth(contacts, records, addresses),
        records=records.select("line", "debtor_id", "person", "copy", "tax_id", "tax_id_error"),
        domains=domains,
    )


def _one_truth(boxes: pl.DataFrame) -> pl.DataFrame:
    """Let all spellings of a mailbox share the facts of the first, dotless ones among them."""
    bare = boxes.with_columns(mailbox_key(pl.col("address")).alias("address"))
    facts = ("owner", "relation", "state", "put_off")
    return (
        pl.concat([boxes, bare])
        .with_columns(mailbox_key(pl.col("address")).alias("key"))
        .with_columns(pl.col(facts).first().over("key"))
        .unique("address", keep="first", maintain_order=True)
        .drop("key")
    )


def _contact_truth(
    contacts: pl.DataFrame, records: pl.DataFrame, addresses: pl.DataFrame
) -> pl.DataFrame:
    rows = records.select("line", "debtor_id", "person", "copy").join(
        contacts.select("person", "slot", "raw", "asked", "address", "error", "relation"),
        on="person",
        how="inner",
    )
    retyped, raw = other_case_or_dots(pl.col("asked"), pl.col("raw"))
    again = (
        (pl.col("copy") == "case_or_dot") & (pl.col("slot") == 1) & pl.col("asked").is_not_null()
    )
    rows = rows.with_columns(
        pl.when(again).then(raw).otherwise("raw").alias("raw"),
        pl.when(again).then(retyped).otherwise("asked").alias("asked"),
    )
    owners = addresses.select("owner", asked="address")
    joined = rows.join(owners, on="asked", how="left")
    nothing_known = pl.col("error").is_in(["missing", "placeholder"])
    return joined.select(
        "line",
        "debtor_id",
        "person",
        "slot",
        "raw",
        "asked",
        pl.when(~nothing_known).then("address").alias("intended"),
        "error",
        "relation",
        (pl.col("owner") == pl.col("person")).fill_null(value=False).alias("reaches_debtor"),
    ).sort("line", "slot")
