"""The manifest of a clean list: what is in it, until when it holds, and who says so."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC
from pathlib import Path
from typing import Annotated, Final, Literal, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from checks.errors import SettingError
from checks.model import GateState
from checks.score import Exposure, Lots
from data.publish.naming import BounceForecast, CleanList

MANIFEST_FILE: Final = "manifest.json"
LARGEST_MANIFEST: Final = 1 << 20
_SHORTEST_KEY: Final = 32
_ALGORITHM: Final = "hmac-sha256"

Count = Annotated[int, Field(ge=0)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Share = Annotated[float, Field(ge=0, le=1)]
ListId = Annotated[str, Field(pattern=r"^[0-9]{8}-[0-9a-f]{16}$")]


class ManifestError(ValueError):
    """A manifest cannot be read as one."""


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


_AnyPart = TypeVar("_AnyPart", bound=_Part)


class FileEntry(_Part):
    """A file of the list; `rows` is null for `schema.json`."""

    bytes: Count
    sha256: Digest
    rows: Count | None


class Forecast(_Part):
    """Predicted hard-bounce rate with its 95 % interval."""

    rate: Share
    low: Share
    high: Share


class Gate(_Part):
    """What the gate did, and why."""

    state: GateState
    reasons: tuple[str, ...]


class InLots(_Part):
    """How many messages each lot has, and when the next may leave.

    Lot 1 leaves at once. After `wait_hours` the next one does if of all messages so far at most the
    share `bounces_at_most` bounced for good.
    """

    messages: tuple[Count, ...]
    wait_hours: Annotated[float, Field(ge=0)]
    bounces_at_most: Share


class Exposed(_Part):
    """The share of debts told that is expected to reach strangers, its limit, and the price.

    `notices` counts debtors who get a notice without debt content so that the limit holds.
    """

    expected: Share
    limit: Share
    notices: Count


class Forced(_Part):
    """Who overruled the gate, and why."""

    by: str
    reason: str


class Signature(_Part):
    """HMAC-SHA256 over the canonical manifest without its signature."""

    algorithm: Literal["hmac-sha256"]
    key_id: str
    value: Digest


class Manifest(_Part):
    """What a dispatcher reads before anything else."""

    schema_version: Literal[1]
    list_id: ListId
    list_number: Annotated[int, Field(ge=1)]
    creditor_id: str
    creditor_name: str
    as_of: AwareDatetime
    expires_at: AwareDatetime
    gate: Gate
    counts: dict[str, Count]
    predicted_bounce: Forecast | None
    lots: InLots | None = None
    exposure: Exposed | None = None
    files: dict[str, FileEntry]
    digests: dict[str, Digest]
    lab_networks: tuple[str, ...]
    forced: Forced | None = None
    signature: Signature | None = None


class Current(_Part):
    """`current.json`: which list of a creditor is the newest."""

    schema_version: Literal[1]
    list_id: ListId
    list_number: Annotated[int, Field(ge=1)]


def make_manifest(clean: CleanList, number: int, files: dict[str, FileEntry]) -> Manifest:
    """Return the unsigned manifest of a list whose files are written."""
    facts = clean.facts
    rows = {name: frame.height for name, frame in clean.tables.items()}
    return Manifest(
        schema_version=1,
        list_id=clean.list_id,
        list_number=number,
        creditor_id=facts.creditor_id,
        creditor_name=facts.creditor_name,
        as_of=facts.as_of.astimezone(UTC),
        expires_at=facts.expires_at.astimezone(UTC),
        gate=Gate(state=facts.gate, reasons=facts.gate_reasons),
        counts={**facts.counts, **rows},
        predicted_bounce=_forecast(facts.predicted_bounce),
        lots=_in_lots(facts.lots),
        exposure=_exposed(facts.exposure),
        files=files,
        digests=dict(facts.digests),
        lab_networks=facts.lab_networks,
        forced=Forced(by=facts.forced.by, reason=facts.forced.reason) if facts.forced else None,
    )


def sign(manifest: Manifest, key: bytes) -> Manifest:
    """Return the manifest with its signature."""
    signature = Signature(algorithm=_ALGORITHM, key_id=_key_id(key), value=_mac(manifest, key))
    return manifest.model_copy(update={"signature": signature})


def is_signed_by(manifest: Manifest, key: bytes) -> bool:
    """Whether the manifest bears this key's signature; compared in constant time."""
    signature = manifest.signature
    return signature is not None and hmac.compare_digest(signature.value, _mac(manifest, key))


def manifest_bytes(manifest: Manifest) -> bytes:
    """Return the content of `manifest.json`."""
    content = manifest.model_dump(mode="json")
    return (json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def parse_manifest(content: bytes) -> Manifest:
    """Read `manifest.json` strictly: no unknown, missing or repeated name; else ManifestError."""
    return _parsed(Manifest, content)


def parse_current(content: bytes) -> Current:
    """Read `current.json` as strictly."""
    return _parsed(Current, content)


def read_signing_key(path: Path) -> bytes:
    """Return the secret in a file, of at least 32 bytes; else SettingError."""
    try:
        key = path.read_bytes().strip()
    except OSError as error:
        problem = f"the signing key '{path.name}' cannot be read ({error.strerror})"
        raise SettingError(problem, "set [publish] signing_key to a readable file") from None
    if len(key) < _SHORTEST_KEY:
        problem = f"the signing key '{path.name}' is shorter than {_SHORTEST_KEY} bytes"
        raise SettingError(problem, "make one with: openssl rand -hex 32")
    return key


def _parsed(kind: type[_AnyPart], content: bytes) -> _AnyPart:
    try:
        json.loads(content, object_pairs_hook=_without_repeats)
        return kind.model_validate_json(content)
    except ValidationError as error:
        places = sorted({".".join(map(str, each["loc"])) or "it" for each in error.errors()})
        message = f"not as it should be: {', '.join(places)[:200]}"
        raise ManifestError(message) from None
    except (ValueError, RecursionError):
        message = "not JSON, or with a repeated name"
        raise ManifestError(message) from None


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError
    return found


def _forecast(found: BounceForecast | None) -> Forecast | None:
    if found is None:
        return None
    return Forecast(rate=found.rate, low=found.low, high=found.high)


def _in_lots(found: Lots | None) -> InLots | None:
    if found is None:
        return None
    return InLots(
        messages=found.messages,
        wait_hours=found.wait_hours,
        bounces_at_most=found.bounces_at_most,
    )


def _exposed(found: Exposure | None) -> Exposed | None:
    if found is None:
        return None
    return Exposed(expected=found.expected, limit=found.limit, notices=found.noticed)


def _mac(manifest: Manifest, key: bytes) -> str:
    content = manifest.model_dump(mode="json", exclude={"signature"})
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hmac.digest(key, canonical.encode("ascii"), "sha256").hex()


def _key_id(key: bytes) -> str:
    return hashlib.sha256(b"entrega signing key: " + key).hexdigest()[:16]
