"""What one delivery event means for its address: judged by type, permanence, codes and text."""

from __future__ import annotations

from typing import Final

import polars as pl

from checks.model import VERDICT_OF, Reason, Verdict

DELIVERED: Final = "delivered"
HARD: Final = "hard"
SOFT: Final = "soft"
CONFIRMED: Final = "confirmed"

_HUMAN: Final = ("clicked", "downloaded", "replied")
"""A person did it; opens are left out, mail programs open by themselves."""

_MAILBOX_GONE: Final = r"^5\.1\.(?:0|1|2|3|6|10)$|^5\.2\.1$"
"""Bad, moved or disabled mailbox, bad domain (RFC 3463 sections 3.2 and 3.3, RFC 7505)."""

_CONDEMNING: Final = [
    reason.value for reason, verdict in VERDICT_OF.items() if verdict is Verdict.UNDELIVERABLE
]
_ABOUT_US: Final = [Reason.OUR_SIDE_BLOCKED, Reason.POLICY_REFUSAL, Reason.RATE_LIMITED]


def effect_of_event() -> pl.Expr:
    """Return an expression over EVENTS with `reason`: delivered, hard, soft, confirmed, or null.

    `reason` is what the reply rules read in a bounce, null where they read nothing. A refusal
    counts against the address only where it is about the mailbox:

    1. a reason that is about us, an enhanced X.7.Z (policy, reputation), X.5.Z and X.6.Z (our
       message), whatever the permanence (RFC 3463 sections 3.6 to 3.8): no effect;
    2. hard is a reason that condemns, unless the report itself calls the bounce soft;
    3. without a reason hard needs permanence "hard", no 4xx code that contradicts it, and an
       enhanced code that says the mailbox is gone, or none at all;
    4. any other bounce (mailbox full, routing, no permanence told) is soft.

    >>> rows = pl.DataFrame({
    ...     "event": ["bounced"] * 4, "permanence": ["hard"] * 3 + ["none"],
    ...     "smtp_code": [550, 550, None, 550], "enhanced": ["5.1.1", "5.7.1", "5.2.2", None],
    ...     "reason": [None, None, "mailbox_full", "mailbox_not_found"]})
    >>> rows.select(effect_of_event())["effect"].to_list()
    ['hard', None, 'soft', 'hard']
    """
    event, code = pl.col("event"), pl.col("smtp_code").fill_null(0)
    enhanced, reason = pl.col("enhanced").fill_null(""), pl.col("reason").fill_null("")
    bounced, condemned = event.eq("bounced"), reason.is_in(_CONDEMNING)
    temporary = code.is_between(400, 499) | enhanced.str.starts_with("4.")
    gone = enhanced.eq("") | enhanced.str.contains(_MAILBOX_GONE)
    told = reason.eq("") & pl.col("permanence").eq("hard") & ~temporary & gone
    about_us = reason.is_in(_ABOUT_US) | (~condemned & enhanced.str.contains(r"^[245]\.[567]\."))
    return (
        pl.when(event.eq("delivered"))
        .then(pl.lit(DELIVERED))
        .when(event.is_in(_HUMAN))
        .then(pl.lit(CONFIRMED))
        .when(bounced & about_us)
        .then(None)
        .when(bounced & ((condemned & pl.col("permanence").ne("soft")) | told))
        .then(pl.lit(HARD))
        .when(bounced)
        .then(pl.lit(SOFT))
        .otherwise(None)
        .alias("effect")
    )
