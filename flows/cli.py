"""The command line: `entrega --help` names the commands, each imports its work when called."""

from __future__ import annotations

import datetime as dt
import os
import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, CycloptsError, Group, Parameter

from flows.faults import explain_fault

Config = Annotated[Path | None, Parameter(name=["--config", "-c"])]
Lang = Annotated[Literal["pt-BR", "es-MX", "en", "pt", "es"] | None, Parameter(name="--lang")]
Files = Annotated[list[Path] | None, Parameter(negative=())]
Flag = Annotated[bool, Parameter(negative=())]

MAIN = Group("The main job", sort_key=0)
AFTER = Group("Before and after sending", sort_key=1)
CARE = Group("Care", sort_key=2)

app = App(
    name="entrega",
    help=(
        "Which e-mail address reaches each debtor, how sure that is, and whether a debt notice "
        "may go there, before anything is sent.\n\n"
        "Start with: entrega demo. Then, with your own file: entrega init debtors.csv, "
        "entrega run debtors.csv.\n\n"
        "Exit codes: 0 done, 1 our own fault, 2 usage or configuration, 3 input refused, "
        "4 interrupted (resumable), 5 degraded, 6 warehouse in use, 7 a gate is closed."
    ),
    help_format="plaintext",
    version="entrega 0.1.0",
)


@app.command(group=MAIN)
def demo(
    *,
    debtors: int = 2_000,
    seed: int = 1,
    out: Path = Path("var/demo"),
    lang: Lang = None,
    resume: str | None = None,
    kind: Literal["b2c_br", "b2b_br", "b2c_mx", "b2b_mx"] = "b2c_br",
    as_json: Annotated[bool, Parameter(name="--json", negative=())] = False,
) -> int:
    """Run the whole pipeline on a synthetic portfolio and compare it with the truth.

    Parameters
    ----------
    debtors
        how many debtors to make up
    seed
        the same seed makes the same portfolio
    out
        where report and lists go
    lang
        language of the report: pt-BR, es-MX or en
    resume
        go on with an interrupted demo
    kind
        consumers or companies, Brazil or Mexico
    as_json
        print one object at the end
    """
    from flows.commands.demo import DemoRequest, run_demo

    request = DemoRequest(debtors, seed, kind, out, lang, resume)
    return run_demo(request, as_json=as_json)


@app.command(group=MAIN)
def init(input_: Path, /, *, config: Config = None, force: Flag = False) -> int:
    """Look at a debtor file and write a commented entrega.toml with the mapping found.

    Parameters
    ----------
    input_
        the debtor file: CSV, XLSX, Parquet, JSON lines or a list of addresses
    config
        where to write the configuration [default: entrega.toml]
    force
        replace a configuration that is there
    """
    from flows.commands.init import run_init

    return run_init(input_, config, force=force)


@app.command(group=MAIN)
def run(
    inputs: Files = None,
    /,
    *,
    config: Config = None,
    out: Path = Path("var/out"),
    warehouse: Path | None = None,
    no_smtp: Flag = False,
    sample: int | None = None,
    resume: str | None = None,
    local: Flag = False,
    lang: Lang = None,
    wait: Flag = False,
    force_gate: str | None = None,
    as_json: Annotated[bool, Parameter(name="--json", negative=())] = False,
) -> int:
    """Check a portfolio and publish report, clean list and manifest.

    Parameters
    ----------
    inputs
        the debtor files
    config
        the configuration [default: entrega.toml where it is there]
    out
        where report and lists go
    warehouse
        the DuckDB file [default: var/entrega.duckdb]
    no_smtp
        ask no mail server, whatever the configuration says
    sample
        take only so many debtors, chosen by a stable hash
    resume
        go on with an interrupted run; needs no input
    local
        the same stages without Prefect
    lang
        language of the report: pt-BR, es-MX or en
    wait
        wait for a warehouse that is in use
    force_gate
        "NAME: reason": send the whole list whatever its predicted bounce rate; published with it
    as_json
        print one object at the end
    """
    from flows.commands.run import run_portfolio
    from flows.prepare import RunRequest

    request = RunRequest(
        inputs=tuple(inputs or ()),
        config=config,
        out=out,
        warehouse=warehouse,
        no_smtp=no_smtp,
        sample=sample,
        resume=resume,
        local=local,
        language=lang,
        wait=wait,
        force_gate=force_gate,
    )
    return run_portfolio(request, as_json=as_json)


