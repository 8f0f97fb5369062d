"""Calling the command line as users do: a process of its own, an empty folder and home."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
CREDITOR = """
[creditor]
name = "Loja Exemplo"
address = "Rua das Amostras 100"
tax_id = "11.222.333/0001-81"
[legal]
basis = "contract"
source = "creditor"
"""
AFTER_A_KILL = frozenset({"left_without_quit", "recipient_asked_again"})
"""The only manners that a kill may break (docs/decisions/0503)."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a call of the command line ended."""

    code: int
    out: str
    err: str

    @property
    def answer(self) -> dict[str, Any]:
        """What `--json` printed."""
        return dict(json.loads(self.out.splitlines()[-1]))


Entrega = Callable[..., Ended]


def call_entrega(folder: Path, *words: object, env: dict[str, str] | None = None) -> Ended:
    """Call `entrega` in a folder, which is its home too."""
    done = subprocess.run(
        [sys.executable, "-m", "flows.cli", *map(str, words)],
        cwd=folder,
        env=environment(folder) | (env or {}),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def start_entrega(
    folder: Path, *words: object, out: int = subprocess.DEVNULL, err: int = subprocess.DEVNULL
) -> subprocess.Popen[str]:
    """Start `entrega` in a folder, to be watched, killed or interrupted."""
    return subprocess.Popen(
        [sys.executable, "-m", "flows.cli", *map(str, words)],
        cwd=folder,
        env=environment(folder),
        stdout=out,
        stderr=err,
        text=True,
    )


def lists_digest(out: Path) -> dict[str, str]:
    """Return sha256 of every recipients file under the output folder, by list and name."""
    return {
        f"{path.parent.name}/{path.name}": hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(out.glob("clean/*/*/recipients*"))
    }


def environment(home: Path) -> dict[str, str]:
    """Return an environment in which nothing of the user's own counts."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return kept | {"HOME": str(home), "PYTHONPATH": str(ROOT), "POLARS_MAX_THREADS": "2"}
