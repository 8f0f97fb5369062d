"""The first weeks of a site that may not ask mail servers and has no history, night by night.

    python benchmarks/first_weeks.py [--kinds b2c_br] [--debtors 5000] [--nights 21] [--write]

Every night: the whole pipeline without probing over all debtors; the sandbox delivers or bounces
what the list sends; the events come back through `entrega feedback`; `entrega learn` fits the
model that the next night goes by. With --write the tables go to docs/first-weeks.md.

`may` is how many debtors the rules let be written to, `oracle` how many of them keep the limit for
one who knows the true rate of each class of raw observables but no single truth;
`sent` is what the gate lets go; `new` are debtors
never written to before. `bounced` are messages that bounced for good, over those sent.
`covered` are debtors whom a message has reached in any night so far, over those it could reach:
debtors with a living address that nothing but its chance of delivery keeps from being written to.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, get_args

import polars as pl

from checks.model import DecisionReason
from checks.score.trim import GateLimits
from data.reference.score import save_score_model
from data.warehouse import open_warehouse
from flows.commands.demo import demo_settings, reaching
from flows.feedback import FeedbackRequest, take_events
from flows.learning import TooFewEventsError, learn_from_events
from flows.pipeline import STAGES, directly, pipeline
from flows.plan import RunPlan, learnt_model_file
from flows.prepare import RunRequest, plan_digests, prepare_run
from flows.progress import Progress
from flows.run import open_run, utc_now
from flows.settings import Settings
from flows.stages.decide import CANDIDATES_PART
from sandbox.answers import play_out
from sandbox.internet import Endpoints, start
from sandbox.market import Kind
from sandbox.portfolio import SandboxPortfolio, make_portfolio
from sandbox.referee import best_list, with_classes, with_true_rates

MARK: Final = "<!-- below: written by benchmarks/first_weeks.py --write -->"
PAGE: Final = Path(__file__).parents[1] / "docs" / "first-weeks.md"
DEBTOR: Final = ["creditor_id", "debtor_id"]
MAY_BE_WRITTEN_TO: Final = (
    DecisionReason.CONFIDENT.value,
    DecisionReason.NEUTRAL_OWNERSHIP.value,
    DecisionReason.NEUTRAL_UNCONFIRMED.value,
    DecisionReason.NEUTRAL_HOUSEHOLD.value,
    DecisionReason.HOLD_RETRY.value,
    DecisionReason.NO_USABLE_ADDRESS.value,
)
"""Decision reasons of contacts that law and ownership let pass."""
HEADING: Final = (
    "| night | gate | may | oracle | sent | new | bounced | predicted (95 %) | covered | Brier |\n"
    "|---:|---|---:|---:|---:|---:|---:|---|---:|---|"
)


@dataclass(frozen=True, slots=True)
class Night:
    """What one night came to; rates are shares of messages."""

    number: int
    gate: str
    may: int
    oracle: int
    sent: int
    new: int
    bounced: float
    predicted: tuple[float, float, float]
    covered: float
    brier: str

    @property
    def line(self) -> str:
        """The night as a row of the table."""
        rate, low, high = self.predicted
        return (
            f"| {self.number} | {self.gate} | {self.may:,} | {self.oracle:,} | {self.sent:,} "
            f"| {self.new:,} | {self.bounced:.2%} | {rate:.2%} ({low:.2%} to {high:.2%}) "
            f"| {self.covered:.1%} | {self.brier} |"
        )


@dataclass(slots=True)
class Site:
    """One new site: its portfolio and configuration, and whom it has written to and reached."""

    folder: Path
    portfolio: SandboxPortfolio
    settings: Settings
    source: Path
    written_to: set[str] = field(default_factory=set)
    reached: set[str] = field(default_factory=set)

    @property
    def warehouse(self) -> Path:
        """Where the site keeps what it knows."""
        return self.folder / "warehouse" / "site.duckdb"

    def night(self, number: int, as_of: dt.datetime) -> Night:
        """Run, send, take the events in, learn."""
        plan = prepare_run(
            RunRequest(
                inputs=(self.source,),
                out=self.folder / "out",
                warehouse=self.warehouse,
                as_of=as_of,
            ),
            self.settings,
        )
        facts = self._run(plan)
        candidates = pl.read_parquet(plan.work / "decide" / CANDIDATES_PART)
        sent = self._until_stopped(listed(plan.out))
        events = play_out(sent, self.portfolio.truth, at=as_of + dt.timedelta(hours=1))
        new = set(sent["debtor_id"]) - self.written_to
        self.written_to |= new
        living = events.filter(pl.col("event") == "delivered")
        self.reached |= set(sent.join(living, on="email", how="semi")["debtor_id"])
        self._take(events, number)
        refused = events.filter(pl.col("permanence") == "hard")
        bounced = sent.join(refused, on="email", how="semi").height
        return Night(
            number=number,
            gate=f"{facts['state']}: {', '.join(facts['reasons'])}",
            may=candidates.height,
            oracle=self._oracle(plan, candidates),
            sent=sent.height,
            new=len(new),
            bounced=bounced / sent.height if sent.height else 0.0,
            predicted=facts["predicted"] or (0.0, 0.0, 0.0),
            covered=len(self.reached & self._reachable(plan)) / len(self._reachable(plan)),
            brier=self._learn(),
        )

    def _until_stopped(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the lots that leave: each only while those before it kept the manifest's bound."""
        ends = self.portfolio.truth.addresses.select(
            pl.col("address").alias("email"), (pl.col("delivery") == "hard_bounce").alias("is_hard")
        )
        ended = rows.join(ends, on="email", how="left").sort("lot", "debtor_id")
        gone = ended.head(0)
        for _, lot in ended.group_by("lot", maintain_order=True):
            if gone["is_hard"].sum() > GateLimits().lot_bounces * gone.height:
                break
            gone = pl.concat([gone, lot])
        return gone.drop("is_hard", "lot")

    def _run(self, plan: RunPlan) -> dict[str, Any]:
        progress = Progress(len(STAGES))
        digests = plan_digests(plan)
        with open_run(plan, progress, digests=digests, now=lambda: plan.as_of) as run:
            pipeline(run, directly)
            return dict(next(iter(run.recall("gate").values())))

    def _take(self, events: pl.DataFrame, number: int) -> None:
        path = self.folder / f"events-{number:02}.csv"
        events.write_csv(path)
        take_events(FeedbackRequest(paths=(path,), warehouse=self.warehouse))

    def _learn(self) -> str:
        with open_warehouse(self.warehouse, now=utc_now) as opened:
            try:
                learning = learn_from_events(opened, self.warehouse)
            except TooFewEventsError:
                return "too few events"
        held = learning.held_out
        if held.is_worse:
            return f"{held.before:.4f}, {held.after:.4f}: not used"
        save_score_model(learning.model, learnt_model_file(self.warehouse))
        return f"{held.before:.4f}, {held.after:.4f}"

    def _oracle(self, plan: RunPlan, candidates: pl.DataFrame) -> int:
        """Return the longest list of the candidates within the limit, by true rates of classes."""
        ends = self.portfolio.truth.addresses.select(
            pl.col("address").alias("email"), (pl.col("delivery") == "hard_bounce").alias("is_hard")
        )
        contacts = pl.read_parquet(plan.out / "contacts.parquet")
        ended = candidates.join(ends, on="email", how="left").with_columns(
            pl.col("is_hard").fill_null(value=True)
        )
        rated = with_true_rates(with_classes(ended, contacts, plan.as_of.date()))
        return best_list(rated, GateLimits().green).height

    def _reachable(self, plan: RunPlan) -> set[str]:
        """Return the debtors whom a message can reach, by truth and by the rules."""
        living = self.portfolio.truth.addresses.filter(pl.col("delivery") == "delivered")
        contacts = pl.read_parquet(plan.out / "contacts.parquet").filter(
            pl.col("decision_reason").is_in(MAY_BE_WRITTEN_TO)
        )
        found = contacts.join(living, left_on="email", right_on="address", how="semi")
        return set(found["debtor_id"])