@app.command(group=MAIN)
def plan(
    inputs: list[Path],
    /,
    *,
    config: Config = None,
    warehouse: Path | None = None,
    as_json: Annotated[bool, Parameter(name="--json", negative=())] = False,
) -> int:
    """Show whom a run would ask, within which budget and in how many nights; asks nobody.

    Parameters
    ----------
    inputs
        the debtor files
    config
        the configuration
    warehouse
        the DuckDB file, for what earlier runs know [default: var/entrega.duckdb]
    as_json
        print one object instead of tables
    """
    from flows.commands.plan import run_plan

    return run_plan(inputs, config, warehouse, as_json=as_json)


@app.command(group=MAIN)
def check(
    addresses: list[str],
    /,
    *,
    config: Config = None,
    as_json: Annotated[bool, Parameter(name="--json", negative=())] = False,
) -> int:
    """Check single addresses: shape, domain, flags, proposals for repair.

    Parameters
    ----------
    addresses
        what to check
    config
        the configuration
    as_json
        print one object instead of a table
    """
    from flows.commands.check import run_check

    return run_check(addresses, config, as_json=as_json)


@app.command(group=AFTER)
def gate(
    list_dir: Path,
    /,
    *,
    config: Config = None,
    as_json: Annotated[bool, Parameter(name="--json", negative=())] = False,
) -> int:
    """Verify a clean list before it is sent: whole, unchanged, in time, gate open.

    Exit codes: 0 open, 7 closed, 8 expired or rolled back, 9 not whole or tampered.

    Parameters
    ----------
    list_dir
        the folder of one list, or of a creditor: then its newest list
    config
        the configuration, for the signing key
    as_json
        print one object instead of lines
    """
    from flows.commands.gate import run_gate

    return run_gate(list_dir, config, as_json=as_json)


@app.command(group=AFTER)
def feedback(
    files: list[Path],
    /,
    *,
    mapping: Path | None = None,
    config: Config = None,
    warehouse: Path | None = None,
    wait: Flag = False,
    as_json: Annotated[bool, Parameter(name="--json", negative=())] = False,
) -> int:
    """Take in what happened: deliveries, bounces, complaints, opt-outs.

    Parameters
    ----------
    files
        event files, known by their content: bounces and complaints (mbox, maildir, .eml), JSON of
        SES, SendGrid, Mailgun, Postmark or Brevo, or CSV and JSON lines with message_key or
        email, event, occurred_at, permanence, smtp_code, ...; of a folder each new file is taken
        once and moved to done/
    mapping
        how to read events of any other system (TOML, docs/feedback.md)
    config
        the configuration
    warehouse
        the DuckDB file [default: var/entrega.duckdb]
    wait
        wait for a warehouse that is in use
    as_json
        print one object instead of lines
    """
    from flows.commands.feedback import run_feedback

    return run_feedback(files, mapping, config, warehouse, wait=wait, as_json=as_json)


@app.command(group=AFTER)
def learn(
    *,
    warehouse: Path | None = None,
    out: Path | None = None,
    wait: Flag = False,
    as_json: Annotated[bool, Parameter(name="--json", negative=())] = False,
) -> int:
    """Fit the score model to what became of the messages sent; later runs go by it.

    It shows how well messages that were held out are foretold, before and after, and writes
    nothing where that is worse. Exit code 3: too few events yet.

    Parameters
    ----------
    warehouse
        the DuckDB file [default: var/entrega.duckdb]
    out
        where to write the model [default: score_model.json beside the warehouse, where runs find
        it unless [score] model names another]
    wait
        wait for a warehouse that is in use
    as_json
        print one object instead of lines
    """
    from flows.commands.learn import run_learn

    return run_learn(warehouse, out, wait=wait, as_json=as_json)


