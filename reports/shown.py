"""What aggregated tables show: counts and amounts, but nothing of groups too small (rule L26)."""

from __future__ import annotations

from dataclasses import dataclass

from reports.language import NOTHING, Speech
from reports.summary import AgeingRow, ClassTally, CreditorSummary, Money, Tally


@dataclass(frozen=True, slots=True)
class Shown:
    """What aggregated tables show of small groups: fewer than `least` debtors stay unseen (L26).

    >>> from reports.language import load_speech
    >>> shown = Shown(load_speech("en"), least=5)
    >>> shown.count(0), shown.count(4), shown.count(1200)
    ('0', '<5', '1,200')
    """

    speech: Speech
    least: int

    def hides(self, debtors: int) -> bool:
        """Tell whether a cell of so many debtors must not be shown."""
        return 0 < debtors < self.least

    def count(self, debtors: int) -> str:
        """Return a count of debtors or addresses, or that it is too small to show."""
        return f"<{self.least}" if self.hides(debtors) else self.speech.number(debtors)

    def owed(self, debtors: int, amounts: tuple[Money, ...]) -> str:
        """Return what these debtors owe; a dash where they are too few or owe nothing."""
        return NOTHING if self.hides(debtors) else self.speech.amounts(amounts)

    def share(self, part: int, whole: int) -> str:
        """Return a part of a whole as a percentage, or a dash."""
        return NOTHING if not whole or self.hides(part) else self.speech.share(part / whole)

    def debtors(self, debtors: int) -> str:
        """Return a count with its noun."""
        sentences = self.speech.translations
        many = self.least if self.hides(debtors) else debtors
        noun = sentences.ngettext("%(count)s debtor", "%(count)s debtors", many)
        return noun % {"count": self.count(debtors)}

    def bucket(self, row: AgeingRow) -> str:
        """Return the name of an overdue bucket."""
        if row.since is None and row.until is None:
            return self.speech.text("no due date")
        if row.since is None:
            return self.speech.text("not due yet")
        if row.until is None:
            return self.speech.text("over %(days)s") % {"days": row.since - 1}
        return f"{row.since}\N{EN DASH}{row.until}"

    def weight(self, creditor: CreditorSummary, tally: Tally | ClassTally) -> float:
        """Return how long this tally's bar is: its share of the amount, 0..1.

        Several currencies have no common sum: there, and where nothing is owed, the share of the
        debtors stands instead.
        """
        if self.hides(tally.debtors):
            return 0.0
        if len(creditor.amounts) == 1 and creditor.amounts[0].amount > 0:
            owed = sum(float(money.amount) for money in tally.amounts)
            return max(0.0, owed / float(creditor.amounts[0].amount))
        return tally.debtors / creditor.debtors if creditor.debtors else 0.0
