"""Debtor files into tables; every row accepted or quarantined."""

from __future__ import annotations

from dataclasses import asdict

from data.intake import FixedField, IntakeSettings, Portfolio, read_portfolio
from flows.creditors import creditor_id, refuse_missing_settings
from flows.run import Run
from flows.sampling import sample_portfolio
from flows.settings import Settings


def read(run: Run) -> None:
    """Read the inputs in a limited child, refuse what cannot be used, keep the sums."""
    settings = run.plan.settings
    portfolio = read_portfolio(run.plan.inputs, intake_settings(settings), run.folder("read"))
    if run.plan.sample is not None:
        portfolio = sample_portfolio(portfolio, run.plan.sample)
    if portfolio.sums.has_invoices:
        refuse_missing_settings(
            settings,
            creditors_of(portfolio),
            legal_basis_missing=bool(portfolio.contacts["legal_basis"].is_null().all())
            and portfolio.contacts.height > 0,
        )
    run.remember("read", {**asdict(portfolio.sums), "creditors": creditors_of(portfolio)})
    run.commit(
        "read",
        {
            "records": portfolio.records,
            "found_contacts": portfolio.contacts,
            "invoices": portfolio.invoices,
            "quarantine": portfolio.quarantine,
            "debtors": portfolio.debtors,
        },
    )


def creditors_of(portfolio: Portfolio) -> list[str]:
    """Return the creditors of a portfolio, sorted."""
    names: list[str] = portfolio.records.get_column("creditor_id").unique().sort().to_list()
    return names


def intake_settings(settings: Settings) -> IntakeSettings:
    """Return what `[intake]`, `[creditor]` and `[legal]` say of the files."""
    intake, legal = settings.intake, settings.legal
    columns = dict(intake.columns)
    if settings.creditor.column:
        columns["creditor"] = (settings.creditor.column,)
    return IntakeSettings(
        columns=columns,
        encoding=intake.encoding or None,
        delimiter=intake.delimiter or None,
        sheet=intake.sheet or None,
        fixed=tuple(FixedField(each.name, each.start, each.length) for each in intake.fixed),
        country=intake.country or None,
        currency=intake.currency or None,
        date_order=intake.date_order or None,
        decimal=intake.decimal or None,
        creditor_id=creditor_id(settings),
        legal_basis=legal.basis or None,
        legal_source=legal.source or None,
        legal_date=legal.date,
    )
