"""Asking nameservers: attempts, EDNS and TCP, shared flights, and knowing a dead resolver."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final

import dns.exception
import dns.message

from checks.domain.exchange import over_tcp, over_udp
from checks.domain.judge import Step
from checks.domain.model import (
    Answer,
    Failed,
    Failure,
    Judgement,
    Nameserver,
    Question,
    RecordType,
    ResolverSettings,
)
from checks.domain.wire import answer_in, query_for, rejects_edns

_REMEMBERED: Final = 50_000
_PAUSE: Final = 0.1
_BROKEN: Final = (dns.exception.DNSException, EOFError, ValueError)


class Budget:
    """What one domain may still cost: queries, and seconds on the monotonic clock."""

    def __init__(self, queries: int, seconds: float) -> None:
        """Start the clock."""
        self._queries = queries
        self._deadline = time.monotonic() + seconds

    def spend(self) -> bool:
        """Take one query; return False when none is left."""
        self._queries -= 1
        return self._queries >= 0

    @property
    def seconds(self) -> float:
        """Seconds left, never negative."""
        return max(0.0, self._deadline - time.monotonic())


class Asker:
    """Asks nameservers in turn, and remembers what it heard of hosts that many domains share.

    Every question goes out from a fresh socket with a random port and id. A resolver that leaves
    many questions on end without any answer is doubted: it is asked for a control, and given up
    if that stays without an answer too, so that nobody waits for it again.
    """

    def __init__(self, settings: ResolverSettings, nameservers: Sequence[Nameserver]) -> None:
        """Prepare for the running event loop; opens nothing yet."""
        self._settings = settings
        self._nameservers = tuple(nameservers)
        self._slots = asyncio.Semaphore(settings.concurrency)
        self._flights: OrderedDict[Question, asyncio.Task[Answer]] = OrderedDict()
        self._silent = 0
        self._doubting = False
        self.queries = 0
        self.dead = False

    async def judge(self, step: Step) -> Judgement:
        """Drive a judge to its end, within the queries and seconds of one domain."""
        budget = Budget(self._settings.domain_queries, self._settings.domain_seconds)
        try:
            questions = next(step)
            while True:
                answers = await asyncio.gather(*(self._ask(one, budget) for one in questions))
                questions = step.send(tuple(answers))
        except StopIteration as stop:
            judgement: Judgement = stop.value
            return judgement

    async def _ask(self, question: Question, budget: Budget) -> Answer:
        if question.record_type is RecordType.MX:  # a domain's own; hosts are shared
            return await self.attempt(question, budget, self._settings.waits)
        while True:
            flight = self._flights.get(question)
            mine = flight is None
            if flight is None:
                flight = asyncio.create_task(self.attempt(question, budget, self._settings.waits))
                self._remember(question, flight)
            try:
                async with asyncio.timeout(budget.seconds):
                    answer = await asyncio.shield(flight)
            except TimeoutError:
                return Failed(Failure.TIMEOUT)
            if mine or answer != Failed(Failure.BUDGET):
                return answer
            self._flights.pop(question, None)  # another domain ran out, this one did not

    def _remember(self, question: Question, flight: asyncio.Task[Answer]) -> None:
        self._flights[question] = flight
        if len(self._flights) > _REMEMBERED:
            oldest, landed = next(iter(self._flights.items()))
            if landed.done():
                del self._flights[oldest]

    async def attempt(
        self,
        question: Question,
        budget: Budget,
        waits: Sequence[float],
    ) -> Answer:
        """Ask until there is an answer, each time the next nameserver and more patiently."""
        answer: Answer = Failed(Failure.TIMEOUT)
        for number, wait in enumerate(waits):
            if self.dead or not budget.seconds:
                return answer
            if number:
                await asyncio.sleep(min(_PAUSE * number, budget.seconds))
            nameserver = self._nameservers[number % len(self._nameservers)]
            patience = min(wait, budget.seconds)
            answer = await self._attempt_once(question, nameserver, budget, patience)
            if not isinstance(answer, Failed) or answer.failure is Failure.BUDGET:
                break
        return answer

    async def _attempt_once(
        self,
        question: Question,
        nameserver: Nameserver,
        budget: Budget,
        wait: float,
    ) -> Answer:
        """Ask one nameserver: over UDP; without EDNS where that offends; over TCP where told to."""
        edns, stream = True, False
        while True:
            try:
                query = query_for(question, edns=edns)
            except (dns.exception.DNSException, UnicodeError):
                return Failed(Failure.BROKEN)  # no name that DNS could hold
            if not budget.spend():
                return Failed(Failure.BUDGET)
            exchange = over_tcp if stream else over_udp
            reply = await self._exchange(partial(exchange, query, nameserver), wait)
            if isinstance(reply, Failed):
                return reply
            if reply is None:
                stream = True
            elif edns and rejects_edns(reply):
                edns = False
            else:
                return answer_in(reply)

    async def _exchange(
        self,
        exchange: Callable[[], Awaitable[dns.message.Message | None]],
        wait: float,
    ) -> dns.message.Message | Failed | None:
        """Return the reply, None for one that has to be fetched over TCP, or the failure."""
        self.queries += 1
        reply: dns.message.Message | Failed | None
        try:
            async with self._slots, asyncio.timeout(wait):
                reply = await exchange()
        except OSError:  # a time-out is one too: nobody was there
            await self._note_silence()
            return Failed(Failure.TIMEOUT)
        except _BROKEN:
            reply = Failed(Failure.BROKEN)
        self._silent = 0
        return reply

    async def _note_silence(self) -> None:
        """Doubt the resolver after a long silence; one look at a time."""
        self._silent += 1
        if self._silent < self._settings.silence or self._doubting or self.dead:
            return
        self._doubting = True
        self.dead = not await self.answers_at_all()
        self._doubting = False
        self._silent = 0

    async def answers_at_all(self) -> bool:
        """Tell whether any nameserver answers anything to a positive control."""
        waits = self._settings.control_waits * len(self._nameservers)
        answers = await asyncio.gather(
            *(
                self.attempt(Question(name, RecordType.MX), Budget(len(waits), sum(waits)), waits)
                for name in self._settings.positive_controls
            ),
        )
        return any(answer != Failed(Failure.TIMEOUT) for answer in answers)
