"""Asking from elsewhere: another host's probe, and the answers of others."""

from __future__ import annotations

from pathlib import Path

from flows.shell.options import CARE, Config, Json, WarehouseFile, app


@app.command(group=CARE)
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
        the .shard file that `entrega run --away` has made
    out
        where the answers go, to be given to `entrega answers` beside the warehouse
    """
    from flows.commands.probe import run_probe

    return run_probe(shard, out, config, as_json=as_json)


@app.command(group=CARE)
def answers(
    file: Path,
    /,
    *,
    warehouse: WarehouseFile = None,
    as_json: Json = False,
) -> int:
    """Take in what `entrega probe` was told elsewhere; then `entrega run --resume` goes on.

    Parameters
    ----------
    file
        what `entrega probe` wrote
    """
    from flows.commands.answers import run_answers

    return run_answers(file, warehouse, as_json=as_json)
