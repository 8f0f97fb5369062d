"""Was the caller polite? Proved from the servers' own journals, not from the caller's.

    violations = audit(read_journals(folder), load_personalities())

A frame without rows means that no limit was broken. Refusals count what was answered 5xx to RCPT;
hours and days are sliding windows of policy time. After a caller was killed, two rules show its
death and not its manners: left_without_quit, and recipient_asked_again once per open session. The
system of a killed caller closes its connections there and then; that a server may take longer to
notice is judged by policy time (connects_after_a_cut), for on a virtual clock nobody waits for it.

A void session is one in which the server itself broke the protocol (a reply that is none, or more
replies than commands): it answers nothing, and whose turn it is cannot be told there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import polars as pl

from sandbox.limits import LIMITS, Limits
from sandbox.personality import Personality

VERBS: Final = ("EHLO", "HELO", "STARTTLS", "MAIL", "RCPT", "RSET", "QUIT")
"""The only words a caller needs who never sends a message."""

VIOLATIONS: Final = pl.Schema(
    {
        "rule": pl.String(),
        "host": pl.String(),
        "ip": pl.String(),  # null: the rule is about a whole host
        "session": pl.String(),  # null: the rule is about several
        "found": pl.Float64(),
        "allowed": pl.Float64(),
    },
)
"""One row per limit that was broken."""

_ENDS: Final = ("gone", "close")
"""What ends a session, the first of them: a busy server notices later than its system does."""

_HOUR: Final = 3_600.0
_LINE: Final = "[2-5][0-5][0-9]-[^\r\n]*"
_LAST: Final = "[2-5][0-5][0-9](?: [^\r\n]*)?"
_REPLY: Final = f"^(?:(?:{_LINE}\r\n)*{_LAST}\r\n|(?:{_LINE}\n)*{_LAST})$"
"""One whole reply, as sent or as the farm notes it, without its last line end."""
_TOO_LONG: Final = "[^\n]{1024}"  # twice what RFC 5321, 4.5.3.1.5 allows
_TOLERANCE: Final = 0.005  # seconds of spacing


def audit(
    journal: pl.DataFrame,
    personalities: Mapping[str, Personality],
    limits: Mapping[str, Limits] = LIMITS,
) -> pl.DataFrame:
    """Return every broken limit, VIOLATIONS' columns, sorted."""
    table = _limit_table(personalities, limits)
    events = journal.join(table, on="host", how="left", maintain_order="left").with_columns(
        # budgets of shared hosts belong to the host, of spread ones to the address
        pl.when("spread").then("ip").otherwise("host").alias("owner"),
        _is_void().any().over("session").alias("void"),
    )
    commands = events.filter(pl.col("event") == "command")
    recipients = commands.filter(pl.col("verb") == "RCPT").with_columns(
        pl.col("reply").str.starts_with("5").alias("refused"),
        pl.col("reply").str.starts_with("2").alias("accepted"),
    )
    found = [
        _never_asked(events),
        _tripped(events),
        *_manners(events, commands),
        *_per_session(recipients),
        _repeats(recipients),
        _spacing(events),
        _after_cuts(events),
        *_at_once(events),
        *_refusals_in(recipients),
        _asked_on(events, recipients),
    ]
    return pl.concat(found).sort("rule", "host", "ip", "session")


def _limit_table(
    personalities: Mapping[str, Personality],
    limits: Mapping[str, Limits],
) -> pl.DataFrame:
    names = list(Limits.__dataclass_fields__)
    rows = []
    for name, kind in personalities.items():
        own = limits[kind.caller_class]
        rows.append({"host": name, "spread": kind.spread, **{n: getattr(own, n) for n in names}})
    return pl.DataFrame(rows, schema_overrides={"unknown_share": pl.Float64, "spacing": pl.Float64})


def _is_void() -> pl.Expr:
    reply = pl.col("reply")
    last = reply.str.extract(r"(?:^|\n)(\d)[^\n]*\r?\n?$")
    said = pl.col("event").is_in(["banner", "command"]) & (reply != "")
    bad = ~reply.str.contains(_REPLY) | reply.str.contains(_TOO_LONG) | (reply.str.head(1) != last)
    return (said & bad).fill_null(value=False)


