"""Starting a daemon in the foreground, waiting until it listens, stopping it."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from string import Template
from typing import Final

READY_WITHIN: Final = 20.0
"""Seconds until a daemon must listen; a busy machine takes a few."""
STOPPED_WITHIN: Final = 5.0
_LOOK_EVERY: Final = 0.05
_TEMPLATES: Final = Path(__file__).with_name("etc")

Endpoint = tuple[str, int]


class DaemonError(RuntimeError):
    """A daemon ended or did not listen in time; the text holds the end of its log."""


@contextmanager
def daemon(
    command: Sequence[str],
    endpoint: Endpoint,
    log: Path,
    env: Mapping[str, str] | None = None,
) -> Iterator[None]:
    """Run a daemon in the foreground for the length of a block; it listens when the block begins.

    What it prints goes into `log`. Raises DaemonError.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=env)
    try:
        _await(process, endpoint, log)
        yield
    finally:
        _stop(process)


def free_port(*addresses: str) -> int:
    """Return a port that is free for TCP and UDP on all of these addresses at this moment."""
    for _ in range(100):
        port = _port_of(addresses[0])
        if all(_is_free(address, port) for address in addresses):
            return port
    message = "no port is free on all of the addresses"
    raise DaemonError(message)


def fill(template: str, target: Path, **values: object) -> Path:
    """Write a configuration from `etc/<template>`, its `$words` replaced; return its path."""
    text = Template((_TEMPLATES / template).read_text()).substitute(
        {name: str(value) for name, value in values.items()}
    )
    target.write_text(text)
    return target


def _await(process: subprocess.Popen[bytes], endpoint: Endpoint, log: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            socket.create_connection(endpoint, timeout=1).close()
        except OSError:
            time.sleep(_LOOK_EVERY)
        else:
            return
    tail = log.read_text(errors="replace")[-2_000:]
    message = f"{process.args!r} does not listen on {endpoint}; its log ends with:\n{tail}"
    raise DaemonError(message)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOPPED_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _port_of(address: str) -> int:
    with socket.socket() as probe:
        probe.bind((address, 0))
        port: int = probe.getsockname()[1]
        return port


def _is_free(address: str, port: int) -> bool:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(type=kind) as probe:
            try:
                probe.bind((address, port))
            except OSError:
                return False
    return True
