"""What one visit to the real servers brought back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

STARTTLS = "STARTTLS\r\n"


@dataclass(frozen=True)
class Findings:
    """What our checks say: reason and evidence by address, reason by domain (None: takes mail)."""

    reasons: dict[str, str]
    evidence: dict[str, str]
    domains: dict[str, str | None]
    degraded: str | None


@dataclass(frozen=True)
class Visit:
    """Our findings; each connection as segments of (ours, text); the servers' logs by name."""

    found: Findings
    talks: list[list[tuple[bool, str]]]
    logs: dict[str, str] = field(default_factory=dict)

    def readable(self) -> list[list[tuple[bool, str]]]:
        """Return each connection up to where it was encrypted, if it was."""
        return [list(_before_tls(talk)) for talk in self.talks]

    def said(self) -> list[list[str]]:
        """Return what we said, connection by connection."""
        return [[text for ours, text in talk if ours] for talk in self.readable()]

    def heard(self) -> list[str]:
        """Return what the servers said, one segment an item."""
        return [text for talk in self.readable() for ours, text in talk if not ours]

    def write(self, out: Path) -> None:
        """Write it down where `read` finds it; logs are files there already."""
        (out / "visit.json").write_text(json.dumps(asdict(self)))

    @classmethod
    def read(cls, out: Path) -> Visit:
        """Return what was written into a folder, with the logs beside it."""
        written = json.loads((out / "visit.json").read_text())
        logs = {log.stem: log.read_text(errors="replace") for log in out.glob("*.log")}
        talks = [[(ours, text) for ours, text in talk] for talk in written["talks"]]
        return cls(Findings(**written["found"]), talks, logs)


def _before_tls(talk: Iterable[tuple[bool, str]]) -> Iterator[tuple[bool, str]]:
    for ours, text in talk:
        yield ours, text
        if ours and text == STARTTLS:
            return
