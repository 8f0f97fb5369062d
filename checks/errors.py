"""Errors that a user can act on: each names the thing and the remedy, never personal data."""

from __future__ import annotations


class EntregaError(Exception):
    """Base of all errors with a remedy; `exit_code` is what the command line ends with.

    >>> str(EntregaError("column 'email' is missing", "write it under [intake.columns]"))
    "column 'email' is missing; write it under [intake.columns]"
    """

    exit_code = 1

    def __init__(self, problem: str, remedy: str) -> None:
        """Keep the sentence's two halves apart, so that machines can read both."""
        super().__init__(f"{problem}; {remedy}")
        self.problem = problem
        self.remedy = remedy


class SettingError(EntregaError, ValueError):
    """A setting or an argument is missing or wrong."""

    exit_code = 2


class InputRefusedError(EntregaError, ValueError):
    """A file cannot be used as it is."""

    exit_code = 3


class InterruptedRunError(EntregaError):
    """A run was stopped and can be resumed."""

    exit_code = 4


class WarehouseBusyError(EntregaError):
    """Another process holds the warehouse."""

    exit_code = 6


class GateClosedError(EntregaError):
    """A gate keeps a list back."""

    exit_code = 7


class ListExpiredError(EntregaError):
    """A clean list is past its time, or an older one was put in its place."""

    exit_code = 8


class ListBrokenError(EntregaError):
    """A clean list is not whole, or was changed after it was published."""

    exit_code = 9
