"""`python -m sandbox`: make portfolios and registers, and keep the mail internet running.

    python -m sandbox portfolio FOLDER --kind b2c_br --debtors 2000 --seed 1
    python -m sandbox register FOLDER --country BR --records 40000 --seed 1
    python -m sandbox serve --portfolio FOLDER
    python -m sandbox lab --hosts 1000 --journal FOLDER

`serve` and `lab` print one line of JSON with the endpoints when it is ready, and run until it is
interrupted.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import signal
import sys
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from sandbox.internet import DEFAULT_START, Endpoints, internet
from sandbox.lab import LabSize, lab
from sandbox.market import KINDS
from sandbox.portfolio import make_portfolio
from sandbox.registers.register import make_register
from sandbox.smtp_farm import Tempo
from sandbox.world import merged, read_world
from sandbox.zoo import zoo


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit code."""
    chosen = _parser().parse_args(arguments)
    if chosen.command == "portfolio":
        made = make_portfolio(chosen.kind, chosen.debtors, chosen.seed)
        sys.stdout.write(f"{made.write(chosen.folder)}\n")
        return 0
    if chosen.command == "register":
        register = make_register(chosen.country, chosen.records, chosen.seed)
        sys.stdout.write(f"{register.write(chosen.folder)}\n")
        return 0
    _allow_many_sockets()
    asyncio.run(_serve_until_stopped(chosen))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    portfolio = commands.add_parser("portfolio", help="write a portfolio and its truth")
    portfolio.add_argument("folder", type=Path)
    portfolio.add_argument("--kind", choices=KINDS, default="b2c_br")
    portfolio.add_argument("--debtors", type=int, default=2000)
    portfolio.add_argument("--seed", type=int, default=1)
    register = commands.add_parser("register", help="write records with duplicates, and the truth")
    register.add_argument("folder", type=Path)
    register.add_argument("--country", choices=["BR", "MX"], default="BR")
    register.add_argument("--records", type=int, default=40_000)
    register.add_argument("--seed", type=int, default=1)
    serve = commands.add_parser("serve", help="run DNS, SMTP farm and policy clock")
    serve.add_argument(
        "--portfolio", type=Path, action="append", default=[], help="folder with truth/"
    )
    serve.add_argument("--seed", type=int, default=1)
    serve.add_argument(
        "--mood",
        choices=["honest", "nxdomain", "address", "wildcard", "servfail", "dead"],
        default="honest",
    )
    serve.add_argument("--hostile", action="store_true", help="serve hostile.toml as well")
    lab = commands.add_parser("lab", help="run servers whose names say what they do")
    lab.add_argument("--hosts", type=int, default=1000)
    lab.add_argument("--hostile-every", type=int, default=5, help="0: none is hostile")
    for each in (serve, lab):
        _add_serving(each)
    return parser


def _add_serving(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--journal", type=Path, required=True, help="folder of the servers' journals"
    )
    command.add_argument(
        "--io-scale", type=float, default=Tempo().io_scale, help="factor on real delays"
    )
    command.add_argument("--reply-delay", type=float, default=0.0, help="seconds before replies")
    command.add_argument(
        "--start-at", type=float, default=DEFAULT_START, help="policy epoch, seconds"
    )
    command.add_argument("--until-stdin-closes", action="store_true", help="stop with its parent")


def _allow_many_sockets() -> None:
    """Raise the number of open files to what the system lets us have: one listener an address."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def _serve_until_stopped(chosen: argparse.Namespace) -> None:
    tempo = Tempo(io_scale=chosen.io_scale, reply_delay=chosen.reply_delay)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    if chosen.until_stdin_closes:
        loop.add_reader(sys.stdin.fileno(), _stop_at_end, stop)
    served = _lab(chosen, tempo) if chosen.command == "lab" else _internet(chosen, tempo)
    async with served as endpoints:
        sys.stdout.write(endpoints.to_json() + "\n")
        sys.stdout.flush()
        await stop.wait()


def _internet(chosen: argparse.Namespace, tempo: Tempo) -> AbstractAsyncContextManager[Endpoints]:
    folders: list[Path] = chosen.portfolio
    worlds = [read_world(folder, chosen.seed) for folder in folders]
    return internet(
        merged([*worlds, zoo(chosen.seed)]),
        chosen.journal,
        mood=chosen.mood,
        tempo=tempo,
        start_at=chosen.start_at,
        hostile=chosen.hostile,
    )


def _lab(chosen: argparse.Namespace, tempo: Tempo) -> AbstractAsyncContextManager[Endpoints]:
    size = LabSize(chosen.hosts, chosen.hostile_every)
    return lab(size, chosen.journal, tempo, start_at=chosen.start_at)


def _stop_at_end(stop: asyncio.Event) -> None:
    """Stop when whoever started the sandbox has closed its standard input."""
    if not os.read(sys.stdin.fileno(), 4096):
        stop.set()


if __name__ == "__main__":
    sys.exit(main())
