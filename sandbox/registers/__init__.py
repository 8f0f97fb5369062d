"""Registers: large portfolios in which the same debtor stands several times, with the truth."""
