"""Who must not be written to, as known now: the warehouse's list and the files of `[suppress]`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from checks.errors import SettingError
from checks.model import DecisionReason
from checks.score import Suppressed, find_suppressed
from data.care.book import ERASED_DEBTOR
from data.feedback import read_suppressions
from data.hashing import keyed_hash
from flows.prepare import digest_file, digest_json
from flows.run import Run
from flows.settings import SuppressSettings

REASON_OF = {
    "opt_out": DecisionReason.SUPPRESS_OPT_OUT,
    "complaint": DecisionReason.SUPPRESS_COMPLAINT,
    "wrong_person": DecisionReason.SUPPRESS_WRONG_PERSON,
    "settled": DecisionReason.SUPPRESS_SETTLED,
    "disputed": DecisionReason.SUPPRESS_DISPUTED,
    "deceased": DecisionReason.SUPPRESS_DECEASED,
    "erased": DecisionReason.SUPPRESS_ERASED,
}


def suppressed_now(run: Run) -> Suppressed:
    """Return what is suppressed at this moment, matched to the run's contacts and invoices."""
    contacts = run.read("found_contacts").join(
        run.read("syntax").select("email_raw", "address"),
        on="email_raw",
    )
    addresses = contacts.select("address").unique()
    keys = keyed_hash(run.warehouse.hash_key, addresses["address"])
    return find_suppressed(
        suppressions=_known(run),
        address_keys=addresses.with_columns(key=keys),
        contacts=contacts,
        clusters=run.read("clusters"),
        invoices=run.read("invoices"),
        as_of=run.plan.as_of,
    )


def _known(run: Run) -> pl.DataFrame:
    creditors = run.recall("read")["creditors"]
    debtors = run.read("debtors")
    frames = [recognised(run.warehouse.suppressions(), debtors, run.warehouse.hash_key)]
    for reason, path in suppression_files(run.plan.settings.suppress):
        frames += [
            read_suppressions(
                path,
                reason,
                creditor,
                run.warehouse.hash_key,
                run.plan.as_of,
                debtors=debtors,
            )
            for creditor in creditors
        ]
    return pl.concat(frames)


def recognised(suppressions: pl.DataFrame, debtors: pl.DataFrame, hash_key: bytes) -> pl.DataFrame:
    """Return SUPPRESSIONS with erased debtors named where they have come again.

    Of an erased debtor only hashes are kept, of the creditor's id and of the tax id; DEBTORS
    tells whose they are.
    """
    hashed = suppressions.filter(pl.col("subject") == ERASED_DEBTOR)
    told = [
        debtors.select(
            "creditor_id",
            "debtor_id",
            key=keyed_hash(hash_key, debtors[column]),
        ).drop_nulls()
        for column in ("debtor_id", "tax_id")
    ]
    again = hashed.join(pl.concat(told).unique(), on=["creditor_id", "key"]).with_columns(
        subject=pl.lit("debtor"), key=pl.col("debtor_id")
    )
    plain = suppressions.filter(pl.col("subject") != ERASED_DEBTOR)
    return pl.concat([plain, again.select(plain.columns)])


def suppression_files(settings: SuppressSettings) -> Iterator[tuple[DecisionReason, Path]]:
    """Yield every file of `[suppress]` with its reason; `SettingError` for one that is missing."""
    for name, reason in REASON_OF.items():
        for path in getattr(settings, name):
            if not path.is_file():
                problem = f"[suppress] {name}: '{path}' is not there"
                raise SettingError(problem, "nothing is published without it; mend the path")
            yield reason, path


def suppression_digest(run: Run) -> str:
    """Return sha256 of the suppressions in force: the snapshot a list was made with."""
    files = [digest_file(path) for _, path in suppression_files(run.plan.settings.suppress)]
    known = run.warehouse.suppressions().write_csv()
    return digest_json([sorted(files), known])


def oldest_snapshot(settings: SuppressSettings, as_of: dt.datetime) -> dt.timedelta:
    """Return how old the oldest suppression file is; zero without files."""
    ages = [
        as_of - dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC)
        for _, path in suppression_files(settings)
    ]
    return max([dt.timedelta(0), *ages])
