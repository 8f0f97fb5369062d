"""`entrega sandbox`: a mail internet in the foreground, and a configuration that reaches it."""

from __future__ import annotations

import asyncio
import json
import signal
from dataclasses import asdict, dataclass
from pathlib import Path

from checks.errors import SettingError
from data.files import make_private_folder, write_private
from flows.commands.demo import CREDITOR
from flows.run import utc_now
from sandbox.dns_server import Mood
from sandbox.internet import Endpoints, internet
from sandbox.market import KINDS, Kind
from sandbox.portfolio import make_portfolio
from sandbox.world import World, read_world


@dataclass(frozen=True, slots=True)
class SandboxRequest:
    """Which internet: around a portfolio's folder, or around a new portfolio under `out`."""

    portfolio: Path | None
    kind: Kind
    debtors: int
    seed: int
    mood: Mood
    out: Path


def run_sandbox(request: SandboxRequest, *, as_json: bool) -> int:
    """Serve until interrupted; print how to reach it as soon as it can be reached."""
    make_private_folder(request.out)
    folder = request.portfolio or _new_portfolio(request)
    _input_of(folder)  # refuses a folder without a portfolio before anything is started
    return asyncio.run(_serve(request, folder, read_world(folder, request.seed), as_json=as_json))


def _new_portfolio(request: SandboxRequest) -> Path:
    folder = request.out / "portfolio"
    made = make_portfolio(request.kind, request.debtors, request.seed, as_of=utc_now().date())
    made.write(make_private_folder(folder))
    return folder


async def _serve(request: SandboxRequest, folder: Path, world: World, *, as_json: bool) -> int:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    journal = make_private_folder(request.out / "internet")
    async with internet(
        world, journal, mood=request.mood, start_at=utc_now().timestamp()
    ) as endpoints:
        config, input_ = request.out / "entrega.toml", _input_of(folder)
        write_private(config, configuration(endpoints, input_.stem[-2:]).encode())
        _tell(endpoints, input_, config, as_json=as_json)
        await stopped.wait()
    return 0


def _input_of(folder: Path) -> Path:
    """Return the portfolio's file, named after its kind."""
    found = [path for kind in KINDS if (path := folder / f"{kind}.csv").is_file()]
    if not found:
        problem = f"'{folder}' holds no portfolio"
        raise SettingError(problem, "leave --portfolio out, or name a folder made by this command")
    return found[0]


def configuration(endpoints: Endpoints, country: str) -> str:
    """Return an `entrega.toml` that reaches the sandbox, with a creditor and a legal basis."""
    creditor = CREDITOR[country]
    text = json.dumps  # TOML's basic strings and arrays of them are written as JSON's
    return f"""\
[creditor]
id = {text(creditor.id)}
name = {text(creditor.name, ensure_ascii=False)}
address = {text(creditor.address, ensure_ascii=False)}
tax_id = {text(creditor.tax_id)}

[legal]
basis = "contract"
source = "creditor"

[dns]
nameservers = {text([endpoints.nameserver])}

[smtp]
helo = {text(endpoints.helo)}
mail_from = {text(endpoints.mail_from)}
port = {endpoints.smtp_port}
lab_networks = {text(list(endpoints.lab_networks))}
lab_clock = {text(endpoints.clock)}
"""


def _tell(endpoints: Endpoints, input_: Path, config: Path, *, as_json: bool) -> None:
    facts = {
        **asdict(endpoints),
        "input": str(input_),
        "truth": str(input_.parent / "truth"),
        "config": str(config),
    }
    if as_json:
        print(json.dumps(facts, sort_keys=True), flush=True)
        return
    print(
        f"portfolio: {input_}\ntruth: {facts['truth']}\njournals: {endpoints.journal}\n"
        f"configuration, written to {config}:\n\n{config.read_text('utf-8')}\n"
        f"try: entrega preflight -c {config}\n     entrega run {input_} -c {config}\n"
        "Ctrl-C ends it.",
        flush=True,
    )
