"""Judges and their questions: how many work at once, who shares an answer, who runs out of time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Any, Final, TypeAlias

from checks.domain.flights import TIMEOUT, Asking, Case, Flight, Judge, Patience, Waiter
from checks.domain.judge import Guard, judge_domain
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
from checks.domain.precedents import Precedents, is_precedent
from checks.domain.query import question_section
from checks.domain.readings import Readings
from checks.domain.send import Sender

_TICK: Final = 0.02  # seconds between two looks at what is overdue
_ATTEMPT_QUERIES: Final = 3  # with EDNS, without, over TCP
_UNASKABLE: Final = Failed(Failure.BROKEN)

_Subject: TypeAlias = tuple[Question, Judge | None]
"""A question to begin with, and who judges by its answer; None: it is all that is wanted."""


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
        self._precedents = Precedents[Case]()
        self._subjects: Iterator[tuple[int, _Subject]] = iter(())
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

    async def judge(self, domains: Iterable[str], guard: Guard) -> list[Judgement]:
        """Judge domains, each within the queries and seconds of one."""
        self._subjects = enumerate(
            (Question(domain, RecordType.MX), partial(judge_domain, domain, guard))
            for domain in domains
        )
        return await self._run()

    async def control(self, questions: Sequence[Question]) -> list[Answer]:
        """Ask controls, which are waited for as they are set apart."""
        self._patience = self._control_patience
        self._subjects = enumerate((question, None) for question in questions)
        return await self._run()

    async def _run(self) -> list[Any]:
        """See all cases to their ends, and return what came of each, in order."""
        self._loop.call_soon(self._tick)
        try:
            await self._done
        finally:
            self._done.cancel()
            await self._sender.close()
        results = self._results
        return [results[place] for place in range(len(results))]

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
        for place, (question, judge) in islice(self._subjects, room):
            finish = partial(self._results.__setitem__, place)
            self._open(Case(self._patience, now, finish, judge), question)
            started += 1
        return started

    def _open(self, case: Case, question: Question) -> None:
        self._cases[case] = None
        if self._ask(case, (question,)):
            self._advance(case)

    def _advance(self, case: Case) -> None:
        """Go on with a case by the answers that it has."""
        try:
            if case.step is None:
                self._begin(case, case.answers[0])
            else:
                self._drive(case, case.step)
        except BaseException as error:
            self._fail(error)
            raise

    def _begin(self, case: Case, answer: Answer) -> None:
        """Judge by a first answer, unless somebody is, or was, judged by the same one."""
        if case.judge is None:
            self._finish(case, answer)
        elif precedent := self._precedents.find(answer):
            self._finish(case, precedent)
        elif not self._precedents.wait(answer, case):
            case.lead = answer
            self._judge(case, case.judge)

    def _judge(self, case: Case, judge: Judge) -> None:
        step = case.step = judge()
        next(step)  # the question that is answered already
        self._drive(case, step)

    def _drive(self, case: Case, step: Asking[Judgement]) -> None:
        """Give a judge its answers, until it asks what is not known yet, or ends."""
        try:
            while self._ask(case, step.send(tuple(case.answers))):
                pass
        except StopIteration as stop:
            self._settle(case, stop.value)

    def _settle(self, case: Case, judgement: Judgement) -> None:
        self._finish(case, judgement)
        if case.lead is None:
            return
        for follower in self._precedents.settle(case.lead, judgement):
            if follower.step is None and follower in self._cases:
                self._follow(follower, judgement)

    def _follow(self, case: Case, judgement: Judgement) -> None:
        """Take a judgement over, or judge by oneself where it holds for nobody else."""
        if case.judge is None or is_precedent(judgement):
            self._finish(case, judgement)
        else:
            self._judge(case, case.judge)

    def _finish(self, case: Case, result: Judgement | Answer) -> None:
        del self._cases[case]
        case.answers = []
        case.finish(result)

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
                self._advance(case)

    def _expire(self, case: Case) -> None:
        """Let a case go on without what has not come in time."""
        if case not in self._cases:
            return
        if case.step is None and case.judge is not None:
            self._judge(case, case.judge)  # perhaps it waits for another, who has time left
        else:
            self._advance(case)

    def _doubt(self) -> None:
        """Ask the controls whether anybody is there, unless they are being asked."""
        if self._doubting or self._sender.dead:
            return
        self._doubting = True
        now = self._loop.time()
        for name in self._settings.positive_controls:
            case = Case(self._control_patience, now, self._heed_control, urgent=True)
            self._open(case, Question(name, RecordType.MX))

    def _heed_control(self, answer: Answer) -> None:
        """Take a control's answer; when all have come, know whether anybody is there."""
        self._doubts.append(answer)
        if len(self._doubts) == len(self._settings.positive_controls):
            self._sender.dead = all(one == TIMEOUT for one in self._doubts)
            self._sender.silent = 0
            self._doubts.clear()
            self._doubting = False


def _is_final(flight: Flight, answer: Answer) -> bool:
    """Tell whether an answer holds for all who ask; else its domain ran out of time or queries."""
    return not isinstance(answer, Failed) or flight.attempt >= len(flight.waits)