def listed(out: Path) -> pl.DataFrame:
    """Return `debtor_id, email, lot` of the newest list."""
    current = next(iter(sorted(out.glob("clean/*/current.json"))))
    folder = current.parent / json.loads(current.read_text("utf-8"))["list_id"]
    parts = [pl.read_parquet(path) for path in sorted(folder.glob("recipients*.parquet"))]
    schema = pl.Schema({"debtor_id": pl.String(), "email": pl.String(), "lot": pl.Int64()})
    return pl.concat(
        [pl.DataFrame(schema=schema), *(part.select(schema.names()) for part in parts)]
    )


def first_weeks(kind: Kind, debtors: int, nights: int, seed: int) -> Iterator[Night]:
    """Yield the nights of one new site, the last one yesterday."""
    first = utc_now().replace(hour=2, minute=0, second=0, microsecond=0) - dt.timedelta(days=nights)
    portfolio = make_portfolio(kind, debtors, seed, as_of=first.date())
    with tempfile.TemporaryDirectory(prefix="entrega-") as name:
        folder = Path(name)
        source = portfolio.write(folder / "portfolio")
        with start(folder / "portfolio", folder / "internet", seed=seed) as internet:
            site = Site(folder, portfolio, without_port_25(kind, internet), source)
            for number in range(nights):
                yield site.night(number + 1, first + dt.timedelta(days=number))


def without_port_25(kind: Kind, internet: Endpoints) -> Settings:
    """Return the default configuration of a site that may ask DNS and no mail server."""
    settings = reaching(demo_settings(kind[-2:]), internet)
    return settings.model_copy(update={"smtp": settings.smtp.model_copy(update={"enabled": False})})


def write_page(tables: list[str], command: str) -> None:
    """Put the tables into the page, below its text."""
    text, _, _ = PAGE.read_text("utf-8").partition(MARK)
    measured = f"Measured on {utc_now():%Y-%m-%d} with `{command}`."
    PAGE.write_text("\n".join([f"{text}{MARK}", "", measured, *tables, ""]), "utf-8")


def main() -> None:
    """Print a table for each kind, and write them where asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kinds", nargs="+", default=list(get_args(Kind)))
    parser.add_argument("--debtors", type=int, default=5_000)
    parser.add_argument("--nights", type=int, default=21)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="into docs/first-weeks.md")
    wanted = parser.parse_args()
    lines: list[str] = []
    for kind in wanted.kinds:
        lines += ["", f"## {kind}, {wanted.debtors:,} debtors, seed {wanted.seed}", "", HEADING]
        print("\n".join(lines[-4:]), flush=True)
        for night in first_weeks(kind, wanted.debtors, wanted.nights, wanted.seed):
            lines.append(night.line)
            print(night.line, flush=True)
    if wanted.write:
        chosen = f"--kinds {' '.join(wanted.kinds)} --debtors {wanted.debtors}"
        command = f"python benchmarks/first_weeks.py {chosen} --nights {wanted.nights}"
        write_page(lines, command)


if __name__ == "__main__":
    main()
