"""The main job: try it, look at a file, run, plan, check an address."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from flows.shell.options import (
    MAIN,
    Config,
    Files,
    Flag,
    Input,
    Json,
    Lang,
    Wait,
    WarehouseFile,
    app,
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
    as_json: Json = False,
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
    resume
        go on with an interrupted demo
    kind
        consumers or companies, Brazil or Mexico
    """
    from flows.commands.demo import DemoRequest, run_demo

    request = DemoRequest(debtors, seed, kind, out, lang, resume)
    return run_demo(request, as_json=as_json)


@app.command(group=MAIN)
def init(input_: Input, /, *, config: Config = None, force: Flag = False) -> int:
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
    warehouse: WarehouseFile = None,
    no_smtp: Flag = False,
    away: Flag = False,
    sample: int | None = None,
    resume: str | None = None,
    local: Flag = False,
    lang: Lang = None,
    wait: Wait = False,
    force_gate: str | None = None,
    all_clear: str | None = None,
    as_json: Json = False,
) -> int:
    """Check a portfolio and publish report, clean list and manifest.

    Parameters
    ----------
    inputs
        the debtor files
    out
        where report and lists go
    no_smtp
        ask no mail server, whatever the configuration says
    away
        have another host ask: write a shard file for 'entrega probe', and wait for its answers
    sample
        take only so many debtors, chosen by a stable hash
    resume
        go on with an interrupted run; needs no input
    local
        the same stages without Prefect
    force_gate
        "NAME: reason": send the whole list whatever its predicted bounce rate; published with it
    all_clear
        "NAME: reason": ask again though several providers had refused this host; it is kept
    """
    from flows.commands.run import run_portfolio
    from flows.prepare import RunRequest

    request = RunRequest(
        inputs=tuple(inputs or ()),
        config=config,
        out=out,
        warehouse=warehouse,
        no_smtp=no_smtp,
        away=away,
        sample=sample,
        resume=resume,
        local=local,
        language=lang,
        wait=wait,
        force_gate=force_gate,
        all_clear=all_clear,
    )
    return run_portfolio(request, as_json=as_json)


@app.command(group=MAIN)
def plan(
    inputs: list[Path],
    /,
    *,
    config: Config = None,
    warehouse: WarehouseFile = None,
    as_json: Json = False,
) -> int:
    """Show whom a run would ask, within which budget and in how many nights; asks nobody.

    Parameters
    ----------
    inputs
        the debtor files
    """
    from flows.commands.plan import run_plan

    return run_plan(inputs, config, warehouse, as_json=as_json)


@app.command(group=MAIN)
def check(
    addresses: list[str],
    /,
    *,
    config: Config = None,
    as_json: Json = False,
) -> int:
    """Check single addresses: shape, domain, flags, proposals for repair.

    Parameters
    ----------
    addresses
        what to check
    """
    from flows.commands.check import run_check

    return run_check(addresses, config, as_json=as_json)
