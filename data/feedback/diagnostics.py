"""What bounces say, read by the same reply rules as the answers to our own probes."""

from __future__ import annotations

import re
from typing import Final

import polars as pl

from checks.mailbox.judge import judge_recipient
from checks.mailbox.reply import Reply, reply_of_diagnostic
from checks.model import Reason
from data.reference.smtp_replies import load_reply_rules

_SAID: Final = ("smtp_code", "enhanced", "diagnostic")
_REPLY: Final = re.compile(r"(?:^|[;:(])\s{0,3}([245]\d\d[ -].*)", re.DOTALL)
_CODE_OF_CLASS: Final = {"2": 250, "4": 450, "5": 550}


def read_diagnostics(events: pl.DataFrame) -> pl.Series:
    """Return for each of EVENTS the reason its bounce speaks of; null: no bounce, or unreadable.

    >>> said = pl.DataFrame({"event": ["bounced", "bounced", "delivered"],
    ...     "smtp_code": [None, 550, 250], "enhanced": ["5.2.2", None, None],
    ...     "diagnostic": [None, "550 usuario desconhecido", "250 ok"]})
    >>> read_diagnostics(said).to_list()
    ['mailbox_full', 'mailbox_not_found', None]
    """
    is_bounce = pl.col("event").eq("bounced")
    said = events.select(*_SAID).filter(events.select(is_bounce).to_series()).unique()
    read = [_reason(*row) for row in said.iter_rows()]
    known = said.with_columns(reason=pl.Series(read, dtype=pl.String))
    joined = events.select("event", *_SAID).join(
        known, on=_SAID, how="left", nulls_equal=True, maintain_order="left"
    )
    return joined.select(pl.when(is_bounce).then("reason").alias("reason")).to_series()


def _reason(code: int | None, enhanced: str | None, diagnostic: str | None) -> str | None:
    reply = _reply(code, enhanced, diagnostic or "")
    if reply is None:
        return None
    reason = judge_recipient(reply, "", load_reply_rules()).reason
    unread = {Reason.AMBIGUOUS_REPLY, Reason.PROTOCOL_ERROR, Reason.MAILBOX_ACCEPTED}
    return None if reason in unread else reason.value


def _reply(code: int | None, enhanced: str | None, diagnostic: str) -> Reply | None:
    """Return the reply that a bounce quotes, its codes from beside the text where it has none."""
    quoted = _REPLY.search(diagnostic)
    reply = reply_of_diagnostic(quoted[1]) if quoted else None
    if reply is None or (code is not None and reply.code != code):
        code = code or _CODE_OF_CLASS.get((enhanced or "")[:1])
        if code is None:
            return None
        reply = Reply(code, (diagnostic,))
    if enhanced and reply.enhanced is None and int(enhanced[0]) == reply.code // 100:
        return Reply(reply.code, (f"{enhanced} {reply.text}",))
    return reply
