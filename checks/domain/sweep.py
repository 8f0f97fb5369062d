"""Many domains by nameservers that are watched all the way: batches between looks at controls."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from checks.domain.ask import Asker
from checks.domain.controls import Control, Trust, control
from checks.domain.judge import Guard
from checks.domain.model import Judgement, Nameserver, ResolverSettings
from checks.domain.readings import Readings
from checks.model import Reason

_LIES: Final = frozenset({Trust.DENIES, Trust.INVENTS, Trust.REPEATS})


class Sweep:
    """One pass over domains in batches, with the nameservers that are still believed."""

    def __init__(
        self,
        settings: ResolverSettings,
        guard: Guard,
        nonce: Callable[[], str],
    ) -> None:
        """Prepare; asks nobody yet."""
        self._settings = settings
        self._guard = guard
        self._nonce = nonce
        self._readings = Readings()
        self.queries = 0
        self.controls: list[Control] = []

    @property
    def degraded(self) -> str | None:
        """Return what was wrong with the first nameserver that failed a control."""
        failed = (one.sentence for one in self.controls if one.trust is not Trust.TRUSTED)
        return next(failed, None)

    async def judge(self, names: Sequence[str]) -> list[Judgement]:
        """Judge names in order, stopping at once when no nameserver is left to be believed."""
        believed = _believed(await self._control(self._settings.nameservers))
        unasked = _taken_back(Reason.RESOLVER_UNTRUSTED)
        judged: list[Judgement] = []
        while believed and len(judged) < len(names):
            batch = names[len(judged) : len(judged) + self._settings.batch]
            asker = Asker(self._settings, believed, self._readings)
            found = await asker.judge(batch, self._guard)
            self.queries += asker.queries
            controls = await self._control(believed)
            judged += _settle(found, controls)
            believed = _believed(controls)
            unasked = _taken_back(_fault(controls))
        return judged + [unasked] * (len(names) - len(judged))

    async def _control(self, nameservers: Sequence[Nameserver]) -> list[Control]:
        controls = await asyncio.gather(
            *(control(one, self._settings, self._nonce) for one in nameservers),
        )
        self.controls += controls
        return controls


def _believed(controls: Sequence[Control]) -> list[Nameserver]:
    return [one.nameserver for one in controls if one.trust is Trust.TRUSTED]


def _fault(controls: Sequence[Control]) -> Reason:
    lying = any(one.trust in _LIES for one in controls)
    return Reason.RESOLVER_UNTRUSTED if lying else Reason.DNS_TIMEOUT


def _settle(judged: list[Judgement], controls: Sequence[Control]) -> list[Judgement]:
    """Return what may be kept of a batch once the controls after it are known.

    1. All passed: everything.
    2. One lies: nothing, good news may be invented too.
    3. One fell silent: everything but condemnations.
    """
    if all(one.trust is Trust.TRUSTED for one in controls):
        return judged
    fault = _fault(controls)
    everything = fault is Reason.RESOLVER_UNTRUSTED
    return [_taken_back(fault) if everything or one.condemns else one for one in judged]


def _taken_back(reason: Reason) -> Judgement:
    return Judgement(reason, 0, details={"failure": "resolver"})
