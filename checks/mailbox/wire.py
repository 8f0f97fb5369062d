"""Bytes on a connection: what has come, and one reply of it within a deadline."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from functools import cache
from typing import Final

from checks.mailbox.conversation import Loss
from checks.mailbox.reply import SESSION_BYTES, Reply, ReplyError, ReplyParser

_HELD: Final = SESSION_BYTES + 1  # one byte beyond the cap is enough to break it


class Wire(asyncio.Protocol):
    """One connection; keeps at most the bytes that a session may send, and reads no more."""

    def __init__(self) -> None:
        """Begin with nothing received."""
        self._parser = ReplyParser()
        self._received = bytearray()
        self._news = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._is_open = True
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport; a write counts as done only when the kernel has all of it."""
        if isinstance(transport, asyncio.Transport):
            transport.set_write_buffer_limits(high=0)
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Keep what came, up to the cap."""
        self._received += data[: _HELD - len(self._received)]
        if len(self._received) >= _HELD and self._transport is not None:
            self._transport.pause_reading()
        self._news.set()

    def eof_received(self) -> None:
        """Note that no more will come."""
        self._is_open = False
        self._news.set()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  asyncio's signature
        """Note that the connection is gone, and wake whoever waits."""
        self._is_open = False
        self._news.set()
        self._writable.set()

    def pause_writing(self) -> None:
        """Note that the peer does not read."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """Note that the peer reads again."""
        self._writable.set()

    async def send(self, line: bytes, seconds: float, *, is_last: bool = False) -> Loss | None:
        """Send one command; the loss if it cannot be sent, or if a reply came before it.

        `is_last`: nothing is read any more, so that a reply which comes too late hinders nobody.
        """
        await asyncio.sleep(0)  # let bytes that are here already be seen
        if self._received and not is_last:
            return Loss.EARLY
        if self._transport is None or self._transport.is_closing() or not self._is_open:
            return Loss.CLOSED
        self._transport.write(line)
        if self._writable.is_set():
            return None
        try:
            async with asyncio.timeout(seconds):
                await self._writable.wait()
        except TimeoutError:
            return Loss.SILENT
        return None

    async def reply(self, seconds: float) -> Reply | Loss:
        """Return the next reply, or why there is none; the deadline is the whole reply's."""
        try:
            try:
                async with asyncio.timeout(seconds):
                    return await self._next_reply()
            except TimeoutError:  # what is here by now came in time, and it was we who were late
                if found := self._take():
                    return found
        except ReplyError:
            return Loss.GARBLED
        return Loss.GARBLED if self._parser.ends_in_cr else Loss.SILENT

    async def encrypt(self, seconds: float) -> Loss | None:
        """Begin TLS as its client; the loss if bytes have come before it, or if it fails.

        Whatever a server (or somebody between) wrote after its answer to STARTTLS came in the
        clear and must not be read as if it had been encrypted (CVE-2011-0411).
        """
        await asyncio.sleep(0)  # let bytes that are here already be seen
        if self._received:
            return Loss.GARBLED
        if self._transport is None or self._transport.is_closing() or not self._is_open:
            return Loss.CLOSED
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(seconds):
                encrypted = await loop.start_tls(self._transport, self, _unverified())
        except (OSError, TimeoutError):
            return Loss.UNENCRYPTED
        if encrypted is None:  # the connection went away meanwhile
            return Loss.UNENCRYPTED
        encrypted.set_write_buffer_limits(high=0)
        self._transport = encrypted
        return None

    async def linger(self, seconds: float) -> None:
        """Let the peer read our farewell: pass over what still comes until it closes, for a while.

        To close with unread bytes would reset the connection, and a QUIT on its way would be lost.
        """
        self._received.clear()
        if self._transport is not None:
            self._transport.resume_reading()  # it was told to stop where more came than may come
        passed_over = 0
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._is_open and passed_over < _HELD:
                    self._news.clear()
                    await self._news.wait()
                    passed_over += len(self._received)
                    self._received.clear()

    def close(self) -> None:
        """Drop the connection, with whatever was not sent."""
        if self._transport is not None:
            self._transport.abort()

    async def _next_reply(self) -> Reply | Loss:
        while (found := self._take()) is None:
            self._news.clear()
            await self._news.wait()
        return found

    def _take(self) -> Reply | Loss | None:
        data, self._received = bytes(self._received), bytearray()
        if data and (reply := self._parser.feed(data)):
            return reply
        if self._is_open:
            return None
        return Loss.GARBLED if self._parser.has_begun else Loss.CLOSED


@cache
def _unverified() -> ssl.SSLContext:
    """Return what a client needs for TLS without looking at certificates.

    Mail servers between strangers use certificates that nobody can check (RFC 7435); checking
    them would only turn living mailboxes into unknown ones.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # RFC 8996
    return context
