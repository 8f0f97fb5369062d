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

TIMEOUT: Final = Failed(Failure.TIMEOUT)


class Patience(NamedTuple):
    """What one judge may cost: seconds of each attempt, queries and seconds in all."""

    waits: tuple[float, ...]
    queries: int
    seconds: float


class Case:
    """One judge at work: the answers it waits for, and what it may still cost."""

    __slots__ = ("answers", "deadline", "finish", "missing", "queries", "step", "urgent", "waits")

    def __init__(
        self,
        step: Asking[Any],
        patience: Patience,
        now: float,
        finish: Callable[[Any], None],
        *,
        urgent: bool = False,
    ) -> None:
        """Begin at `now`, seconds of the loop's clock; `finish` takes what the judge returns."""
        self.step = step
        self.waits = patience.waits
        self.queries = patience.queries
        self.deadline = now + patience.seconds
        self.finish = finish
        self.urgent = urgent
        self.answers: list[Answer] = []
        self.missing = 0

    def pays(self, now: float) -> bool:
        """Take one query off what is left; False where queries or time have run out."""
        if self.queries <= 0 or now >= self.deadline:
            return False
        self.queries -= 1
        return True


class Waiter(NamedTuple):
    """Whose question it is: the case, the round of questions it belongs to, and its place there."""

    case: Case
    answers: list[Answer]
    place: int

    @property
    def waits(self) -> bool:
        """Whether the case has not gone on without this answer."""
        return self.case.answers is self.answers


@dataclass(slots=True, eq=False, kw_only=True)
class Flight(Asked):
    """One question on its way, for everybody who waits for it.

    `plain` is its section in lower case. `due` is when something has to happen if nothing comes:
    at the end of a wait, or, where it is paused, of the pause; `deadline` is that of who paid last.
    """

    question: Question
    plain: bytes
    waits: tuple[float, ...]
    waiters: list[Waiter] = field(default_factory=list)
    attempt: int = 0
    stream: bool = False
    paused: bool = False
    due: float = inf
    deadline: float = inf
    port: Port[Flight] | None = None

    @property
    def patience(self) -> float:
        """Seconds this attempt may take."""
        return self.waits[min(self.attempt, len(self.waits) - 1)]

    def payer(self, now: float) -> Case | None:
        """Return a case that pays for one query more, None where nobody is left who can."""
        for waiter in self.waiters:
            if waiter.waits and waiter.case.pays(now):
                return waiter.case
        return None
