"""Before and after sending: verify a list, take events in, learn, override, report."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from flows.shell.options import (
    AFTER,
    DEFAULT_STORE,
    Config,
    Flag,
    Json,
    Lang,
    Store,
    WarehouseFile,
    Word,
    app,
)


@app.command(group=AFTER)
def gate(
    list_dir: Path,
    /,
    *,
    config: Config = None,
    as_json: Json = False,
) -> int:
    """Verify a clean list before it is sent: whole, unchanged, in time, gate open.

    Exit codes: 0 open, 7 closed, 8 expired or rolled back, 9 not whole or tampered.

    Parameters
    ----------
    list_dir
        the folder of one list, or of a creditor: then its newest list
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
    store: Store = DEFAULT_STORE,
) -> int:
    """Take in what happened: deliveries, bounces, complaints, opt-outs.

    Parameters
    ----------
    files
        event files, known by their content: bounces and complaints (mbox, maildir, .eml), JSON of
        SES, SendGrid, Mailgun, Postmark or Brevo, or CSV and JSON lines with message_key or
        email, event, occurred_at, permanence, smtp_code, ...; of a folder each new file is taken
        once and moved to done/, or to refused/ if it cannot be read
    mapping
        how to read events of any other system (TOML, docs/feedback.md)
    """
    from flows.commands.feedback import run_feedback

    return run_feedback(
        files, mapping, config, store.warehouse, wait=store.wait, as_json=store.as_json
    )


@app.command(group=AFTER)
def learn(
    *,
    out: Path | None = None,
    store: Store = DEFAULT_STORE,
) -> int:
    """Fit the score model to what became of the messages sent; later runs go by it.

    It shows how well messages that were held out are foretold, before and after, and writes
    nothing where that is worse. Exit code 3: too few events yet.

    Parameters
    ----------
    out
        where to write the model [default: score_model.json beside the warehouse, where runs find
        it unless [score] model names another]
    """
    from flows.commands.learn import run_learn

    return run_learn(store.warehouse, out, wait=store.wait, as_json=store.as_json)


@app.command(group=AFTER)
def override(
    debtor_id: str | None = None,
    /,
    *,
    decision: Literal["send", "send_neutral", "review", "hold", "suppress", "other_channel"]
    | None = None,
    by: Word = "",
    reason: Word = "",
    creditor: str | None = None,
    until: dt.date | None = None,
    list_: Annotated[Flag, Parameter(name="--list")] = False,
    remove: Flag = False,
    store: Store = DEFAULT_STORE,
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
    """
    from flows.commands.override import OverrideRequest, run_override

    request = OverrideRequest(
        debtor_id,
        decision,
        by,
        reason,
        creditor,
        until,
        list_,
        remove,
        store.warehouse,
        store.wait,
    )
    return run_override(request, as_json=store.as_json)


@app.command(group=AFTER)
def report(
    run_id: str,
    /,
    *,
    out: Path | None = None,
    warehouse: WarehouseFile = None,
    lang: Lang = None,
) -> int:
    """Render the report of a run again, in any language.

    Parameters
    ----------
    run_id
        as 'entrega runs' lists it
    out
        where to write [default: where the run wrote]
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
    store: Store = DEFAULT_STORE,
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
    """
    from flows.commands.ledger import run_ledger

    return run_ledger(
        creditor,
        invoice,
        out,
        config=config,
        warehouse=store.warehouse,
        wait=store.wait,
        as_json=store.as_json,
    )


@app.command(group=AFTER)
def runs(
    *,
    warehouse: WarehouseFile = None,
    as_json: Json = False,
) -> int:
    """List the runs of a warehouse."""
    from flows.commands.report import list_runs

    return list_runs(warehouse, as_json=as_json)
