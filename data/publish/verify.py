"""Is this clean list whole, unchanged, in time and open? What a dispatcher asks before sending."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final, TypeVar

from checks.errors import EntregaError, GateClosedError, ListBrokenError, ListExpiredError
from checks.model import GateState
from data.publish.damage import contradictions, wrong_content, wrong_files, wrong_names
from data.publish.folders import CURRENT_FILE
from data.publish.manifest import (
    LARGEST_MANIFEST,
    MANIFEST_FILE,
    Current,
    Manifest,
    ManifestError,
    is_signed_by,
    parse_current,
    parse_manifest,
)

Parsed = TypeVar("Parsed", Current, Manifest)


class ListState(StrEnum):
    """What a list is to a dispatcher; only an open one may be sent."""

    OPEN = "open"
    CLOSED = "closed"
    EXPIRED = "expired"
    BROKEN = "broken"

    @property
    def exit_code(self) -> int:
        """What `entrega gate` ends with."""
        error = _ERRORS.get(self)
        return error.exit_code if error else 0


_ERRORS: Final[dict[ListState, type[EntregaError]]] = {
    ListState.CLOSED: GateClosedError,
    ListState.EXPIRED: ListExpiredError,
    ListState.BROKEN: ListBrokenError,
}


class SignatureState(StrEnum):
    """What is known of the signature."""

    VALID = "valid"
    UNSIGNED = "unsigned"
    UNCHECKED = "unchecked"  # there is one, and no key to check it with
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Verification:
    """The answer, with every problem found."""

    state: ListState
    problems: tuple[str, ...]
    signature: SignatureState
    manifest: Manifest | None  # null where it cannot be read
    folder: Path


class _BrokenError(Exception):
    """One thing that makes a list unusable, as a sentence."""


def verify_list(
    folder: Path, now: datetime, *, key: bytes | None = None, seen_number: int | None = None
) -> Verification:
    """Verify a list's folder, or the newest list of a creditor's folder.

    `key` is the signing key: with one, an unsigned list is broken. `seen_number` is the highest
    list number that the dispatcher has used: a lower one was rolled back. Reads, never writes.
    """
    try:
        folder, current = _find_list(folder)
        manifest = _read_parsed(folder / MANIFEST_FILE, parse_manifest)
    except _BrokenError as broken:
        problems = (str(broken),)
        return Verification(ListState.BROKEN, problems, SignatureState.UNCHECKED, None, folder)
    signature = _signature_state(manifest, key)
    if damage := _damage(folder, manifest, signature, key_given=key is not None):
        return Verification(ListState.BROKEN, damage, signature, manifest, folder)
    newest = max(seen_number or 0, current.list_number if current else 0)
    if late := _lateness(manifest, now, newest):
        return Verification(ListState.EXPIRED, late, signature, manifest, folder)
    if manifest.gate.state is GateState.CLOSED:
        reasons = manifest.gate.reasons or ("the gate is closed",)
        return Verification(ListState.CLOSED, reasons, signature, manifest, folder)
    return Verification(ListState.OPEN, (), signature, manifest, folder)


def _find_list(folder: Path) -> tuple[Path, Current | None]:
    """Return the list's folder and what its creditor's `current.json` says."""
    if not folder.is_dir():
        message = "there is no such folder"
        raise _BrokenError(message)
    if (folder / CURRENT_FILE).exists() and not (folder / MANIFEST_FILE).exists():
        current = _read_parsed(folder / CURRENT_FILE, parse_current)
        return folder / current.list_id, current
    beside = folder.absolute().parent
    if not (beside / CURRENT_FILE).exists():
        return folder, None
    return folder, _read_parsed(beside / CURRENT_FILE, parse_current)


def _read_parsed(path: Path, parse: Callable[[bytes], Parsed]) -> Parsed:
    try:
        return parse(_read_small(path))
    except ManifestError as error:
        message = f"{path.name} is {error}"
        raise _BrokenError(message) from None


def _read_small(path: Path) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            content = file.read(LARGEST_MANIFEST + 1)
    except OSError as error:
        message = f"{path.name} cannot be read ({error.strerror})"
        raise _BrokenError(message) from None
    if len(content) > LARGEST_MANIFEST:
        message = f"{path.name} is larger than {LARGEST_MANIFEST} bytes"
        raise _BrokenError(message)
    return content


def _signature_state(manifest: Manifest, key: bytes | None) -> SignatureState:
    if manifest.signature is None:
        return SignatureState.UNSIGNED
    if key is None:
        return SignatureState.UNCHECKED
    return SignatureState.VALID if is_signed_by(manifest, key) else SignatureState.WRONG


def _damage(
    folder: Path, manifest: Manifest, signature: SignatureState, *, key_given: bool
) -> tuple[str, ...]:
    if signature is SignatureState.WRONG:
        return ("the signature is not the key's",)
    if key_given and signature is SignatureState.UNSIGNED:
        return ("the list is unsigned, and a key was given to check it with",)
    # cheap and structural first: a file is opened only when name, kind and size are right
    return (
        contradictions(folder, manifest)
        or wrong_names(folder, manifest)
        or wrong_files(folder, manifest)
        or wrong_content(folder, manifest)
    )


def _lateness(manifest: Manifest, now: datetime, newest: int) -> tuple[str, ...]:
    problems = []
    if now >= manifest.expires_at:
        problems.append(f"the list expired at {manifest.expires_at:%Y-%m-%dT%H:%M:%SZ}")
    if manifest.list_number < newest:
        problems.append(f"list number {manifest.list_number} is older than {newest}")
    return tuple(problems)
