"""From the rows of any format to events, or to the reasons why they are none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import polars as pl

from checks.frames import shaped
from data.feedback.addresses import normalised_addresses
from data.feedback.events import EVENT_TYPES, EVENTS
from data.feedback.signatures import bears_signature
from data.hashing import keyed_hash
from data.intake.tables import FAULTS

_LONGEST_DIAGNOSTIC: Final = 500
_ADDRESS_IN_TEXT: Final = r"<?[^\s<>()\[\]\"',;:]+@[^\s<>()\[\]\"',;:]+>?"
_CODE: Final = r"^[245]\d{2}$"
_ENHANCED: Final = r"^[245]\.\d{1,3}\.\d{1,3}$"  # RFC 3463 section 2
_PERMANENCES: Final = ("hard", "soft", "none")
_EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
_CLOCK_SKEW: Final = timedelta(days=1)
_LINK_CHARACTERS: Final = 12
_IDENTITY: Final = (
    "message_key",
    "address",
    "event",
    "occurred_at",
    "permanence",
    "smtp_code",
    "enhanced",
    "diagnostic",
    "provider_id",
)
_FIELD_MARK: Final = "\x1f"  # the ASCII unit separator; fields hold no control characters


def judge_rows(
    rows: pl.DataFrame,
    messages: pl.DataFrame,
    hash_key: bytes,
    *,
    creditor_id: str,
    latest: datetime | None,
    signing_key: bytes | None = None,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return EVENTS, and FAULTS with the column that makes a row none.

    `rows` is ROWS. Faults are `no_recipient`, `unproven` (anybody could have written it and it
    has no message key), `unknown_message_key`, `bad_address`, `unknown_event`, `bad_time`,
    `bad_permanence`, `bad_code`, `bad_enhanced`, and `bad_signature` where a signing key is
    given. Equal events have equal `event_id`, whatever file they stand in.
    """
    checked = rows.with_columns(is_signed=bears_signature(rows, signing_key))
    judged = (
        checked.pipe(_clean, hash_key)
        .pipe(_with_recipient, messages, creditor_id)
        .with_columns(_fault(latest))
    )
    refused = judged.filter(pl.col("fault").is_not_null())
    events = judged.filter(pl.col("fault").is_null())
    events = events.with_columns(event_id=keyed_hash(hash_key, _identity(events)))
    events = shaped(events, EVENTS).unique(("creditor_id", "event_id"))
    faults = refused.select("line", "fault").unnest("fault")
    return events.sort("creditor_id", "event_id"), shaped(faults, FAULTS)


def _clean(rows: pl.DataFrame, hash_key: bytes) -> pl.DataFrame:
    """Trim texts and give codes their type; of what cannot be read only `raw_...` tells."""
    texts = pl.col(pl.String).str.strip_chars()
    rows = rows.with_columns(pl.when(texts != "").then(texts).name.keep())
    code, enhanced = pl.col("smtp_code"), pl.col("enhanced")
    scrubbed = pl.col("diagnostic").str.replace_all(_ADDRESS_IN_TEXT, "<address>")
    # a link may open the invoice for whoever has it; two are told apart by their hashes
    link = "link " + keyed_hash(hash_key, rows["link"]).str.slice(0, _LINK_CHARACTERS)
    return rows.with_columns(
        pl.col("event", "permanence").str.to_lowercase(),
        pl.col("smtp_code", "enhanced").name.prefix("raw_"),
        smtp_code=pl.when(code.str.contains(_CODE)).then(code).cast(pl.Int64, strict=False),
        enhanced=pl.when(enhanced.str.contains(_ENHANCED)).then(enhanced),
        diagnostic=scrubbed.str.replace_all(r"\p{Cc}+", " ").str.slice(0, _LONGEST_DIAGNOSTIC),
        link=link,
    ).with_columns(
        pl.col("permanence").fill_null("none"),
        pl.coalesce("diagnostic", "link").alias("diagnostic"),
    )


def _with_recipient(rows: pl.DataFrame, messages: pl.DataFrame, creditor_id: str) -> pl.DataFrame:
    """Say whom each row is about: by its message key, else by its address."""
    known = messages.select("message_key", "creditor_id", keyed_address="address")
    named = rows.filter(pl.col("message_key").is_null()).get_column("email").unique()
    addresses = normalised_addresses(named).insert_column(0, named)
    by_key = pl.col("message_key").is_not_null()
    return (
        rows.join(known.unique("message_key"), on="message_key", how="left")
        .join(addresses, on="email", how="left")
        .with_columns(
            address=pl.when(by_key).then("keyed_address").otherwise("address"),
            creditor_id=pl.when(by_key).then("creditor_id").otherwise(pl.lit(creditor_id)),
        )
    )


def _fault(latest: datetime | None) -> pl.Expr:
    time, keyed = pl.col("occurred_at"), pl.col("message_key").is_not_null()
    bad_time = time.is_null() | (time < _EARLIEST)
    if latest is not None:
        bad_time |= time > latest + _CLOCK_SKEW
    unread = {
        name: pl.col(f"raw_{name}").is_not_null() & pl.col(name).is_null()
        for name in ("smtp_code", "enhanced")
    }
    faults = (
        ("bad_signature", "signature", ~pl.col("is_signed")),
        ("unproven", "message_key", ~keyed & pl.col("needs_key").fill_null(value=False)),
        ("no_recipient", "email", ~keyed & pl.col("email").is_null()),
        ("unknown_message_key", "message_key", keyed & pl.col("address").is_null()),
        ("bad_address", "email", ~keyed & ~pl.col("is_possible")),
        ("unknown_event", "event", ~pl.col("event").is_in(EVENT_TYPES).fill_null(value=False)),
        ("bad_time", "occurred_at", bad_time),
        ("bad_permanence", "permanence", ~pl.col("permanence").is_in(_PERMANENCES)),
        ("bad_code", "smtp_code", unread["smtp_code"]),
        ("bad_enhanced", "enhanced", unread["enhanced"]),
    )
    return pl.coalesce(
        pl.when(holds).then(pl.struct(reason=pl.lit(reason), detail=pl.lit(column)))
        for reason, column, holds in faults
    ).alias("fault")


def _identity(events: pl.DataFrame) -> pl.Series:
    """Return what makes an event this one: its recipient as named, what happened, and when.

    The provider's own id is only a part of it: two rows that share an id and differ would
    otherwise end in whichever came first.
    """
    named_as = pl.when(pl.col("message_key").is_null()).then("address").alias("address")
    parts = events.with_columns(named_as).select(
        pl.col(name).cast(pl.String).fill_null("").alias(name) for name in _IDENTITY
    )
    return parts.select(pl.concat_str(pl.all(), separator=_FIELD_MARK)).to_series()
