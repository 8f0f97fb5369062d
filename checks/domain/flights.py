"""What is under way: judges that wait for answers, and questions that were sent for them."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias, TypeVar

from checks.domain.model import Answer, Failed, Failure, Question
from checks.domain.reply import Asked

if TYPE_CHECKING:
    from checks.domain.ports import Port

Result = TypeVar("Result")

Asking: TypeAlias = Generator[tuple[Question, ...], tuple[Answer, ...], Result]
"""Yields questions, is sent their answers in the same order, returns what it makes of them."""

Judge: TypeAlias = Callable[[], Asking[Any]]
"""Begins to judge one domain; what it asks first is the question that its case began with."""

TIMEOUT: Final = Failed(Failure.TIMEOUT)


class Patience(NamedTuple):
    """What one judge may cost: seconds of each attempt, queries and seconds in all."""

    waits: tuple[float, ...]
    queries: int
    seconds: float


class Case:
    """One question to begin with, what it may cost, and the judge who goes on from its answer.

    Without a judge the answer is all that is wanted. `lead` is the answer by which others wait for
    this case to be judged.
    """

    __slots__ = (
        "answers", "deadline", "finish", "judge", "lead", "missing", "queries", "step", "urgent",
        "waits",
    )  # fmt: skip

    def __init__(
        self,
        patience: Patience,
        now: float,
        finish: Callable[[Any], None],
        judge: Judge | None = None,
        *,
        urgent: bool = False,
    ) -> None:
        """Begin at `now`, seconds of the loop's clock; `finish` takes what comes of it."""
        self.waits, self.queries, seconds = patience
        self.deadline = now + seconds
        self.finish = finish
        self.judge = judge
        self.urgent = urgent
        self.step: Asking[Any] | None = None
        self.lead: Answer | None = None
        self.answers: list[Answer] = []
        self.missing = 0


Waiter: TypeAlias = tuple[Case, list[Answer], int]
"""Whose question it is: the case, the round of questions it belongs to, and its place there.

A case whose `answers` are of another round has gone on without this one.
"""


@dataclass(eq=False, kw_only=True)
class Flight(Asked):
    """One question on its way, for everybody who waits for it.

    `due` is when something has to happen if nothing comes: at the end of a wait, or, where it is
    paused, of the pause; `deadline` is that of who paid last.
    """

    # What is rarely set stands in the class until then: a flight costs half as much without it.
    waits: tuple[float, ...]
    waiters: list[Waiter]
    attempt: int = field(default=0, init=False)
    stream: bool = field(default=False, init=False)
    paused: bool = field(default=False, init=False)
    due: float = field(default=inf, init=False)
    deadline: float = field(default=inf, init=False)
    port: Port[Flight] | None = field(default=None, init=False)

    @property
    def patience(self) -> float:
        """Seconds this attempt may take."""
        return self.waits[self.attempt] if self.attempt < len(self.waits) else self.waits[-1]

    def payer(self, now: float) -> Case | None:
        """Return a case that has paid for one query more, None where nobody is left who can."""
        for case, answers, _ in self.waiters:
            if case.answers is answers and case.queries > 0 and now < case.deadline:
                case.queries -= 1
                return case
        return None
