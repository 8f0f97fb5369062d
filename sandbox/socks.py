"""A SOCKS5 proxy on loopback (RFC 1928, RFC 1929), with the faults that real ones have.

It is written from the RFCs and shares nothing with the client that it is there to try.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final

_VERSION: Final = 5
_NO_LOGIN, _BY_PASSWORD, _NONE_FITS = 0, 2, 255
_CONNECT, _IPV4, _IPV6 = 1, 1, 4
_OK, _REFUSED, _BAD_COMMAND, _BAD_KIND = 0, 5, 7, 8
_BLOCK: Final = 65_536


@dataclass
class SocksServer:
    """What the proxy asks for, how it fails, and whom it was asked to reach.

    `login` is user and password, None: everybody may. `answers` is sent in place of a connection;
    `silent`: it takes connections and says nothing.
    """

    login: tuple[str, str] | None = None
    answers: int | None = None
    silent: bool = False
    port: int = 0
    reached: list[str] = field(default_factory=list)
    met: int = 0

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[int]:
        """Serve on loopback for the length of the block; yield the port."""
        listener = await asyncio.start_server(self._meet, "127.0.0.1", self.port)
        self.port = listener.sockets[0].getsockname()[1]
        try:
            yield self.port
        finally:
            listener.close()

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.met += 1
        try:
            if self.silent:
                await reader.read()
            elif await self._let_in(reader, writer):
                await self._connect(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _let_in(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        _, count = await reader.readexactly(2)
        methods = await reader.readexactly(count)
        wanted = _NO_LOGIN if self.login is None else _BY_PASSWORD
        if wanted not in methods:
            writer.write(bytes([_VERSION, _NONE_FITS]))
            return False
        writer.write(bytes([_VERSION, wanted]))
        if self.login is None:
            return True
        _, length = await reader.readexactly(2)
        user = (await reader.readexactly(length)).decode()
        (length,) = await reader.readexactly(1)
        password = (await reader.readexactly(length)).decode()
        is_known = (user, password) == self.login
        writer.write(bytes([1, 0 if is_known else 1]))
        return is_known

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, command, _, kind = await reader.readexactly(4)
        if command != _CONNECT or kind not in {_IPV4, _IPV6}:  # names are not for our client
            writer.write(_reply(_BAD_COMMAND if command != _CONNECT else _BAD_KIND))
            return
        host = str(ip_address(await reader.readexactly(4 if kind == _IPV4 else 16)))
        port = int.from_bytes(await reader.readexactly(2))
        self.reached.append(host)
        if self.answers is not None:
            writer.write(_reply(self.answers))
            return
        try:
            back, forth = await asyncio.open_connection(host, port)
        except OSError:
            writer.write(_reply(_REFUSED))
            return
        writer.write(_reply(_OK))
        await asyncio.gather(_pump(reader, forth), _pump(back, writer))


def _reply(code: int) -> bytes:
    return bytes([_VERSION, code, 0, _IPV4, 0, 0, 0, 0, 0, 0])


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await source.read(_BLOCK):
            sink.write(data)
            await sink.drain()
    with contextlib.suppress(OSError):
        sink.close()
