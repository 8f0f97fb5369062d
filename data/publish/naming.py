"""What a clean list is called, and its messages: names made from the content alone."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import polars as pl

from checks.frames import RECIPIENTS, RECIPIENTS_NEUTRAL, empty, shaped
from checks.model import GateState
from checks.score import Exposure, Force, Lots
from data.feedback.events import MESSAGES
from data.hashing import keyed_hash
from data.publish.dialect import csv_bytes

SCHEMA_VERSION: Final = 1
_NAMES: Final = ("schema_version", "list_id", "message_key")
_ORDER: Final = ("creditor_id", "debtor_id")
_CHUNK_ROWS: Final = 100_000


@dataclass(frozen=True, slots=True)
class BounceForecast:
    """The predicted hard-bounce rate of a list and its 95 % interval, all in 0..1."""

    rate: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class ListFacts:
    """What a manifest says of a list besides its content."""

    creditor_id: str
    as_of: datetime
    expires_at: datetime
    gate: GateState
    creditor_name: str = ""
    gate_reasons: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)  # held, suppressed, ...
    predicted_bounce: BounceForecast | None = None
    lots: Lots | None = None  # null: all messages may leave at once
    exposure: Exposure | None = None  # what the limit of exposure did
    digests: Mapping[str, str] = field(default_factory=dict)  # input, configuration, ...: sha256
    lab_networks: tuple[str, ...] = ()
    forced: Force | None = None  # who overruled the gate


@dataclass(frozen=True, slots=True)
class CleanList:
    """A list with its name, ready to be registered and published; made by `name_list`."""

    list_id: str
    facts: ListFacts
    recipients: pl.DataFrame
    recipients_neutral: pl.DataFrame

    @property
    def tables(self) -> dict[str, pl.DataFrame]:
        """The frames by the names of their files."""
        return {"recipients": self.recipients, "recipients_neutral": self.recipients_neutral}

    @property
    def messages(self) -> pl.DataFrame:
        """Whom each message key stands for, as MESSAGES."""
        both = [
            shaped(frame.with_columns(address="email", neutral=neutral), MESSAGES)
            for frame, neutral in (
                (self.recipients, pl.lit(value=False)),
                (self.recipients_neutral, pl.lit(value=True)),
            )
        ]
        return pl.concat(both).sort("message_key")


def name_list(
    facts: ListFacts, recipients: pl.DataFrame, recipients_neutral: pl.DataFrame
) -> CleanList:
    """Sort a list and give it and its messages their names.

    The frames are RECIPIENTS and RECIPIENTS_NEUTRAL; `schema_version`, `list_id` and
    `message_key` may be missing and are written anew. Names depend on creditor, UTC day of
    `as_of`, gate and rows, nothing else: the same run, resumed or repeated that day with its rows
    in any order, gives the same list, here and on any other machine. A closed list keeps no rows.
    Raises ValueError for a row of another creditor, without an address, or a debtor twice.
    """
    if facts.gate is GateState.CLOSED:
        recipients, recipients_neutral = empty(RECIPIENTS), empty(RECIPIENTS_NEUTRAL)
    body = _body(recipients, RECIPIENTS)
    body_neutral = _body(recipients_neutral, RECIPIENTS_NEUTRAL)
    _check_rows(facts.creditor_id, body, body_neutral)
    content = _content_digest(facts, body, body_neutral)
    list_id = f"{facts.as_of.astimezone(UTC):%Y%m%d}-{_derived(content, b'list').hex()[:16]}"
    secret = _derived(content, b"messages")
    return CleanList(
        list_id,
        facts,
        _named(body, RECIPIENTS, list_id, secret),
        _named(body_neutral, RECIPIENTS_NEUTRAL, list_id, secret),
    )


def _body(frame: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    columns = {name: dtype for name, dtype in schema.items() if name not in _NAMES}
    return shaped(frame, pl.Schema(columns)).sort(_ORDER)


def _named(body: pl.DataFrame, schema: pl.Schema, list_id: str, secret: bytes) -> pl.DataFrame:
    keys = keyed_hash(secret, body["debtor_id"])
    return shaped(
        body.with_columns(
            schema_version=pl.lit(SCHEMA_VERSION), list_id=pl.lit(list_id), message_key=keys
        ),
        schema,
    )


def _content_digest(facts: ListFacts, *bodies: pl.DataFrame) -> bytes:
    """Return a digest that nobody outside can guess, for it is over the rows themselves.

    It is never published: only what is derived from it one way.
    """
    digest = hashlib.sha256()
    heading = f"{SCHEMA_VERSION}\n{facts.creditor_id!r}\n{facts.as_of.astimezone(UTC):%Y-%m-%d}\n"
    digest.update(f"{heading}{facts.gate is GateState.CLOSED}\n".encode())
    for body in bodies:
        digest.update(f"{body.columns} {body.height}\n".encode())
        for rows in body.iter_slices(_CHUNK_ROWS):
            digest.update(csv_bytes(rows, header=False))
    return digest.digest()


def _derived(content: bytes, purpose: bytes) -> bytes:
    return hmac.digest(content, b"entrega clean list: " + purpose, "sha256")


def _check_rows(creditor_id: str, *bodies: pl.DataFrame) -> None:
    rows = pl.concat([body.select("creditor_id", "debtor_id", "email") for body in bodies])
    if sum(rows.null_count().row(0)) or (rows["email"] == "").any():
        message = "a clean list has rows without creditor, debtor or address"
        raise ValueError(message)
    if (rows["creditor_id"] != creditor_id).any():
        message = "a clean list has rows of another creditor"
        raise ValueError(message)
    if rows["debtor_id"].is_duplicated().any():
        message = "a clean list has a debtor twice"
        raise ValueError(message)
