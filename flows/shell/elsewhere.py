"""Answers from elsewhere: another host's probe, the verdicts of others, what was told before."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from flows.shell.options import DEFAULT_STORE, ELSEWHERE, Config, Json, Store, Word, app


@app.command(group=ELSEWHERE)
def probe(
    shard: Path,
    /,
    *,
    out: Path,
    config: Config = None,
    as_json: Json = False,
) -> int:
    """Ask mail servers for a run that waits on another host, where port 25 is open.

    Needs [smtp] helo and mail_from of this host, no warehouse and no debtor file. Call it again
    after an interruption: it goes on where it stood. Exit code 5: no mail server was reached.

    Parameters
    ----------
    shard
        the .shard file that 'entrega run --away' has made
    out
        where the answers go, to be given to 'entrega answers' beside the warehouse
    """
    from flows.commands.probe import run_probe

    return run_probe(shard, out, config, as_json=as_json)


@app.command(group=ELSEWHERE)
def answers(
    file: Path,
    /,
    *,
    source: Word = "",
    date: dt.date | None = None,
    mapping: Path | None = None,
    store: Store = DEFAULT_STORE,
) -> int:
    """Take in what others were told: answers of 'entrega probe', or a verifier's or bureau's table.

    Answers of 'entrega probe' go to the run that waits for them: 'entrega run --resume' goes on.
    A table (CSV, XLSX, ...) of ZeroBounce, NeverBounce, SafetyMails or others becomes a claim on
    each address: dated, by name of its source, for 30 days. It moves the score and whom to ask
    first; alone it condemns nobody, and what a mail server told us or a later delivery outranks it.

    Parameters
    ----------
    file
        what 'entrega probe' wrote, or a table with a column of addresses and one of results
    source
        whose verdicts they are, e.g. bureau [default: told by the column names]
    date
        when the addresses were verified, where the file has no date, YYYY-MM-DD
    mapping
        a file with columns and words of your own, see docs/running.md
    """
    from flows.commands.answers import AnswersRequest, run_answers

    request = AnswersRequest(file, source, date, mapping, store.warehouse, store.wait)
    return run_answers(request, as_json=store.as_json)


@app.command(group=ELSEWHERE)
def rejudge(
    run_id: str,
    /,
    *,
    store: Store = DEFAULT_STORE,
) -> int:
    """Read the stored replies of a run again by the rules of today; asks nobody.

    Says how many addresses changed from which reason to which. New runs go by it; this one is
    scored and published again by 'entrega run --resume RUN_ID'. Under the rules that it was judged
    by nothing changes.

    Parameters
    ----------
    run_id
        as 'entrega runs' lists it
    """
    from flows.commands.rejudge import run_rejudge

    return run_rejudge(run_id, store.warehouse, wait=store.wait, as_json=store.as_json)
