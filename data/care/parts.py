"""Files that runs keep for themselves: Parquet parts and journals, with a person taken out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from data.care.person import Person, without_person
from data.files import replaced_file, write_private
from data.hashing import keyed_hash
from data.journal import TITLE, Record, encode_record, read_journal
from data.publish.dialect import write_parquet


def scrub_parquet(path: Path, person: Person) -> int:
    """Take the person out of a Parquet file; return how many rows changed or went."""
    frame = pl.read_parquet(path)
    kept = without_person(frame, person)
    if kept.equals(frame):
        return 0
    changed = frame.height - kept.height or 1
    with replaced_file(path) as aside:
        write_parquet(kept, aside)
    return changed


def scrub_journal(path: Path, person: Person, hash_key: bytes) -> int:
    """Put a pseudonym in place of the person's addresses; return how many records changed.

    What was asked at which server stays, for the limits towards its owner outlive the erasure.
    """
    addresses = sorted(person.own_texts)
    hashes = keyed_hash(hash_key, pl.Series(addresses, dtype=pl.String))
    names = {
        address: f"erased-{key[:16]}@{address.rpartition('@')[2]}"
        for address, key in zip(addresses, hashes, strict=True)
    }
    records = list(read_journal(path))
    kept = [_renamed(record, names) for record in records]
    changed = sum(old != new for old, new in zip(records, kept, strict=True))
    if changed:
        write_private(path, TITLE + b"".join(encode_record(record) for record in kept))
    return changed


def _renamed(record: Record, names: Mapping[str, str]) -> Record:
    payload = {key: _without(value, names) for key, value in record.payload.items()}
    return Record(record.sequence, record.epoch, record.kind, record.intent, payload)


def _without(value: Any, names: Mapping[str, str]) -> Any:  # noqa: ANN401  any JSON value
    match value:
        case str():
            return names.get(value, value)
        case list():
            return [_without(each, names) for each in value]
        case dict():
            return {key: _without(each, names) for key, each in value.items()}
    return value
