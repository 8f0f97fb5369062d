"""What really went over the wire, taken down beside client and servers.

Neither our own log nor a server's is believed alone: a raw socket on the loopback interface sees
every segment of every SMTP connection, in order.
"""

from __future__ import annotations

import socket
import struct
import threading
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import Final, NamedTuple, Self

_ALL_FRAMES: Final = 0x0003  # ETH_P_ALL
_ETHERNET: Final = 14
_TCP: Final = 6
_SMTP: Final = 25
_LOOK_EVERY: Final = 0.2


class Turn(NamedTuple):
    """One segment with a payload: who spoke, and what."""

    client: bool
    text: str


class Segment(NamedTuple):
    """A TCP segment: the two ends, and its payload."""

    source: tuple[str, int]
    target: tuple[str, int]
    payload: bytes


@dataclass
class Wiretap:
    """Collects SMTP conversations by connection while its block lasts."""

    talks: dict[tuple[str, int], list[Turn]] = field(default_factory=dict)

    def __enter__(self) -> Self:
        """Begin to listen."""
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ALL_FRAMES))
        self._socket.bind(("lo", 0))
        self._socket.settimeout(_LOOK_EVERY)
        self._ended = threading.Event()
        self._listener = threading.Thread(target=self._listen)
        self._listener.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop when nothing has come for a moment."""
        self._ended.set()
        self._listener.join()
        self._socket.close()

    def _listen(self) -> None:
        while True:
            try:
                frame, (_, _, kind, *_) = self._socket.recvfrom(65_535)
            except TimeoutError:
                if self._ended.is_set():
                    return
                continue
            segment = read_frame(frame) if kind == socket.PACKET_HOST else None
            if segment is not None and segment.payload:
                self._note(segment)

    def _note(self, segment: Segment) -> None:
        text = segment.payload.decode("ascii", "backslashreplace")
        if segment.target[1] == _SMTP:
            self.talks.setdefault(segment.source, []).append(Turn(client=True, text=text))
        elif segment.source[1] == _SMTP:
            self.talks.setdefault(segment.target, []).append(Turn(client=False, text=text))


def read_frame(frame: bytes) -> Segment | None:
    """Return the TCP segment of an Ethernet frame with IPv4; None for anything else."""
    packet = frame[_ETHERNET:]
    if len(packet) < 40 or packet[0] >> 4 != 4 or packet[9] != _TCP:
        return None
    length, header = int.from_bytes(packet[2:4]), (packet[0] & 0x0F) * 4
    segment = packet[header:length]
    source_port, target_port = struct.unpack_from("!HH", segment)
    return Segment(
        (str(IPv4Address(packet[12:16])), source_port),
        (str(IPv4Address(packet[16:20])), target_port),
        segment[(segment[12] >> 4) * 4 :],
    )
