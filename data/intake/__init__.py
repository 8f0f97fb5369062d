"""Debtor files in: read in a limited child, mapped by roles, every row accounted for."""

from data.intake.fold import fold_debtors
from data.intake.limits import Limits
from data.intake.portfolio import IntakeSums, Portfolio, SourceSums, read_portfolio
from data.intake.proposal import Proposal, look, render_config
from data.intake.settings import FixedField, IntakeSettings

__all__ = [
    "FixedField",
    "IntakeSettings",
    "IntakeSums",
    "Limits",
    "Portfolio",
    "Proposal",
    "SourceSums",
    "fold_debtors",
    "look",
    "read_portfolio",
    "render_config",
]
