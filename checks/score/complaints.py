"""What past complaints make of the next list: nothing, a canary first, or a closed gate.

Gmail asks senders to stay below 0.10 % reported spam and never to reach 0.30 %, and helps none
before 7 days below that (Email sender guidelines, support.google.com/a/answer/81126); Yahoo
enforces the same 0.3 % (Sender Best Practices, senders.yahooinc.com).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from checks.model import DecisionReason
from checks.score.trim import Cut, GateColour, GateLimits, GateReason

COMPLAINT_WINDOW: Final = timedelta(days=30)
"""How far back complaints count.

A week, as providers count, may hold no message at all where lists leave once a month, and feedback
loops report late; after a month without complaints a sender deserves its whole list again.
"""
_LEAST_COMPLAINTS: Final = 2  # one says something of that person, two of the list
_ONE_TAIL: Final = 0.025  # of a two-sided 95 % interval


@dataclass(frozen=True, slots=True)
class ComplaintHistory:
    """How many of a creditor's messages arrived in the window, and how many were complained of."""

    messages: int = 0
    complaints: int = 0


def colour_complaints(history: ComplaintHistory, limits: GateLimits) -> GateColour:
    """Judge a share of complaints; few messages never close a gate by chance.

    Red needs the share observed and, beside it, the lower end of its exact 95 % interval (Clopper
    and Pearson 1934) above the amber limit: of 1,000 messages 3 complaints are amber, 4 are red.

    >>> colour_complaints(ComplaintHistory(messages=50, complaints=1), GateLimits()).value
    'green'
    >>> colour_complaints(ComplaintHistory(messages=1000, complaints=4), GateLimits()).value
    'red'
    """
    if history.complaints < _LEAST_COMPLAINTS:
        return GateColour.GREEN
    share = history.complaints / max(history.messages, history.complaints)
    by_chance = _chance_of_as_many(history, limits.complaints_amber)
    if share >= limits.complaints_red and by_chance <= _ONE_TAIL:
        return GateColour.RED
    return GateColour.AMBER if share >= limits.complaints_amber else GateColour.GREEN


def cut_after_complaints(cut: Cut, colour: GateColour, canary: int) -> Cut:
    """Return the cut with no more than a canary where complaints are amber.

    Trimming the worst scores helps nothing here: people who complain have good mailboxes. A lot
    shows whether a milder text or fewer messages helped before the rest follows.
    """
    if colour is not GateColour.AMBER or cut.count is None:
        return cut
    told = tuple(reason for reason in cut.reasons if reason is not GateReason.WITHIN_LIMIT)
    noted = replace(cut, reasons=(GateReason.COMPLAINTS, *told))
    if cut.count <= canary:
        return noted
    return replace(noted, count=canary, sure=None, rest=DecisionReason.HOLD_CANARY)


def _chance_of_as_many(history: ComplaintHistory, share: float) -> float:
    """Return the binomial chance of at least so many complaints at a true share.

    >>> round(_chance_of_as_many(ComplaintHistory(messages=1000, complaints=3), 0.001), 3)
    0.08
    """
    count = max(history.messages, history.complaints)
    fewer = (
        math.exp(
            math.lgamma(count + 1)
            - math.lgamma(place + 1)
            - math.lgamma(count - place + 1)
            + place * math.log(share)
            + (count - place) * math.log1p(-share)
        )
        for place in range(history.complaints)
    )
    return max(0.0, 1.0 - math.fsum(fewer))