def _broken(
    frame: pl.DataFrame,
    rule: str,
    found: pl.Expr,
    allowed: pl.Expr,
    *,
    ip: str | None = "ip",
    session: str | None = "session",
) -> pl.DataFrame:
    return frame.select(
        pl.lit(rule).alias("rule"),
        pl.col("host"),
        (pl.col(ip) if ip else pl.lit(None, dtype=pl.String)).alias("ip"),
        (pl.col(session) if session else pl.lit(None, dtype=pl.String)).alias("session"),
        found.cast(pl.Float64).alias("found"),
        allowed.cast(pl.Float64).alias("allowed"),
    ).cast(VIOLATIONS)


def _never_asked(events: pl.DataFrame) -> pl.DataFrame:
    """Find connects to hosts that forbid being asked, or cannot answer."""
    asked = events.filter((pl.col("event") == "connect") & ~pl.col("may_be_asked"))
    return _broken(asked, "host_not_to_be_asked", pl.lit(1), pl.lit(0))


def _tripped(events: pl.DataFrame) -> pl.DataFrame:
    """Find connects outside the lab: the caller has no address guard."""
    tripped = events.filter((pl.col("event") == "connect") & (pl.col("host") == "tripwire"))
    return _broken(tripped, "forbidden_address", pl.lit(1), pl.lit(0))


def _manners(events: pl.DataFrame, commands: pl.DataFrame) -> list[pl.DataFrame]:
    """Find words out of turn, words out of the list, and leaving without QUIT."""
    early = events.filter((pl.col("event") == "early") & ~pl.col("void"))
    strange = commands.filter(~pl.col("verb").is_in(VERBS))
    greeted = events.filter((pl.col("event") == "banner") & pl.col("reply").str.starts_with("2"))
    rude = _left(events).join(greeted.select("session"), on="session", how="semi")
    return [
        _broken(early, "spoke_out_of_turn", pl.lit(1), pl.lit(0)),
        _broken(strange, "verb_outside_the_list", pl.lit(1), pl.lit(0)),
        _broken(rude, "left_without_quit", pl.lit(1), pl.lit(0)),
    ]


def _per_session(recipients: pl.DataFrame) -> list[pl.DataFrame]:
    sums = recipients.group_by("host", "ip", "session").agg(
        pl.len().alias("count"),
        pl.col("refused").sum(),
        pl.col("session_recipients", "session_refusals", "void").first(),
    )
    many = sums.filter(pl.col("count") > pl.col("session_recipients"))
    refused = sums.filter((pl.col("refused") > pl.col("session_refusals")) & ~pl.col("void"))
    return [
        _broken(many, "recipients_in_a_session", pl.col("count"), pl.col("session_recipients")),
        _broken(refused, "refusals_in_a_session", pl.col("refused"), pl.col("session_refusals")),
    ]


def _repeats(recipients: pl.DataFrame) -> pl.DataFrame:
    """Find addresses asked again though a clear answer had been given.

    Once more in the same session is allowed: an address made up to see whether the host still
    refuses anything is asked after the first acceptance and after the last.
    """
    answers = recipients.sort("ns")
    clear = ((pl.col("refused") | pl.col("accepted")) & ~pl.col("void")).cast(pl.Int64)
    told = answers.with_columns(
        (clear.cum_sum() - clear).over("host", "arg").alias("told"),
        (clear.cum_sum() - clear).over("host", "arg", "session").alias("told_here"),
    )
    again = told.filter((pl.col("told") > pl.col("told_here")) | (pl.col("told_here") > 1))
    return _broken(again, "recipient_asked_again", pl.col("told") + 1, pl.lit(1))


def _spacing(events: pl.DataFrame) -> pl.DataFrame:
    """Find connects to one address too close in policy time."""
    connects = events.filter(pl.col("event") == "connect").sort("ip", "ns")
    gap = (pl.col("at") - pl.col("at").shift(1)).over("ip")
    close = connects.with_columns(gap.alias("gap")).filter(
        pl.col("gap") < pl.col("spacing") - _TOLERANCE,
    )
    return _broken(close, "connects_too_close", pl.col("gap"), pl.col("spacing"))


def _after_cuts(events: pl.DataFrame) -> pl.DataFrame:
    """Find connects to an address whose server may still hold a session that was cut off."""
    connects = events.filter(pl.col("event") == "connect").sort("ns")
    ends = events.filter(pl.col("event").is_in(_ENDS)).sort("ns").unique("session", keep="first")
    begun = connects.select("session", pl.col("at").alias("begun"))
    cuts = _left(events).select("session").join(begun, on="session").join(ends, on="session")
    after = connects.join_asof(
        cuts.select("ip", "ns", "begun").sort("ns"), on="ns", by="ip", check_sortedness=False
    )
    gap = pl.col("at") - pl.col("begun")
    soon = after.filter(gap < pl.col("cut_off") - _TOLERANCE)
    return _broken(soon, "connects_after_a_cut", gap, pl.col("cut_off"))


