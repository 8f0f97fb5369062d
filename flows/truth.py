"""How a demo's verdicts, decisions and forecast compare with the sandbox's truth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from checks.model import Decision, Verdict
from sandbox.portfolio import Truth

DELIVERIES = ("delivered", "soft_bounce", "hard_bounce")
MEANS = {
    "mailbox_accepted": "exists",
    "mailbox_not_found": "absent",
    "mailbox_disabled": "disabled",
    "mailbox_full": "full",
}
"""What the reasons of an answered question say of the mailbox."""
MAILBOXES = ("exists", "full", "disabled", "absent", "no_route")


@dataclass(frozen=True, slots=True)
class Comparison:
    """Counts against the truth; frames are small and hold words and numbers only."""

    verdicts: pl.DataFrame  # verdict x state of the mailbox, distinct addresses
    decisions: pl.DataFrame  # decision x what a delivery would do, chosen contacts
    condemned_alive: int  # existing mailboxes called undeliverable
    to_strangers: int  # `send` rows whose mailbox belongs to somebody else
    sent: int
    true_bounces: int  # hard ones: what the gate foretells
    put_off: int  # soft ones
    asked_honest: int  # addresses with a server's answer, at hosts that refuse unknown users
    asked_true: int  # of them, those whose answer is the truth

    @property
    def true_rate(self) -> float | None:
        """Share of what is sent that bounces for good; None where nothing is sent."""
        return self.true_bounces / self.sent if self.sent else None


def compare(contacts: pl.DataFrame, debtors: pl.DataFrame, truth: Truth) -> Comparison:
    """Compare CONTACTS and DECIDED_DEBTORS (after the gate) of a demo with its truth."""
    known = truth.addresses.select("address", "domain", "mailbox", "delivery")
    judged = (
        contacts.drop_nulls("email")
        .unique("email")
        .join(known, left_on="email", right_on="address")
    )
    chosen = debtors.drop_nulls("email").join(known, left_on="email", right_on="address")
    sent = chosen.filter(pl.col("decision").is_in([Decision.SEND, Decision.SEND_NEUTRAL]))
    reached = truth.contacts.select("debtor_id", "asked", "reaches_debtor").unique(
        ["debtor_id", "asked"]
    )
    strangers = (
        chosen.filter(pl.col("decision") == Decision.SEND)
        .join(reached, left_on=["debtor_id", "email"], right_on=["debtor_id", "asked"])
        .filter(~pl.col("reaches_debtor"))
    )
    honest = truth.domains.filter(~pl.col("accepts_all") & ~pl.col("keeps_all")).select("domain")
    answered = judged.filter(pl.col("reason").is_in(sorted(MEANS))).join(
        honest, on="domain", how="semi"
    )
    alive = pl.col("mailbox") == "exists"
    condemned = judged.filter(alive & (pl.col("verdict") == Verdict.UNDELIVERABLE))
    return Comparison(
        verdicts=_crossed(
            judged, "verdict", [word.value for word in Verdict], "mailbox", MAILBOXES
        ),
        decisions=_crossed(
            chosen, "decision", [word.value for word in Decision], "delivery", DELIVERIES
        ),
        condemned_alive=condemned.height,
        to_strangers=strangers.height,
        sent=sent.height,
        true_bounces=sent.filter(pl.col("delivery") == "hard_bounce").height,
        put_off=sent.filter(pl.col("delivery") == "soft_bounce").height,
        asked_honest=answered.height,
        asked_true=answered.filter(_is_true()).height,
    )


def _is_true() -> pl.Expr:
    """Tell answers that are the truth; a disabled mailbox may be said not to exist."""
    said = pl.col("reason").replace_strict(MEANS, default=None, return_dtype=pl.String)
    gone = ["absent", "disabled"]
    both_gone = said.is_in(gone) & pl.col("mailbox").is_in(gone)
    return (said == pl.col("mailbox")) | both_gone


def _crossed(
    frame: pl.DataFrame,
    rows: str,
    row_words: list[str],
    columns: str,
    column_words: tuple[str, ...],
) -> pl.DataFrame:
    counted = frame.group_by(rows).agg(
        (pl.col(columns) == word).sum().cast(pl.Int64).alias(word) for word in column_words
    )
    order = pl.DataFrame({rows: row_words})
    return order.join(counted, on=rows, how="left", maintain_order="left").fill_null(0)


def comparison_lines(found: Comparison, predicted: list[float] | None) -> Iterator[str]:
    """Yield the comparison as text tables."""
    yield "verdict against truth (distinct addresses)"
    yield from _table(found.verdicts)
    yield "decision against truth (what a delivery to the chosen address would do)"
    yield from _table(found.decisions)
    yield f"existing mailboxes called undeliverable: {found.condemned_alive}"
    if found.asked_honest:
        share = 100 * found.asked_true / found.asked_honest
        yield f"answers of honest hosts that are true: {share:.1f} % of {found.asked_honest:,}"
    yield f"debts told to somebody else's mailbox: {found.to_strangers} of {found.sent} messages"
    if found.true_rate is None or predicted is None:
        yield "hard bounces of the list: nothing is sent"
        return
    rate, low, high = (100 * share for share in predicted)
    yield (
        f"hard bounces of the list: predicted {rate:.2f} % ({low:.2f} to {high:.2f} %), "
        f"true {100 * found.true_rate:.2f} % ({found.true_bounces} of {found.sent:,}; "
        f"{found.put_off} more bounced softly)"
    )


def _table(frame: pl.DataFrame) -> Iterator[str]:
    widths = [max(14, len(name) + 2) for name in frame.columns[1:]]
    first, *others = frame.columns
    pairs = zip(others, widths, strict=True)
    yield f"  {first:<15}" + "".join(f"{name:>{width}}" for name, width in pairs)
    for row in frame.iter_rows():
        cells = "".join(f"{cell:>{width},}" for cell, width in zip(row[1:], widths, strict=True))
        yield f"  {row[0]:<15}{cells}"
