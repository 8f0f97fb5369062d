"""What to do next: at most ten lines, each an action, how many debtors and which amount."""

from __future__ import annotations

from typing import Final

import polars as pl

from checks.model import Decision, DecisionReason
from reports.summary import Tally
from reports.tallies import in_currency, tally

MOST_LINES: Final = 10

ACTION_OF: Final[dict[DecisionReason, str]] = {
    DecisionReason.CONFIDENT: "send_now",
    DecisionReason.NEUTRAL_OWNERSHIP: "send_neutral",
    DecisionReason.NEUTRAL_UNCONFIRMED: "send_neutral",
    DecisionReason.NEUTRAL_HOUSEHOLD: "send_neutral",
    DecisionReason.REVIEW_THIRD_PARTY: "review_third_party",
    DecisionReason.REVIEW_REPAIR: "review_repair",
    DecisionReason.REVIEW_FRAUD: "review_fraud",
    DecisionReason.HOLD_RETRY: "run_again",
    DecisionReason.HOLD_CANARY: "wait_for_canary",
    DecisionReason.HOLD_GATE: "feed_events",
    DecisionReason.HOLD_SETTING: "complete_settings",
}
"""What a person can do about debtors decided for this reason.

Suppressed and blocked debtors have no action of their own: where a phone is left they are met
under the other channels.
"""

ACTION_OF_PERSON: Final = {
    Decision.SEND: "send_now",
    Decision.SEND_NEUTRAL: "send_neutral",
}
"""What is left to do where a person decided; a person who waits knows for what."""

ACTION_OF_CHANNEL: Final = {
    "whatsapp": "use_whatsapp",
    "sms": "use_sms",
    "voice": "use_voice",
    "letter": "use_letter",
}

ACTIONS: Final = tuple(
    dict.fromkeys((*ACTION_OF.values(), *ACTION_OF_CHANNEL.values(), "find_contact"))
)


def advise(view: pl.DataFrame) -> tuple[Tally, ...]:
    """Return the actions open for these debtors, the largest amount first.

    Amounts are compared in the currency most debtors owe in; then by debtors, then by name.
    """
    lines = view.with_columns(_action().alias("action")).filter(pl.col("action") != "")
    found = [Tally(g.words[0], g.debtors, g.amounts) for g in tally(lines, ["action"])]
    currency = _main_currency(view)
    found.sort(
        key=lambda line: (-in_currency(line.amounts, currency).amount, -line.debtors, line.word)
    )
    return tuple(found[:MOST_LINES])


def _action() -> pl.Expr:
    by_reason = pl.col("decision_reason").replace_strict(ACTION_OF, default="")
    by_person = pl.col("decision").replace_strict(ACTION_OF_PERSON, default="")
    by_channel = pl.col("other_channel").replace_strict(ACTION_OF_CHANNEL, default="find_contact")
    elsewhere = pl.col("decision") == Decision.OTHER_CHANNEL
    overridden = pl.col("decision_reason") == DecisionReason.OVERRIDDEN
    return pl.when(elsewhere).then(by_channel).when(overridden).then(by_person).otherwise(by_reason)


def _main_currency(view: pl.DataFrame) -> str:
    counts = view.drop_nulls("currency").group_by("currency").len()
    ranked = counts.sort(["len", "currency"], descending=[True, False])["currency"].to_list()
    return str(ranked[0]) if ranked else ""