@app.command(group=AFTER)
def override(
    debtor_id: str | None = None,
    /,
    *,
    decision: Literal["send", "send_neutral", "review", "hold", "suppress", "other_channel"]
    | None = None,
    by: str = "",
    reason: str = "",
    creditor: str | None = None,
    until: dt.date | None = None,
    list_: Annotated[bool, Parameter(name="--list", negative=())] = False,
    remove: Flag = False,
    warehouse: Path | None = None,
    wait: Flag = False,
    as_json: Annotated[bool, Parameter(name="--json", negative=())] = False,
) -> int:
    """Decide about a debtor in place of the rules, by name and with a reason (rule L22).

    It holds from the next run on. What the law forbids stays forbidden: opt-outs, complaints,
    deaths, erasures, settled and disputed debts. The gate still weighs whom a person sends to.

    Parameters
    ----------
    debtor_id
        the debtor's id, as in debtors.csv
    decision
        what to do with the debtor
    by
        who decides
    reason
        why
    creditor
        the creditor's id, where several have a debtor with this id
    until
        the last day on which it holds, YYYY-MM-DD [default: until it is removed]
    list_
        only show what is kept
    remove
        let the rules decide again
    warehouse
        the DuckDB file [default: var/entrega.duckdb]
    wait
        wait for a warehouse that is in use
    as_json
        print one object instead of lines
    """
    from flows.commands.override import OverrideRequest, run_override

    request = OverrideRequest(
        debtor_id, decision, by, reason, creditor, until, list_, remove, warehouse, wait
    )
    return run_override(request, as_json=as_json)


@app.command(group=AFTER)
def report(
    run_id: str,
    /,
    *,
    out: Path | None = None,
    warehouse: Path | None = None,
    lang: Lang = None,
) -> int:
    """Render the report of a run again, in any language.

    Parameters
    ----------
    run_id
        as `entrega runs` lists it
    out
        where to write [default: where the run wrote]
    warehouse
        the DuckDB file [default: var/entrega.duckdb]
    lang
        pt-BR, es-MX or en
    """
    from flows.commands.report import run_report

    return run_report(run_id, out, warehouse, lang)


@app.command(group=AFTER)
def ledger(
    *,
    creditor: str,
    invoice: str | None = None,
    out: Path | None = None,
    config: Config = None,
    warehouse: Path | None = None,
    wait: Flag = False,
    as_json: Annotated[bool, Parameter(name="--json", negative=())] = False,
) -> int:
    """Show per invoice when it was verified, sent, delivered, opened, downloaded, clicked, paid.

    Parameters
    ----------
    creditor
        the creditor's id, as in the name of its list folder
    invoice
        one invoice; all of the creditor where it is left out
    out
        write to this file: .csv for people, .jsonl for machines
    config
        the configuration
    warehouse
        the DuckDB file [default: var/entrega.duckdb]
    wait
        wait for a warehouse that is in use
    as_json
        print JSON lines instead of a table
    """
    from flows.commands.ledger import run_ledger

    return run_ledger(
        creditor,
        invoice,
        out,
        config=config,
        warehouse=warehouse,
        wait=wait,
        as_json=as_json,
    )


@app.command(group=AFTER)
def runs(
    *,
    warehouse: Path | None = None,
    as_json: Annotated[bool, Parameter(name="--json", negative=())] = False,
) -> int:
    """List the runs of a warehouse.

    Parameters
    ----------
    warehouse
        the DuckDB file [default: var/entrega.duckdb]
    as_json
        print one object instead of a table
    """
    from flows.commands.report import list_runs

    return list_runs(warehouse, as_json=as_json)


@app.command(group=CARE)
def duplicates(
    input_: Path,
    /,
    *,
    out: Path,
    config: Config = None,
    id_: Annotated[str | None, Parameter(name="--id")] = None,
    role: Annotated[list[str] | None, Parameter(negative=())] = None,
) -> int:
    """Find the records that are one debtor, on any table of people or companies.

    Parameters
    ----------
    input_
        the table
    out
        where clusters.csv goes
    config
        the configuration
    id_
        the column that identifies a record
    role
        COLUMN=ROLE, e.g. correo=email; may be repeated
    """
    from flows.commands.duplicates import run_duplicates

    return run_duplicates(input_, out, config, id_, role or [])


