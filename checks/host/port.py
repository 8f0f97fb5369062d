"""Whether port 25 is open: a connection, the banner, QUIT; nobody is named and nothing asked."""

from __future__ import annotations

from collections.abc import Sequence

from checks.host.fitness import Greeting
from checks.mailbox.commands import QUIT
from checks.mailbox.conversation import Loss
from checks.mailbox.dial import dial
from checks.mailbox.proxy import Proxy
from checks.mailbox.session import Deadlines


async def greet(
    addresses: Sequence[str],
    port: int,
    deadlines: Deadlines,
    source: str = "",
    proxy: Proxy | None = None,
) -> Greeting | None:
    """Return the greeting of the first address that connects; None where none does.

    The addresses have passed the guard; `source` is our own address to call from, or a `proxy`
    calls for us. Raises ProxyError where that is at fault.
    """
    for address in addresses:
        found = await _greet_one(address, port, deadlines, source, proxy)
        if found is not None:
            return found
    return None


async def _greet_one(
    address: str, port: int, deadlines: Deadlines, source: str, proxy: Proxy | None
) -> Greeting | None:
    try:
        transport, wire = await dial(
            address, port, deadlines.connect, source=source or None, proxy=proxy
        )
    except OSError:  # a time-out is one too
        return None
    try:
        own = "" if proxy else str(transport.get_extra_info("sockname")[0])
        reply = await wire.reply(deadlines.banner)
        if isinstance(reply, Loss):
            return Greeting(address, own, 0, reply.value)
        await wire.send(QUIT, deadlines.write)
        await wire.reply(deadlines.quit)
        return Greeting(address, own, reply.code, reply.text)
    finally:
        wire.close()
