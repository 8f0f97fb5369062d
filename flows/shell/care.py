"""Care: duplicates, erasure, retention, fitness of this host, schedule, settings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from flows.shell.options import (
    CARE,
    DEFAULT_STORE,
    Config,
    Files,
    Flag,
    Id,
    Input,
    Json,
    Store,
    app,
)


@app.command(group=CARE)
def duplicates(
    input_: Input,
    /,
    *,
    out: Path,
    config: Config = None,
    id_: Id = None,
    role: Annotated[list[str] | None, Parameter(negative=())] = None,
    decisions: Path | None = None,
    previous: Path | None = None,
    model: Path | None = None,
    as_json: Json = False,
) -> int:
    """Find the records that are one debtor, on any table of people or companies.

    Parameters
    ----------
    input_
        the table: CSV, Parquet, XLSX or JSON lines
    out
        where clusters.csv, pairs.parquet, review.csv and model.json go
    id_
        the column that identifies a record [default: the row number from 0]
    role
        COLUMN=ROLE, e.g. correo=email; may be repeated; columns not named are guessed
    decisions
        a reviewed review.csv: pairs decided to be same or different stay so
    previous
        an earlier clusters.csv: its cluster ids are kept, merges and splits listed
    model
        the model.json of an earlier run: nothing is learnt anew
    """
    from flows.commands.duplicates import read_roles, run_duplicates
    from flows.linkage import LinkRequest

    request = LinkRequest(input_, out, id_, read_roles(role or []), decisions, previous, model)
    return run_duplicates(request, config, as_json=as_json)


@app.command(group=CARE)
def forget(
    *,
    creditor: str,
    id_: Id = None,
    email: str | None = None,
    same_person: Flag = False,
    store: Store = DEFAULT_STORE,
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
    """
    from flows.commands.forget import ForgetRequest, run_forget

    request = ForgetRequest(creditor, id_, email, same_person, store.warehouse, store.wait)
    return run_forget(request, as_json=store.as_json)


@app.command(group=CARE)
def purge(
    *,
    config: Config = None,
    dry_run: Flag = False,
    store: Store = DEFAULT_STORE,
) -> int:
    """Let go of what is past its time by [retention], and say what that was.

    Parameters
    ----------
    dry_run
        only count
    """
    from flows.commands.purge import run_purge

    return run_purge(config, store.warehouse, dry=dry_run, wait=store.wait, as_json=store.as_json)


@app.command(group=CARE)
def preflight(
    *,
    config: Config = None,
    as_json: Json = False,
) -> int:
    """Tell whether this host is fit to ask: resolver, port 25, HELO, PTR, SPF, blocklists.

    Exit codes: 0 fit, 2 no identity is configured, 5 not fit.
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
    as_json: Json = False,
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
    """
    from flows.commands.sandbox import SandboxRequest, run_sandbox

    request = SandboxRequest(portfolio, kind, debtors, seed, mood, out)
    return run_sandbox(request, as_json=as_json)


@app.command(group=CARE)
def serve(inputs: Files = None, /, *, config: Config = None) -> int:
    """Serve the scheduled deployment to a Prefect server, until stopped.

    Parameters
    ----------
    inputs
        the debtor files of the scheduled run
    """
    from flows.commands.serve import run_serve

    return run_serve(config, inputs or [])


@app.command(name="config", group=CARE)
def show_config(
    *,
    config: Config = None,
    defaults: Flag = False,
    as_json: Json = False,
) -> int:
    """Show every setting with its value, its origin and what it is for.

    Parameters
    ----------
    defaults
        the defaults, whatever the configuration says
    """
    from flows.commands.config import run_config

    return run_config(config, defaults=defaults, as_json=as_json)