@app.command(group=CARE)
def forget(
    *,
    creditor: str,
    id_: Annotated[str | None, Parameter(name="--id")] = None,
    email: str | None = None,
    same_person: Flag = False,
    warehouse: Path | None = None,
    wait: Flag = False,
    as_json: Annotated[bool, Parameter(name="--json", negative=())] = False,
) -> int:
    """Erase a debtor, or one address, from warehouse, work folders and outputs.

    Only keyed hashes stay, so that nobody writes there again. Afterwards everything is searched:
    exit code 0 means that nothing was found.

    Parameters
    ----------
    creditor
        the creditor's id, as in the name of its list folder
    id_
        the debtor's id
    email
        an address, in place of a debtor: the debtors who had it stay, without it
    same_person
        erase further records that runs held to be the same debtor too
    warehouse
        the DuckDB file [default: var/entrega.duckdb]
    wait
        wait for a warehouse that is in use
    as_json
        print one object instead of lines
    """
    from flows.commands.forget import ForgetRequest, run_forget

    request = ForgetRequest(creditor, id_, email, same_person, warehouse, wait)
    return run_forget(request, as_json=as_json)


@app.command(group=CARE)
def purge(
    *,
    config: Config = None,
    dry_run: Flag = False,
    warehouse: Path | None = None,
    wait: Flag = False,
    as_json: Annotated[bool, Parameter(name="--json", negative=())] = False,
) -> int:
    """Let go of what is past its time by [retention], and say what that was.

    Parameters
    ----------
    config
        the configuration
    dry_run
        only count
    warehouse
        the DuckDB file [default: var/entrega.duckdb]
    wait
        wait for a warehouse that is in use
    as_json
        print one object instead of lines
    """
    from flows.commands.purge import run_purge

    return run_purge(config, warehouse, dry=dry_run, wait=wait, as_json=as_json)


@app.command(group=CARE)
def preflight(
    *,
    config: Config = None,
    as_json: Annotated[bool, Parameter(name="--json", negative=())] = False,
) -> int:
    """Tell whether this host is fit to ask: resolver, port 25, HELO, PTR, SPF, blocklists.

    Exit codes: 0 fit, 2 no identity is configured, 5 not fit.

    Parameters
    ----------
    config
        the configuration, with [smtp] helo and mail_from
    as_json
        print one object instead of lines
    """
    from flows.commands.preflight import run_preflight

    return run_preflight(config, as_json=as_json)


@app.command(group=CARE)
def sandbox(
    *,
    portfolio: Path | None = None,
    kind: Literal["b2c_br", "b2b_br", "b2c_mx", "b2b_mx"] = "b2c_br",
    debtors: int = 2_000,
    seed: int = 1,
    mood: Literal["honest", "nxdomain", "address", "servfail", "dead"] = "honest",
    out: Path = Path("var/sandbox"),
    as_json: Annotated[bool, Parameter(name="--json", negative=())] = False,
) -> int:
    """Keep a mail internet running on loopback until Ctrl-C, and say how to reach it.

    Parameters
    ----------
    portfolio
        a folder that an earlier call made; a new portfolio where none is given
    kind
        consumers or companies, Brazil or Mexico
    debtors
        how many debtors to make up
    seed
        the same seed makes the same portfolio and the same servers
    mood
        how the nameserver behaves
    out
        where portfolio, truth, entrega.toml and the servers' journals go
    as_json
        print one line with the endpoints instead of text
    """
    from flows.commands.sandbox import SandboxRequest, run_sandbox

    request = SandboxRequest(portfolio, kind, debtors, seed, mood, out)
    return run_sandbox(request, as_json=as_json)


@app.command(group=CARE)
def serve(*, config: Config = None, inputs: Files = None) -> int:
    """Serve the scheduled deployment to a Prefect server, until stopped.

    Parameters
    ----------
    config
        the configuration
    inputs
        the debtor files of the scheduled run
    """
    from flows.commands.serve import run_serve

    return run_serve(config, inputs or [])


@app.command(name="config", group=CARE)
def show_config(
    *,
    config: Config = None,
    as_json: Annotated[bool, Parameter(name="--json", negative=())] = False,
) -> int:
    """Show every setting with its value, its origin and what it is for.

    Parameters
    ----------
    config
        the configuration
    as_json
        print one object instead of lines
    """
    from flows.commands.config import run_config

    return run_config(config, as_json=as_json)


def main() -> None:
    """Run the command line and end with its exit code."""
    os.umask(0o077)
    try:
        code = app(exit_on_error=False, result_action="return_value")
    except CycloptsError:
        sys.exit(2)  # cyclopts has said what is wrong
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  the last line of defence
        code = explain_fault(error)
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
