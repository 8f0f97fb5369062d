"""One query, one response: over UDP or TCP, from a fresh socket, by dnspython."""

from __future__ import annotations

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message

from checks.domain.model import Nameserver
from checks.domain.sockets import open_datagrams, open_stream


async def over_udp(
    query: dns.message.Message,
    nameserver: Nameserver,
) -> dns.message.Message | None:
    """Return the response that comes over UDP, or None where it is cut and TCP is to be used.

    Raises OSError, or `dns.exception.DNSException`; the caller keeps the time.
    """
    async with open_datagrams(nameserver) as opened:
        try:
            # bad packets are ignored and waited past (CVE-2023-29483), a truncated one is heeded
            return await dns.asyncquery.udp(
                query,
                nameserver.address,
                port=nameserver.port,
                sock=opened,
                ignore_unexpected=True,
                ignore_errors=True,
                raise_on_truncation=True,
            )
        except dns.message.Truncated:
            return None


async def over_tcp(query: dns.message.Message, nameserver: Nameserver) -> dns.message.Message:
    """Return the response that comes over TCP, past any that answers something else.

    Raises OSError, EOFError, or `dns.exception.DNSException` also for one that is cut even here.
    """
    async with open_stream(nameserver) as opened:
        await dns.asyncquery.send_tcp(opened, query)
        while True:
            reply, _ = await dns.asyncquery.receive_tcp(opened)
            if query.is_response(reply):
                break
    if reply.flags & dns.flags.TC:
        raise dns.exception.FormError
    return reply
