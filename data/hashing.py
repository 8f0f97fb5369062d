"""Keyed hashes: addresses that can be recognised again but not read back."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from pathlib import Path
from typing import Final

import polars as pl

from checks.errors import SettingError
from data.files import write_private

KEY_FILE: Final = "entrega.key"
_KEY_BYTES: Final = 32
_HASH_CHARACTERS: Final = 32  # 128 bits: no two of 10^9 values meet
_KEY_TEXT: Final = re.compile(r"[0-9a-f]{64}")


def keyed_hash(key: bytes, values: pl.Series) -> pl.Series:
    """Return HMAC-SHA256 of each text, cut to 128 bits, as hexadecimal; null stays null.

    >>> keyed_hash(b"k" * 32, pl.Series(["ana@a.test", None, "ana@a.test"])).to_list()
    ['311478672ff562d9bb4a5762fea4e01d', None, '311478672ff562d9bb4a5762fea4e01d']
    """
    distinct = values.drop_nulls().unique()
    hashes = [
        hmac.digest(key, value.encode(), "sha256").hex()[:_HASH_CHARACTERS] for value in distinct
    ]
    return values.replace_strict(
        distinct, pl.Series(hashes, dtype=pl.String), default=None, return_dtype=pl.String
    )


def fingerprint(key: bytes) -> str:
    """Return what tells two keys apart without telling either."""
    return hmac.digest(key, b"entrega hash key", hashlib.sha256).hex()[:16]


def read_key(path: Path) -> bytes | None:
    """Return the key kept in a file, or None where there is no file."""
    try:
        text = path.read_text(encoding="ascii", errors="replace").strip()
    except FileNotFoundError:
        return None
    return parse_key(text, origin=f"'{path.name}'")


def parse_key(text: str, *, origin: str) -> bytes:
    """Return the key written as 64 hexadecimal digits; raise SettingError for anything else."""
    if not _KEY_TEXT.fullmatch(text):
        problem = f"the hash key in {origin} is not 64 hexadecimal digits"
        raise SettingError(problem, "restore it from a backup")
    return bytes.fromhex(text)


def make_key(path: Path) -> bytes:
    """Make a random key and keep it in a file that only the owner reads."""
    key = secrets.token_bytes(_KEY_BYTES)
    write_private(path, f"{key.hex()}\n".encode("ascii"))
    return key
