"""Domains that are judged like another: who names the same mail hosts takes mail there."""

from __future__ import annotations

from typing import Generic, TypeAlias, TypeVar

from checks.domain.model import Answer, Judgement, MailHost, Records

Case = TypeVar("Case")

_Key: TypeAlias = tuple[int, tuple[MailHost, ...]]


class Precedents(Generic[Case]):
    """What is, or is just being, judged by each MX answer, among judges who share their answers.

    Whoever comes first with an answer leads; the others wait for what becomes of it. Only a domain
    that takes mail, and all of whose hosts answered, is a precedent: any other is judged by itself.

    >>> answer = Records(300, (MailHost(10, "mx.example"),))
    >>> precedents = Precedents[str]()
    >>> precedents.wait(answer, "a.example"), precedents.wait(answer, "b.example")
    (False, True)
    >>> precedents.settle(answer, Judgement(None, 300))
    ['b.example']
    >>> precedents.find(answer)
    Judgement(reason=None, ttl=300, hosts=(), addresses=(), details={}, complete=True)
    """

    def __init__(self) -> None:
        """Begin with none."""
        self._judged: dict[_Key, Judgement] = {}
        self._waiting: dict[_Key, list[Case]] = {}

    def find(self, answer: Answer) -> Judgement | None:
        """Return the judgement of a domain that got the same answer."""
        key = _key_of(answer)
        return None if key is None else self._judged.get(key)

    def wait(self, answer: Answer, case: Case) -> bool:
        """Wait for whoever is judged by the same answer; False where nobody is: the case leads."""
        key = _key_of(answer)
        if key is None:
            return False
        waiting = self._waiting.get(key)
        if waiting is None:
            self._waiting[key] = []
            return False
        waiting.append(case)
        return True

    def settle(self, answer: Answer, judgement: Judgement) -> list[Case]:
        """Heed what became of the case that led by an answer, and return who waited for it."""
        key = _key_of(answer)
        if key is None:
            return []
        if is_precedent(judgement):
            self._judged[key] = judgement
        return self._waiting.pop(key, [])


def _key_of(answer: Answer) -> _Key | None:
    return (answer.ttl, answer.hosts) if isinstance(answer, Records) and answer.hosts else None


def is_precedent(judgement: Judgement) -> bool:
    """Tell whether a judgement holds for everybody with the same MX answer."""
    return judgement.reason is None and judgement.complete
