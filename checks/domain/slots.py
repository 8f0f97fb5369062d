"""How many questions may be under way at once: fewer while most of them are lost."""

from __future__ import annotations

from typing import Final

_LEAST: Final = 4
_TOO_MANY_LOST: Final = 0.5  # a fifth of hostile domains loses a quarter: three attempts each
_FEW_LOST: Final = 0.25
_GROWTH: Final = 4  # a quarter more


class Slots:
    """A nameserver that is asked more than it can answer answers late, and all of it in vain.

    As many outcomes as there are slots are counted: when most are losses, the slots are halved;
    when few are, there is a quarter more of them, up to `most`.

    >>> slots = Slots(64)
    >>> for _ in range(64 + 32):
    ...     slots.note(lost=True)
    >>> slots.open
    16
    >>> for _ in range(16 + 20):
    ...     slots.note(lost=False)
    >>> slots.open
    25
    """

    def __init__(self, most: int) -> None:
        """Begin with all slots open."""
        self._most = most
        self._counted = 0
        self._lost = 0
        self.open = most

    def note(self, *, lost: bool) -> None:
        """Take in what became of one attempt."""
        self._counted += 1
        self._lost += lost
        if self._counted < self.open:
            return
        share = self._lost / self._counted
        if share > _TOO_MANY_LOST:
            self.open = max(min(_LEAST, self._most), self.open // 2)
        elif share < _FEW_LOST:
            self.open = min(self._most, self.open + max(1, self.open // _GROWTH))
        self._counted = self._lost = 0
