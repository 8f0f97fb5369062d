"""Debtor files in: read in a limited child, mapped by roles, every row accounted for."""

from data.intake.fold import fold_debtors
from data.intake.identify import creditor_slugs
from data.intake.limits import Limits
from data.intake.portfolio import IntakeSums, Portfolio, SourceSums, read_portfolio
from data.intake.proposal import Proposal, look
from data.intake.settings import DEFAULT_CREDITOR_ID, FixedField, IntakeSettings
from data.intake.template import render_config

__all__ = [
    "DEFAULT_CREDITOR_ID",
    "FixedField",
    "IntakeSettings",
    "IntakeSums",
    "Limits",
    "Portfolio",
    "Proposal",
    "SourceSums",
    "creditor_slugs",
    "fold_debtors",
    "look",
    "read_portfolio",
    "render_config",
]
