"""What holds for every test: no traffic leaves this machine, over TCP or UDP."""

from __future__ import annotations

import ipaddress
import sys

from hypothesis import settings

# how long an example takes says more of the machine's load than of our code
settings.register_profile("entrega", deadline=None, print_blob=True)
settings.load_profile("entrega")

SENDING = {"socket.connect", "socket.sendto", "socket.sendmsg"}


class LeavingTrafficError(RuntimeError):
    """A test tried to reach an address outside the loopback range."""


def _refuse_leaving_traffic(event: str, args: tuple[object, ...]) -> None:
    # pytest-socket guards connect() only; a UDP sendto() would slip through
    if event not in SENDING or len(args) < 2 or not isinstance(args[1], tuple):
        return
    host = str(args[1][0])
    try:
        loopback = ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        loopback = host == "localhost"
    if not loopback:
        raise LeavingTrafficError(event)


sys.addaudithook(_refuse_leaving_traffic)
