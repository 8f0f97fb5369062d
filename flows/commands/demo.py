"""`entrega demo`: the whole pipeline on a portfolio whose truth is known."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from checks.errors import SettingError
from data.files import make_private_folder
from flows.commands.run import run_locally
from flows.outcome import outcome_lines
from flows.pipeline import STAGES
from flows.plan import RunPlan
from flows.prepare import RunRequest, prepare_run
from flows.progress import Progress
from flows.run import open_run, utc_now
from flows.settings import CreditorSettings, LegalSettings, Settings, SmtpSettings
from flows.truth import Comparison, compare, comparison_lines
from sandbox.internet import Endpoints, start
from sandbox.market import Kind
from sandbox.personality import LAB_NETWORK
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
LEAST_DEBTORS = 10
INTERNET = "internet"  # the journals of the sandbox's servers
LANGUAGE = {"br": "pt-BR", "mx": "es-MX"}


@dataclass(frozen=True, slots=True)
class DemoRequest:
    """Which portfolio to make up, where to, in which language; or which demo to go on with."""

    debtors: int
    seed: int
    kind: Kind
    out: Path
    language: str | None
    resume: str | None


def run_demo(request: DemoRequest, *, as_json: bool) -> int:
    """Run the demo, print where its results are and how they compare with the truth."""
    plan = demo_plan(request)
    progress = Progress(len(STAGES))
    again = f"entrega demo --resume {plan.run_id} --out {request.out}"
    progress.note(f"run {plan.run_id} (if interrupted: {again})")
    with start(
        plan.inputs[0].parent,
        make_private_folder(request.out / INTERNET),
        seed=request.seed,
        start_at=plan.as_of.timestamp(),
    ) as internet:
        plan = replace(plan, settings=reaching(plan.settings, internet))
        outcome = run_locally(plan, progress, wait=False)
    found = compare_with_truth(plan)
    if as_json:
        facts = {
            **asdict(outcome),
            "truth": {
                "condemned_alive": found.condemned_alive,
                "to_strangers": found.to_strangers,
                "asked_honest": found.asked_honest,
                "asked_true": found.asked_true,
                "sent": found.sent,
                "true_bounces": found.true_bounces,
                "put_off": found.put_off,
                "verdicts": found.verdicts.to_dicts(),
                "decisions": found.decisions.to_dicts(),
            },
        }
        print(json.dumps(facts, sort_keys=True))
        return outcome.exit_code
    print("\n".join(outcome_lines(outcome)))
    print(f"report: {plan.out / f'report.{plan.language}.html'}")
    gate = next(iter(outcome.gates.values()))
    print("\n".join(comparison_lines(found, gate["predicted"])))
    return outcome.exit_code


def demo_plan(request: DemoRequest) -> RunPlan:
    """Return the plan of a demo: a new one with its portfolio written, or one to resume."""
    warehouse = request.out.absolute() / "warehouse" / "demo.duckdb"
    if request.resume is not None:
        return prepare_run(RunRequest(resume=request.resume, warehouse=warehouse))
    if request.debtors < LEAST_DEBTORS:
        problem = f"--debtors {request.debtors} makes no portfolio"
        raise SettingError(problem, f"say {LEAST_DEBTORS} or more")
    for left_over in (warehouse.parent, request.out / INTERNET):
        shutil.rmtree(left_over, ignore_errors=True)
    country = request.kind[-2:]
    now = utc_now()
    portfolio = make_portfolio(request.kind, request.debtors, request.seed, as_of=now.date())
    run = RunRequest(
        inputs=(portfolio.write(request.out / "portfolio"),),
        out=request.out,
        warehouse=warehouse,
        language=request.language or LANGUAGE[country],
    )
    return prepare_run(run, demo_settings(country))


def demo_settings(country: str) -> Settings:
    """Return the configuration of a demo: a creditor, a legal basis, the sandbox's networks."""
    return Settings(
        creditor=CREDITOR[country],
        legal=LegalSettings(basis="contract", source="creditor"),
        smtp=SmtpSettings(lab_networks=(LAB_NETWORK,)),
    )


def reaching(settings: Settings, internet: Endpoints) -> Settings:
    """Return the settings with the addresses at which the sandbox answers."""
    dns = settings.dns.model_copy(update={"nameservers": (internet.nameserver,)})
    smtp = settings.smtp.model_copy(
        update={
            "helo": internet.helo,
            "mail_from": internet.mail_from,
            "port": internet.smtp_port,
            "lab_networks": internet.lab_networks,
            "lab_clock": internet.clock,
        },
    )
    return settings.model_copy(update={"dns": dns, "smtp": smtp})


def compare_with_truth(plan: RunPlan) -> Comparison:
    """Return the comparison of a finished demo."""
    from flows.stages.report import report_frames

    with open_run(plan, Progress(len(STAGES)), digests=None) as run:
        frames = report_frames(run)
    return compare(frames.contacts, frames.decided, read_truth(plan.inputs[0].parent))
