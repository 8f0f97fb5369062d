"""A zone of domains with mail hosts, and servers for it on loopback, each a process of its own."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import AF_INET, SOCK_DGRAM, socket
from typing import Final

import dns.resolver

from sandbox.dns_server import DnsServer, Responder
from sandbox.zone import Records, Zone

CONTROLS: Final = ("control-a.example", "control-b.example")

_GONE_EVERY: Final = 20
_DOMAINS_PER_HOST: Final = 10
_START_SECONDS: Final = 20
_CONFIGURATION: Final = """
server:
  ip-address: 127.0.0.1@{port}
  username: ""
  database: ""
  pidfile: "{folder}/nsd.pid"
  xfrdfile: "{folder}/xfrd.state"
  zonelistfile: "{folder}/zone.list"
  zonesdir: "{folder}"
  minimal-responses: yes
  rrl-ratelimit: 0
remote-control:
  control-enable: no
zone:
  name: example
  zonefile: example.zone
"""
_ZONE_HEAD: Final = "$ORIGIN .\n$TTL 300\nexample. SOA ns.example. root.example. 1 2 3 4 60\n"


def names_of(domains: int) -> list[str]:
    """Return the domains that are asked about."""
    return [f"d{number}.example" for number in range(domains)]


def records_of(domains: int) -> dict[str, Records]:
    """Return `domains` domains, one in twenty missing, ten on each pair of mail hosts."""
    records: dict[str, Records] = {name: {"MX": [f"10 mx.{name}."]} for name in CONTROLS}
    for number, name in enumerate(names_of(domains)):
        host = f"h{number // _DOMAINS_PER_HOST}.host.example"
        if number % _GONE_EVERY:
            records[name] = {"MX": [f"10 mx1.{host}.", f"20 mx2.{host}."]}
        for place in (1, 2):
            records[f"mx{place}.{host}"] = {"A": [f"200.1.{place}.{number // 10 % 250}"]}
    return records


@contextmanager
def served_by_nsd(program: str, domains: int) -> Iterator[int]:
    """Serve the zone by NSD; yield its port."""
    with socket(AF_INET, SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    lines = [
        f"{name}. {kind} {value}\n"
        for name, kinds in records_of(domains).items()
        for kind, values in kinds.items()
        for value in values
    ]
    with tempfile.TemporaryDirectory() as folder:
        zone = f"{_ZONE_HEAD}example. NS ns.example.\nns.example. A 127.0.0.1\n{''.join(lines)}"
        Path(folder, "example.zone").write_text(zone, encoding="ascii")
        configuration = Path(folder, "nsd.conf")
        text = _CONFIGURATION.format(port=port, folder=folder)
        configuration.write_text(text, encoding="ascii")
        with subprocess.Popen([program, "-d", "-c", configuration]) as process:
            try:
                _wait_for(port)
                yield port
            finally:
                process.terminate()


def _wait_for(port: int) -> None:
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], port
    resolver.lifetime = _START_SECONDS
    resolver.resolve(CONTROLS[0], "MX")


@contextmanager
def served_by_sandbox(domains: int) -> Iterator[int]:
    """Serve the zone by the sandbox's server; yield its port."""
    command = [sys.executable, __file__, str(domains)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield int(next(iter(process.stdout or ())))
        finally:
            process.kill()


async def _serve(domains: int) -> None:
    server = DnsServer(Responder(Zone(records_of(domains), {})))
    print(await server.start(), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
