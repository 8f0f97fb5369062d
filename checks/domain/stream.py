"""One query over TCP, from a connection of its own; and messages too heavy to be read at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from checks.domain.model import Answer, Failed, Failure, Nameserver
from checks.domain.query import query
from checks.domain.reply import Asked, Heard, is_heavy, is_reply, read
from checks.domain.wire import MOST_TCP_BYTES, admissible

_LENGTH_BYTES: Final = 2
_CUT: Final = 0x02
_BROKEN: Final = Failed(Failure.BROKEN)


async def over_tcp(asked: Asked, nameserver: Nameserver) -> Answer | Heard:
    """Return what is answered over TCP, past any message that answers something else.

    A message that is malformed, too long, or cut even here is a broken answer. Raises OSError and
    EOFError; the caller keeps the time.
    """
    wire = query(asked.ident, asked.section, edns=asked.edns)
    async with _connected(nameserver) as (reader, writer):
        writer.write(len(wire).to_bytes(_LENGTH_BYTES) + wire)
        await writer.drain()
        while True:
            length = int.from_bytes(await reader.readexactly(_LENGTH_BYTES))
            if length > MOST_TCP_BYTES:
                return _BROKEN
            reply = await reader.readexactly(length)
            if not admissible(reply):
                return _BROKEN
            if is_reply(reply, asked):
                break
    if reply[2] & _CUT:
        return _BROKEN
    heard = await read_aside(reply, asked) if is_heavy(reply) else read(reply, asked)
    return _BROKEN if heard is Heard.NOTHING else heard


async def read_aside(wire: bytes, asked: Asked) -> Answer | Heard:
    """Read a message in a thread, so that nobody else waits for it."""
    return await asyncio.to_thread(read, wire, asked)


@asynccontextmanager
async def _connected(
    nameserver: Nameserver,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection(
        nameserver.address,
        nameserver.port,
        limit=MOST_TCP_BYTES,
    )
    try:
        yield reader, writer
    finally:
        writer.transport.abort()
