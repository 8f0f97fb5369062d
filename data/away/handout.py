"""The shard file: everything a host elsewhere needs to ask for us, and nothing else.

Addresses to ask and where, limits in force, what earlier runs have used of them. No name, tax id
or amount: whom to ask first is told by ranks. Who asks (HELO, MAIL FROM, source address) is the
asking host's own business and not in it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Self

import polars as pl
from pydantic import TypeAdapter, ValidationError

from checks.errors import InputRefusedError
from checks.mailbox.probe import ADDRESSES
from checks.mailbox.rules import Ruling
from checks.mailbox.settings import Memory
from data.files import write_private

TITLE: Final = b"entrega shard 1 "
LARGEST: Final = 1 << 30  # bytes; a million addresses take about 100 MB
_DIGEST_LETTERS: Final = 64
_REMEDY: Final = "copy it again from the host that made it"


@dataclass(frozen=True, slots=True)
class HandoutTarget:
    """One domain: guarded addresses of its mail servers, and (address, rank) of whom to ask."""

    domain: str
    provider: str
    mx_hosts: tuple[str, ...]
    mx_addresses: tuple[str, ...]
    recipients: tuple[tuple[str, int], ...]

    def __post_init__(self) -> None:
        """Refuse a recipient of another domain: he would be asked at a stranger's server."""
        if any(address.rpartition("@")[2] != self.domain for address, _ in self.recipients):
            message = "a recipient stands under another domain"
            raise ValueError(message)


@dataclass(frozen=True, slots=True)
class Past:
    """`checks.mailbox.settings.Memory` as JSON has room for it."""

    asked: Mapping[str, tuple[tuple[float, bool], ...]] = field(default_factory=dict)
    proven: tuple[tuple[str, str, float], ...] = ()
    blocked: Mapping[str, tuple[float, Ruling]] = field(default_factory=dict)
    connected: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, memory: Memory, targets: Sequence[HandoutTarget]) -> Self:
        """Return the part of a memory that is about these targets."""
        hosts = {ip for target in targets for ip in target.mx_addresses}
        domains = {target.domain for target in targets}
        budgets = hosts | {target.provider for target in targets}
        proven = ((ip, domain, at) for (ip, domain), at in memory.proven.items())
        return cls(
            asked={key: value for key, value in memory.asked.items() if key in budgets},
            proven=tuple(sorted(each for each in proven if each[1] in domains)),
            blocked={ip: value for ip, value in memory.blocked.items() if ip in hosts},
            connected={ip: at for ip, at in memory.connected.items() if ip in hosts},
        )

    def memory(self) -> Memory:
        """Return what the probe takes."""
        proven = {(ip, domain): at for ip, domain, at in self.proven}
        return Memory(self.asked, proven, self.blocked, self.connected)


@dataclass(frozen=True, slots=True, kw_only=True)
class Handout:
    """What is to be asked elsewhere.

    `rules` names the content of the reference data (`data.reference.version`): both hosts must
    have the same, or answers would mean different things. `key` is the secret that the answers
    are sealed with. `limits` are the site's own, by provider, as `[smtp.providers]` has them.
    """

    run_id: str
    as_of: datetime
    rules: str
    key: str = field(repr=False)
    seed: int
    retry_after: tuple[float, ...]
    horizon: float
    limits: Mapping[str, Mapping[str, Any]]
    past: Past
    targets: tuple[HandoutTarget, ...] = field(repr=False)

    @property
    def addresses(self) -> pl.DataFrame:
        """Whom to ask: ADDRESSES of the probe with `priority`."""
        rows = [
            (address, each.domain, each.provider, each.mx_hosts, each.mx_addresses, float(rank))
            for each in self.targets
            for address, rank in each.recipients
        ]
        schema = pl.Schema({**ADDRESSES, "priority": pl.Float64()})
        return pl.DataFrame(rows, schema=schema, orient="row")


def targets_of(addresses: pl.DataFrame) -> tuple[HandoutTarget, ...]:
    """Return a frame of ADDRESSES with `priority` by domain; priorities become ranks.

    Ranks keep who comes before whom, and tell nothing of what a priority was made of.
    """
    grouped = (
        addresses.with_columns(
            rank=pl.col("priority").fill_null(0.0).rank("dense").cast(pl.Int64),
        )
        .sort("address")
        .group_by("domain")
        .agg(pl.col("provider", "mx_hosts", "mx_addresses").first(), pl.col("address", "rank"))
        .sort("domain")
    )
    return tuple(
        HandoutTarget(
            domain, provider, tuple(hosts), tuple(ips), tuple(zip(people, ranks, strict=True))
        )
        for domain, provider, hosts, ips, people, ranks in grouped.iter_rows()
    )


_HANDOUT: Final = TypeAdapter(Handout)


def write_handout(path: Path, handout: Handout) -> str:
    """Write a shard file for the owner alone; return its digest."""
    body = _HANDOUT.dump_json(handout)
    digest = hashlib.sha256(body).hexdigest()
    write_private(path, TITLE + digest.encode() + b"\n" + body)
    return digest


def read_handout(path: Path) -> tuple[Handout, str]:
    """Return a shard file's content and digest; raise InputRefusedError where it is damaged."""
    if not path.is_file() or path.stat().st_size > LARGEST:
        problem = f"'{path.name}' is not a shard file"
        raise InputRefusedError(problem, "name the .shard file that `entrega run --away` has made")
    content = path.read_bytes()
    head, _, body = content.partition(b"\n")
    digest = head.removeprefix(TITLE)
    if not head.startswith(TITLE) or len(digest) != _DIGEST_LETTERS:
        problem = f"'{path.name}' is not a shard file of this release"
        raise InputRefusedError(problem, "name the .shard file that `entrega run --away` has made")
    if hashlib.sha256(body).hexdigest().encode() != digest:
        problem = f"'{path.name}' is not whole"
        raise InputRefusedError(problem, _REMEDY)
    try:
        return _HANDOUT.validate_json(body), digest.decode()
    except ValidationError:  # its text repeats values
        problem = f"'{path.name}' cannot be read"
        raise InputRefusedError(problem, _REMEDY) from None
