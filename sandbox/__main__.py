"""`python -m sandbox`: make portfolios, and keep the mail internet running.

    python -m sandbox portfolio FOLDER --kind b2c_br --debtors 2000 --seed 1
    python -m sandbox serve --portfolio FOLDER

`serve` prints one line of JSON with the endpoints when it is ready, and runs until it is
interrupted.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import signal
import sys
from pathlib import Path

from sandbox.internet import DEFAULT_START, internet
from sandbox.market import KINDS
from sandbox.portfolio import make_portfolio
from sandbox.smtp_farm import Tempo
from sandbox.world import merged, read_world
from sandbox.zoo import zoo


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit code."""
    chosen = _parser().parse_args(arguments)
    if chosen.command == "portfolio":
        made = make_portfolio(chosen.kind, chosen.debtors, chosen.seed)
        sys.stdout.write(f"{made.write(chosen.folder)}\n")
    else:
        _allow_many_sockets()
        asyncio.run(_serve(chosen))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    portfolio = commands.add_parser("portfolio", help="write a portfolio and its truth")
    portfolio.add_argument("folder", type=Path)
    portfolio.add_argument("--kind", choices=KINDS, default="b2c_br")
    portfolio.add_argument("--debtors", type=int, default=2000)
    portfolio.add_argument("--seed", type=int, default=1)
    serve = commands.add_parser("serve", help="run DNS, SMTP farm and policy clock")
    serve.add_argument(
        "--portfolio", type=Path, action="append", default=[], help="folder with truth/"
    )
    serve.add_argument(
        "--journal", type=Path, required=True, help="folder of the servers' journals"
    )
    serve.add_argument("--seed", type=int, default=1)
    serve.add_argument(
        "--mood",
        choices=["honest", "nxdomain", "address", "wildcard", "servfail", "dead"],
        default="honest",
    )
    serve.add_argument(
        "--io-scale", type=float, default=Tempo().io_scale, help="factor on real delays"
    )
    serve.add_argument("--reply-delay", type=float, default=0.0, help="seconds before every reply")
    serve.add_argument(
        "--start-at", type=float, default=DEFAULT_START, help="policy epoch, seconds"
    )
    serve.add_argument("--until-stdin-closes", action="store_true", help="stop with its parent")
    serve.add_argument("--hostile", action="store_true", help="serve hostile.toml as well")
    return parser


def _allow_many_sockets() -> None:
    """Raise the number of open files to what the system lets us have: one listener an address."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def _serve(chosen: argparse.Namespace) -> None:
    folders: list[Path] = chosen.portfolio
    worlds = [read_world(folder, chosen.seed) for folder in folders]
    world = merged([*worlds, zoo(chosen.seed)])
    tempo = Tempo(io_scale=chosen.io_scale, reply_delay=chosen.reply_delay)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    if chosen.until_stdin_closes:
        loop.add_reader(sys.stdin.fileno(), _stop_at_end, stop)
    async with internet(
        world,
        chosen.journal,
        mood=chosen.mood,
        tempo=tempo,
        start_at=chosen.start_at,
        hostile=chosen.hostile,
    ) as endpoints:
        sys.stdout.write(endpoints.to_json() + "\n")
        sys.stdout.flush()
        await stop.wait()


def _stop_at_end(stop: asyncio.Event) -> None:
    """Stop when whoever started the sandbox has closed its standard input."""
    if not os.read(sys.stdin.fileno(), 4096):
        stop.set()


if __name__ == "__main__":
    sys.exit(main())
