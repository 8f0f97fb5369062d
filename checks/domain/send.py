"""From a question to its answer: slots, attempts, EDNS, TCP, and how long each is waited for.

Everything happens in callbacks of the event loop: a task, a future and a new transport for each
question cost more than all the rest together.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Callable, Coroutine, Iterator, Sequence
from math import inf
from typing import Final

from checks.domain.flights import TIMEOUT, Flight
from checks.domain.model import Answer, Failed, Failure, Nameserver, ResolverSettings
from checks.domain.ports import Port, Ports
from checks.domain.query import mix_case
from checks.domain.readings import Readings
from checks.domain.reply import Heard, hear
from checks.domain.slots import Slots
from checks.domain.stream import over_tcp, read_aside

_PAUSE: Final = 0.1  # seconds before the second attempt, twice that before the third
_REFUSED_PAUSE: Final = 0.5  # who refuses may have too much to do
_REFUSED: Final = Failed(Failure.REFUSED)
_MOST_ASIDE: Final = 32  # heavy messages that are read at once; what comes on top is dropped


class Sender:
    """Takes questions, sends as many at once as there are slots, and lands each with an answer.

    A slot is held until its answer or the end of its wait, and there are fewer of them while most
    questions are lost: a nameserver that can do no more is asked no more (threat case D65).
    """

    def __init__(
        self,
        settings: ResolverSettings,
        nameservers: Sequence[Nameserver],
        readings: Readings,
        landed: Callable[[Flight, Answer], None],
        go_on: Callable[[], None],
    ) -> None:
        """Prepare for the running event loop; `go_on` is called after every burst of answers."""
        self._settings = settings
        self._nameservers = tuple(nameservers)
        self._landed = landed
        self._go_on = go_on
        self._loop = asyncio.get_running_loop()
        self._ports = Ports[Flight](settings.sockets, self._receive, self._unreachable, go_on)
        self._queue: deque[Flight] = deque()
        self._open: set[Flight] = set()
        self._slots = Slots(settings.concurrency)
        self._readings = readings
        self._busy = 0
        self._aside: set[asyncio.Task[None]] = set()
        self.queries = 0
        self.silent = 0
        self.dead = False

    def submit(self, flight: Flight, *, urgent: bool) -> None:
        """Send a question when a slot is free; at once if it is urgent."""
        self._open.add(flight)
        if urgent:
            self._launch([flight])
        else:
            self._queue.append(flight)

    def pump(self) -> None:
        """Send what waits, as far as there are slots."""
        queue = self._queue
        while queue and (room := self._slots.open - self._busy) > 0:
            self._launch([queue.popleft() for _ in range(min(room, len(queue)))])

    def look(self, now: float) -> None:
        """See to every question whose wait or pause is over at `now`."""
        for flight in [one for one in self._open if one.due <= now]:
            if flight.paused:
                flight.paused, flight.due = False, inf
                self._queue.append(flight)
            else:
                self._give_up(flight)

    async def close(self) -> None:
        """Forget everything that is under way."""
        for task in self._aside:
            task.cancel()
        for flight in self._open:
            self._leave(flight)
        self._ports.close()
        await asyncio.gather(*self._aside, return_exceptions=True)

    def _launch(self, flights: Sequence[Flight]) -> None:
        """Send one query for each flight, in slots that they hold from here on."""
        self._busy += len(flights)
        now = self._loop.time()
        for flight, section in zip(flights, _in_random_letters(flights), strict=True):
            self._send(flight, section, now)

    def _send(self, flight: Flight, section: bytes, now: float) -> None:
        """Send one query, in a slot that is held already."""
        payer = None if self.dead else flight.payer(now)
        if payer is None:
            self._busy -= 1
            self._land(flight, TIMEOUT if self.dead else Failed(Failure.BUDGET))
            return
        self.queries += 1
        flight.deadline = payer.deadline
        flight.due = min(now + flight.patience, payer.deadline)
        if flight.stream:
            flight.section = section.lower()
            self._spawn(self._stream(flight, flight.due - now))
            flight.due = inf
            return
        try:
            flight.port = self._ports.take(self._nameserver(flight), fresh=flight.question.turn > 1)
            flight.port.ask(flight, section)
        except OSError:  # as if nobody had answered
            flight.due = now

    def _nameserver(self, flight: Flight) -> Nameserver:
        return self._nameservers[flight.attempt % len(self._nameservers)]

    def _receive(self, flight: Flight, wire: bytes) -> None:
        heard = hear(wire, flight, self._readings)
        if heard is Heard.HEAVY:
            if len(self._aside) < _MOST_ASIDE:
                self._spawn(self._read_aside(flight, wire))
        elif heard is not Heard.NOTHING:
            self._heed(flight, heard)

    def _heed(self, flight: Flight, heard: Answer | Heard) -> None:
        self._leave(flight)
        self.silent = 0
        if not isinstance(heard, Heard):
            self._conclude(flight, heard)
            return
        if heard is Heard.CUT:
            flight.stream = True
        else:
            flight.edns = False
        [section] = _in_random_letters([flight])
        self._send(flight, section, self._loop.time())

    async def _read_aside(self, flight: Flight, wire: bytes) -> None:
        ident, port = flight.ident, flight.port
        heard = await read_aside(wire, flight)
        if heard is not Heard.NOTHING and flight.port is port and flight.ident == ident:
            self._heed(flight, heard)
            self._go_on()

    async def _stream(self, flight: Flight, wait: float) -> None:
        try:
            async with asyncio.timeout(wait):
                heard = await over_tcp(flight, self._nameserver(flight))
        except (OSError, EOFError):  # a time-out is one too: nobody was there
            self._give_up(flight)
        else:
            self._heed(flight, heard)
        self._go_on()

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = self._loop.create_task(work)
        self._aside.add(task)
        task.add_done_callback(self._aside.discard)

    def _unreachable(self, port: Port[Flight]) -> None:
        """Heed that nobody is behind a port: the network says so of all that is under way."""
        for flight in list(port.waiting.values()):
            self._give_up(flight)

    def _give_up(self, flight: Flight) -> None:
        self._leave(flight)
        self.silent += 1
        self._conclude(flight, TIMEOUT)

    def _leave(self, flight: Flight) -> None:
        if flight.port is not None:
            self._ports.leave(flight.port, flight.ident)
            flight.port = None

    def _conclude(self, flight: Flight, answer: Answer) -> None:
        """Land a question, or pause before the next attempt, at the next nameserver."""
        self._busy -= 1
        self._slots.note(lost=isinstance(answer, Failed) and answer in (TIMEOUT, _REFUSED))
        flight.attempt += 1
        if not isinstance(answer, Failed) or self.dead:
            self._land(flight, answer)
            return
        refused = answer.failure is Failure.REFUSED
        if flight.attempt >= len(flight.waits) + refused:
            self._land(flight, answer)
            return
        pause = (_REFUSED_PAUSE if refused else _PAUSE) * flight.attempt
        # what failed together must not come again together; the id is as good a lot as any
        flight.due = self._loop.time() + pause * (0.5 + int.from_bytes(flight.ident) / 2**16)
        if flight.due >= flight.deadline:
            self._land(flight, answer)
            return
        flight.paused, flight.edns, flight.stream = True, True, False

    def _land(self, flight: Flight, answer: Answer) -> None:
        self._open.discard(flight)
        self._landed(flight, answer)


def _in_random_letters(flights: Sequence[Flight]) -> Iterator[bytes]:
    """Draw the letters of many questions at once."""
    sections = [flight.section for flight in flights]
    joined = b"".join(sections)
    mixed = mix_case(joined, secrets.token_bytes(len(joined)))
    start = 0
    for section in sections:
        end = start + len(section)
        yield mixed[start:end]
        start = end
