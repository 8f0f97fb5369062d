"""NSD with a zone of our own, and Unbound as the loopback resolver in front of it.

    python -m sandbox.servers.nameservers ZONEFILE [--port PORT]

runs both in the foreground and prints one line of JSON with their addresses. Needs neither root
nor a namespace.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from sandbox.servers.daemons import Endpoint, daemon, fill, free_port
from sandbox.servers.packages import environment, program

RESOLVER: Final = "127.0.0.1"
AUTHORITY: Final = "127.0.0.2"


@dataclass(frozen=True, slots=True)
class NameServers:
    """Where the two listen, over UDP and TCP."""

    authority: Endpoint
    resolver: Endpoint


@contextmanager
def name_servers(zone: Path, folder: Path, port: int | None = None) -> Iterator[NameServers]:
    """Serve a zone file (origin ".") for the length of a block; logs and settings go to `folder`.

    Both listen on one port, on addresses of their own; without `port`, on a free one. Raises
    FileNotFoundError where the packages are missing, DaemonError where a server does not start.
    """
    port = free_port(RESOLVER, AUTHORITY) if port is None else port
    with authority(zone, folder, (AUTHORITY, port)):
        settings = fill(
            "unbound.conf",
            folder / "unbound.conf",
            address=RESOLVER,
            port=port,
            folder=folder,
            upstream=AUTHORITY,
        )
        command = [program("unbound", "usr/sbin/unbound"), "-d", "-p", "-c", str(settings)]
        log = folder / "unbound.log"
        with daemon(command, (RESOLVER, port), log, environment("unbound")):
            yield NameServers((AUTHORITY, port), (RESOLVER, port))


@contextmanager
def authority(zone: Path, folder: Path, endpoint: Endpoint) -> Iterator[None]:
    """Serve a zone file by NSD alone: what a resolver or a load generator asks."""
    address, port = endpoint
    settings = fill(
        "nsd.conf",
        folder / "nsd.conf",
        address=address,
        port=port,
        folder=folder,
        zone=zone.resolve(),
    )
    command = [program("nsd", "usr/sbin/nsd"), "-d", "-c", str(settings)]
    with daemon(command, endpoint, folder / "nsd.log", environment("nsd")):
        yield


def main() -> None:
    """Run both until interrupted."""
    parser = argparse.ArgumentParser(description="NSD and Unbound on loopback")
    parser.add_argument("zone", type=Path)
    parser.add_argument("--port", type=int)
    wanted = parser.parse_args()
    with TemporaryDirectory() as folder, name_servers(wanted.zone, Path(folder), wanted.port) as at:
        told = {"authority": at.authority, "resolver": at.resolver}
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()
        signal.sigwait({signal.SIGINT, signal.SIGTERM})


if __name__ == "__main__":
    main()
