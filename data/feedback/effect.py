"""What one delivery event means for its address: judged by type, permanence and codes."""

from __future__ import annotations

from typing import Final

import polars as pl

DELIVERED: Final = "delivered"
HARD: Final = "hard"
SOFT: Final = "soft"
CONFIRMED: Final = "confirmed"

_HUMAN: Final = ("clicked", "downloaded", "replied")
"""A person did it; opens are left out, mail programs open by themselves."""

_MAILBOX_GONE: Final = r"^5\.1\.(?:0|1|2|3|6|10)$|^5\.2\.1$"
"""Bad, moved or disabled mailbox, bad domain (RFC 3463 sections 3.2 and 3.3, RFC 7505)."""


def effect_of_event() -> pl.Expr:
    """Return an expression over EVENTS: delivered, hard, soft, confirmed, or null for none.

    A refusal counts against the address only where it is about the mailbox:

    1. enhanced X.7.Z is about the sender (policy, reputation), X.5.Z and X.6.Z about our
       message, whatever the permanence (RFC 3463 sections 3.6 to 3.8): no effect;
    2. hard needs permanence "hard", no 4xx code that contradicts it, and an enhanced code that
       says the mailbox is gone, or none at all;
    3. any other bounce (mailbox full, routing, no permanence told) is soft.

    >>> rows = pl.DataFrame({
    ...     "event": ["bounced", "bounced", "bounced", "delivered", "opened"],
    ...     "permanence": ["hard", "hard", "hard", "none", "none"],
    ...     "smtp_code": [550, 550, None, 250, None],
    ...     "enhanced": ["5.1.1", "5.7.1", "5.2.2", None, None]})
    >>> rows.select(effect_of_event())["effect"].to_list()
    ['hard', None, 'soft', 'delivered', None]
    """
    event, code = pl.col("event"), pl.col("smtp_code").fill_null(0)
    enhanced = pl.col("enhanced").fill_null("")
    bounced = event.eq("bounced")
    temporary = code.is_between(400, 499) | enhanced.str.starts_with("4.")
    gone = enhanced.eq("") | enhanced.str.contains(_MAILBOX_GONE)
    hard = pl.col("permanence").eq("hard") & ~temporary & gone
    return (
        pl.when(event.eq("delivered"))
        .then(pl.lit(DELIVERED))
        .when(event.is_in(_HUMAN))
        .then(pl.lit(CONFIRMED))
        .when(bounced & enhanced.str.contains(r"^[245]\.[567]\."))
        .then(None)
        .when(bounced & hard)
        .then(pl.lit(HARD))
        .when(bounced)
        .then(pl.lit(SOFT))
        .otherwise(None)
        .alias("effect")
    )
