"""`entrega demo`: the whole pipeline on a portfolio whose truth is known."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path

from flows.commands.run import run_locally
from flows.outcome import outcome_lines
from flows.pipeline import STAGES
from flows.plan import RunPlan
from flows.prepare import RunRequest, prepare_run
from flows.progress import Progress
from flows.run import open_run, utc_now
from flows.settings import CreditorSettings, LegalSettings, Settings, SmtpSettings
from flows.truth import Comparison, compare, comparison_lines
from sandbox.market import Kind
from sandbox.portfolio import make_portfolio, read_truth

CREDITOR = {
    "br": CreditorSettings(
        id="loja-exemplo",
        name="Loja Exemplo Ltda",
        address="Rua das Amostras 100, São Paulo",
        tax_id="11.222.333/0001-81",
    ),
    "mx": CreditorSettings(
        id="tienda-ejemplo",
        name="Tienda Ejemplo SA de CV",
        address="Calle de las Muestras 100, Ciudad de México",
        tax_id="EKU9003173C9",
    ),
}
LANGUAGE = {"br": "pt-BR", "mx": "es-MX"}


def run_demo(
    debtors: int,
    seed: int,
    out: Path,
    lang: str | None,
    resume: str | None,
    kind: Kind,
    *,
    as_json: bool,
) -> int:
    """Run the demo, print where its results are and how they compare with the truth."""
    plan = demo_plan(debtors, seed, out, lang, resume, kind)
    progress = Progress(len(STAGES))
    again = f"entrega demo --resume {plan.run_id} --out {out}"
    progress.note(f"run {plan.run_id} (if interrupted: {again})")
    outcome = run_locally(plan, progress, wait=False)
    found = compare_with_truth(plan)
    if as_json:
        facts = {
            **asdict(outcome),
            "truth": {
                "condemned_alive": found.condemned_alive,
                "to_strangers": found.to_strangers,
                "sent": found.sent,
                "true_bounces": found.true_bounces,
                "verdicts": found.verdicts.to_dicts(),
                "decisions": found.decisions.to_dicts(),
            },
        }
        print(json.dumps(facts, sort_keys=True))
        return outcome.exit_code
    print("\n".join(outcome_lines(outcome)))
    for creditor in sorted(outcome.lists):
        print(f"clean list: {outcome.lists[creditor]['folder']}")
    print(f"report: {plan.out / f'report.{plan.language}.html'}")
    gate = next(iter(outcome.gates.values()))
    print("\n".join(comparison_lines(found, gate["predicted"])))
    return outcome.exit_code


def demo_plan(
    debtors: int, seed: int, out: Path, lang: str | None, resume: str | None, kind: Kind
) -> RunPlan:
    """Return the plan of a demo: a new one with its portfolio written, or one to resume."""
    warehouse = out.absolute() / "warehouse" / "demo.duckdb"
    if resume is not None:
        return prepare_run(RunRequest(resume=resume, warehouse=warehouse))
    shutil.rmtree(warehouse.parent, ignore_errors=True)
    country = kind[-2:]
    now = utc_now()
    portfolio = make_portfolio(kind, debtors, seed, as_of=now.date())
    request = RunRequest(
        inputs=(portfolio.write(out / "portfolio"),),
        out=out,
        warehouse=warehouse,
        language=lang or LANGUAGE[country],
    )
    return prepare_run(request, demo_settings(country))


def demo_settings(country: str) -> Settings:
    """Return the configuration of a demo: a creditor, a legal basis, the sandbox's networks."""
    return Settings(
        creditor=CREDITOR[country],
        legal=LegalSettings(basis="contract", source="creditor"),
        smtp=SmtpSettings(lab_networks=("127.0.0.0/8",)),
    )


def compare_with_truth(plan: RunPlan) -> Comparison:
    """Return the comparison of a finished demo."""
    from flows.prepare import plan_digests
    from flows.stages.report import report_frames

    with open_run(plan, Progress(len(STAGES)), digests=plan_digests(plan)) as run:
        frames = report_frames(run)
    return compare(frames.contacts, frames.decided, read_truth(plan.inputs[0].parent))
