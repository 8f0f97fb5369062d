"""Judges and their questions: how many work at once, who shares an answer, who runs out of time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Any, Final

from checks.domain.flights import TIMEOUT, Asking, Case, Flight, Patience, Result, Waiter
from checks.domain.model import (
    Answer,
    Failed,
    Failure,
    Nameserver,
    Question,
    RecordType,
    ResolverSettings,
)
from checks.domain.query import question_section
from checks.domain.readings import Readings
from checks.domain.send import Sender

_TICK: Final = 0.02  # seconds between two looks at what is overdue
_ATTEMPT_QUERIES: Final = 3  # with EDNS, without, over TCP
_UNASKABLE: Final = Failed(Failure.BROKEN)


class Asker:
    """Drives judges by the answers of nameservers; use it once, in a running event loop.

    Judges are resumed straight from the callback that read their answer. No question is under way
    twice (a forger would have two to hit), and what was heard of hosts is remembered, for many
    domains share them.

    A resolver that leaves many questions on end without any answer is doubted: it is asked its
    controls, and given up if these stay without an answer too, so that nobody waits for it again.
    """

    def __init__(
        self,
        settings: ResolverSettings,
        nameservers: Sequence[Nameserver],
        readings: Readings | None = None,
    ) -> None:
        """Prepare; asks nobody yet. `readings` may be those of an Asker before."""
        self._settings = settings
        self._loop = asyncio.get_running_loop()
        readings = Readings() if readings is None else readings
        self._sender = Sender(settings, nameservers, readings, self._land, self._go_on)
        self._done = self._loop.create_future()
        self._found: dict[Question, Answer | Flight] = {}
        self._cases: dict[Case, None] = {}
        self._steps: Iterator[tuple[int, Asking[Any]]] = iter(())
        self._results: dict[int, Any] = {}
        self._patience = Patience(settings.waits, settings.domain_queries, settings.domain_seconds)
        self._control_patience = Patience(
            settings.control_waits * len(nameservers),
            _ATTEMPT_QUERIES * len(settings.control_waits) * len(nameservers),
            sum(settings.control_waits) * len(nameservers) + 1,
        )
        self._doubts: list[Answer] = []
        self._doubting = False

    @property
    def queries(self) -> int:
        """How many queries were sent."""
        return self._sender.queries

    async def judge(self, steps: Iterable[Asking[Result]]) -> list[Result]:
        """Drive judges to their ends, each within the queries and seconds of one domain."""
        self._steps = enumerate(steps)
        self._loop.call_soon(self._tick)
        try:
            await self._done
        finally:
            self._done.cancel()
            await self._sender.close()
        results = self._results
        return [results[place] for place in range(len(results))]

    async def control(self, questions: Sequence[Question]) -> list[Answer]:
        """Ask controls, which are waited for as they are set apart."""
        self._patience = self._control_patience
        return await self.judge(_single(question) for question in questions)

    def _tick(self) -> None:
        """Look at what is overdue, again and again until everything is done."""
        if self._done.done():
            return
        now = self._loop.time()
        try:
            self._sender.look(now)
            for case in [one for one in self._cases if one.deadline <= now]:
                self._expire(case)
            self._go_on()
        except BaseException as error:
            self._fail(error)
            raise
        self._loop.call_later(_TICK, self._tick)

    def _fail(self, error: BaseException) -> None:
        """End the run with a fault of our own, which a callback would only log."""
        if not self._done.done():
            self._done.set_exception(error)

    def _go_on(self) -> None:
        """Start judges and send their questions, as far as there is room."""
        if self._done.done():
            return
        if self._sender.silent >= self._settings.silence:
            self._doubt()
        while self._start():
            self._sender.pump()
        self._sender.pump()
        if not self._cases and not self._start() and not self._done.done():
            self._done.set_result(None)

    def _start(self) -> int:
        """Start as many judges as there is room for, and return how many that were."""
        now = self._loop.time()
        room = max(0, self._settings.concurrency - len(self._cases))
        started = 0
        for place, step in islice(self._steps, room):
            finish = partial(self._results.__setitem__, place)
            self._open(Case(step, self._patience, now, finish))
            started += 1
        return started

    def _open(self, case: Case) -> None:
        self._cases[case] = None
        self._advance(case, None)

    def _advance(self, case: Case, answers: tuple[Answer, ...] | None) -> None:
        """Give a judge its answers, until it asks what is not known yet, or ends."""
        try:
            while True:
                questions = next(case.step) if answers is None else case.step.send(answers)
                if not self._ask(case, questions):
                    return
                answers = tuple(case.answers)
        except StopIteration as stop:
            del self._cases[case]
            case.answers = []
            case.finish(stop.value)
        except BaseException as error:
            self._fail(error)
            raise

    def _ask(self, case: Case, questions: tuple[Question, ...]) -> bool:
        """Look questions up or send them; tell whether all are answered already."""
        answers: list[Answer] = [TIMEOUT] * len(questions)
        case.answers = answers
        case.missing = len(questions) + 1  # nothing goes on before all are on their way
        for place, question in enumerate(questions):
            found = self._found.get(question)
            if isinstance(found, Flight):
                found.waiters.append((case, answers, place))
                continue
            known = found or self._seek(question, (case, answers, place))
            if known is not None:
                answers[place] = known
                case.missing -= 1
        case.missing -= 1
        return not case.missing

    def _seek(self, question: Question, waiter: Waiter) -> Answer | None:
        """Send a question that nobody has asked yet, or return what is to be said without."""
        if self._sender.dead:
            return TIMEOUT
        section = question_section(question)
        if section is None:
            return _UNASKABLE
        case = waiter[0]
        flight = Flight(question=question, section=section, waits=case.waits, waiters=[waiter])
        self._found[question] = flight
        self._sender.submit(flight, urgent=case.urgent)
        return None

    def _land(self, flight: Flight, answer: Answer) -> None:
        """Hand an answer to everybody who still waits for it."""
        question = flight.question
        if question.record_type is RecordType.MX or not _is_final(flight, answer):
            del self._found[question]
        else:
            self._found[question] = answer
        for case, answers, place in flight.waiters:
            if case.answers is not answers:
                continue  # its time was over
            answers[place] = answer
            case.missing -= 1
            if not case.missing:
                self._advance(case, tuple(answers))

    def _expire(self, case: Case) -> None:
        """Let a judge go on without what has not come in time."""
        if case in self._cases:
            self._advance(case, tuple(case.answers))

    def _doubt(self) -> None:
        """Ask the controls whether anybody is there, unless they are being asked."""
        if self._doubting or self._sender.dead:
            return
        self._doubting = True
        now = self._loop.time()
        for name in self._settings.positive_controls:
            step = _single(Question(name, RecordType.MX))
            self._open(Case(step, self._control_patience, now, self._heed_control, urgent=True))

    def _heed_control(self, answer: Answer) -> None:
        """Take a control's answer; when all have come, know whether anybody is there."""
        self._doubts.append(answer)
        if len(self._doubts) == len(self._settings.positive_controls):
            self._sender.dead = all(one == TIMEOUT for one in self._doubts)
            self._sender.silent = 0
            self._doubts.clear()
            self._doubting = False


def _single(question: Question) -> Asking[Answer]:
    """Ask one question, and return its answer."""
    [answer] = yield (question,)
    return answer


def _is_final(flight: Flight, answer: Answer) -> bool:
    """Tell whether an answer holds for all who ask; else its domain ran out of time or queries."""
    return not isinstance(answer, Failed) or flight.attempt >= len(flight.waits)
