"""Opening a connection to a mail server: straight, from an address of ours, or through a proxy."""

from __future__ import annotations

import asyncio
import socket
from contextlib import ExitStack
from typing import TYPE_CHECKING

from checks.mailbox.proxy import Proxy, ProxyError, connect, greet
from checks.mailbox.wire import Wire

if TYPE_CHECKING:
    from checks.mailbox.proxy import Steps


async def dial(
    ip: str,
    port: int,
    seconds: float,
    *,
    source: str | None = None,
    proxy: Proxy | None = None,
) -> tuple[asyncio.BaseTransport, Wire]:
    """Return a connection to the literal address `ip`, open within `seconds` (each try's).

    The caller has had the guard look at `ip`. Raises OSError (TimeoutError is one) where the host
    is away, ProxyError where the proxy is at fault, which is tried again as it has patience.
    """
    loop = asyncio.get_running_loop()
    if proxy is None:
        local = None if source is None else (source, 0)
        async with asyncio.timeout(seconds):
            return await loop.create_connection(Wire, host=ip, port=port, local_addr=local)
    for pause in proxy.patience:
        try:
            return await _dial_through(proxy, ip, port, seconds)
        except ProxyError:
            await asyncio.sleep(pause)
    return await _dial_through(proxy, ip, port, seconds)


async def _dial_through(
    proxy: Proxy, ip: str, port: int, seconds: float
) -> tuple[asyncio.BaseTransport, Wire]:
    loop = asyncio.get_running_loop()
    tunnel = await _reach(proxy, seconds)
    try:
        async with asyncio.timeout(seconds):
            await _exchange(tunnel, connect(ip, port))
        return await loop.create_connection(Wire, sock=tunnel)
    except BaseException:
        tunnel.close()
        raise


async def _reach(proxy: Proxy, seconds: float) -> socket.socket:
    """Return a socket to the proxy that has let us in; whatever goes wrong here is the proxy's."""
    loop = asyncio.get_running_loop()
    with ExitStack() as stack:
        try:
            async with asyncio.timeout(seconds):
                found = await loop.getaddrinfo(proxy.host, proxy.port, type=socket.SOCK_STREAM)
                family, kind, protocol, _, address = found[0]
                tunnel = stack.enter_context(socket.socket(family, kind, protocol))
                tunnel.settimeout(0.0)  # asyncio waits for it, not the socket
                await loop.sock_connect(tunnel, address)
                await _exchange(tunnel, greet(proxy.login))
        except (OSError, UnicodeError) as error:  # the latter of a name that is none
            message = "the proxy does not answer"
            raise ProxyError(message) from error
        stack.pop_all()
        return tunnel


async def _exchange(tunnel: socket.socket, steps: Steps) -> None:
    """Drive a handshake; reads no byte more than it asks for, for the next is the server's."""
    loop = asyncio.get_running_loop()
    wanted = next(steps)
    while True:
        await loop.sock_sendall(tunnel, wanted.line)
        heard = await _read(tunnel, wanted.wanted)
        try:
            wanted = steps.send(heard)
        except StopIteration:
            return


async def _read(tunnel: socket.socket, wanted: int) -> bytes:
    loop = asyncio.get_running_loop()
    heard = b""
    while len(heard) < wanted:
        part = await loop.sock_recv(tunnel, wanted - len(heard))
        if not part:
            message = "hung up"
            raise ConnectionResetError(message)
        heard += part
    return heard