def _left(events: pl.DataFrame) -> pl.DataFrame:
    """Return the ends of sessions that the caller left without a word.

    What has become, or was to become, TLS without coming to it carries no QUIT.
    """
    last = events.filter(pl.col("event") == "command").group_by("session", maintain_order=True)
    handshakes = last.last().filter(
        (pl.col("verb") == "STARTTLS") & pl.col("reply").str.starts_with("2")
    )
    left = events.filter((pl.col("event") == "close") & (pl.col("by") == "peer") & ~pl.col("void"))
    return left.join(handshakes.select("session"), on="session", how="anti")


def _at_once(events: pl.DataFrame) -> list[pl.DataFrame]:
    """Find more sessions open at once than allowed: at an address, a host, a /24, in all."""
    steps = (
        events.filter(pl.col("event").is_in(["connect", *_ENDS]))
        .with_columns(pl.when(pl.col("event") == "connect").then(1).otherwise(-1).alias("step"))
        .sort("ns")
        .unique(["session", "step"], keep="first", maintain_order=True)
        .with_columns(pl.col("ip").str.replace(r"[^.]*$", "").alias("network"))
        .with_columns(
            pl.col("step").cum_sum().over("ip").alias("at_ip"),
            pl.col("step").cum_sum().over("owner").alias("at_host"),
            pl.col("step").cum_sum().over("network").alias("at_network"),
            pl.col("step").cum_sum().alias("at_all"),
        )
    )
    return [
        _broken(steps.filter(pl.col(found) > pl.col(most)), rule, pl.col(found), pl.col(most))
        for rule, found, most in (
            ("connections_at_an_address", "at_ip", "ip_connections"),
            ("connections_at_a_host", "at_host", "host_connections"),
            ("connections_in_a_network", "at_network", "network_connections"),
            ("connections_in_all", "at_all", "all_connections"),
        )
    ]


def _refusals_in(recipients: pl.DataFrame) -> list[pl.DataFrame]:
    """Find more refusals than a sliding hour or day allows."""
    refused = recipients.filter(pl.col("refused") & ~pl.col("void")).sort("owner", "ns")
    broken = []
    for rule, span, limit in (
        ("refusals_in_an_hour", _HOUR, "hour_refusals"),
        ("refusals_in_a_day", 24 * _HOUR, "day_refusals"),
    ):
        # the refusal `limit` places before this one must lie outside the window
        place = pl.int_range(pl.len()).over("owner")
        ranked = refused.with_columns(place.alias("place"))
        before = ranked.select("owner", "place", pl.col("at").alias("then"))
        paired = ranked.with_columns((pl.col("place") - pl.col(limit)).alias("earlier")).join(
            before,
            left_on=["owner", "earlier"],
            right_on=["owner", "place"],
            how="inner",
        )
        over = paired.filter(pl.col("at") - pl.col("then") < span)
        broken.append(_broken(over, rule, pl.col(limit) + 1, pl.col(limit)))
    return broken


def _asked_on(events: pl.DataFrame, recipients: pl.DataFrame) -> pl.DataFrame:
    """Find recipients of sessions begun though too many before were unknown.

    Counts begin anew 24 hours after a host was first asked. Sessions that are open when the
    share is passed may go on.
    """
    day = ((pl.col("at") - pl.col("at").min().over("owner")) / (24 * _HOUR)).floor()
    running = (
        recipients.sort("ns")
        .with_columns(day.alias("day"))
        .select(
            "owner",
            "ns",
            (pl.int_range(pl.len()).over("owner", "day") + 1).alias("asked"),
            pl.col("refused").cast(pl.Int64).cum_sum().over("owner", "day").alias("unknown"),
        )
    )
    begun = events.filter(pl.col("event") == "connect").sort("ns")
    before = begun.join_asof(running, on="ns", by="owner", check_sortedness=False)
    share = pl.col("unknown") / pl.col("asked")
    many = pl.col("asked") >= pl.col("unknown_least")
    late = before.filter(many & (share > pl.col("unknown_share"))).select(
        "session", share.alias("share")
    )
    found = recipients.join(late, on="session", how="inner")
    return _broken(found, "unknown_share", pl.col("share"), pl.col("unknown_share"))
