"""Tries the places where one thing may be read, in order, and says of each why it failed. It sends nothing itself.

A place that could not be reached goes to the end of the order for a while, so that a dead mirror costs its time once.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from mcpg.contract.problems import McpgError, RegistryFailed
from mcpg_registry.http import HttpFailed
from mcpg_registry.steps import AGAIN, refusal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from mcpg_registry.hosts import Place

__all__ = ["Goal", "Places"]

SICK_FOR = 30.0
MAX_SICK = 64
_UNREACHABLE = frozenset({"registry-unreachable", "registry-timeout", "registry-tls"})

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Goal:
    """What is wanted, for errors: `doing` such as "cannot read the manifest", and the step that wrong bytes fail at."""

    doing: str
    where: str
    step: int
    code: str
    remedy: str = AGAIN


class Places:
    """Tries places and remembers which were down."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._sick: OrderedDict[str, float] = OrderedDict()

    async def first(
        self,
        places: Sequence[Place],
        goal: Goal,
        attempt: Callable[[Place], Awaitable[T]],
        *,
        enough: Callable[[T], bool] = lambda _: True,
    ) -> T:
        """Return the first good result; `RegistryFailed` when no place had it, `PluginRefused` for wrong data.

        An attempt fails with `HttpFailed`, or with `ValueError` for data that are not what they must be. A result that
        is not `enough` counts only when every place answered.
        """
        tried: list[tuple[Place, HttpFailed | ValueError]] = []
        poor: list[T] = []
        for place in sorted(places, key=self._is_sick):
            try:
                result = await attempt(place)
            except HttpFailed as error:
                tried.append((place, error))
                if error.code in _UNREACHABLE:
                    self._mark(place)
            except ValueError as error:
                tried.append((place, error))
            else:
                if enough(result):
                    return result
                poor.append(result)
        if poor and not tried:
            return poor[-1]
        raise _failure(goal, tried)

    async def only(self, place: Place, doing: str, where: str, attempt: Callable[[Place], Awaitable[T]]) -> T:
        """Return the one place's result; `RegistryFailed`: where we write, wrong data are no refusal of trust."""

        async def strictly(place: Place) -> T:
            try:
                return await attempt(place)
            except ValueError as error:
                raise HttpFailed(str(error), code="registry-answer") from error

        return await self.first((place,), Goal(doing, where, 1, "registry-answer"), strictly)

    def _is_sick(self, place: Place) -> bool:
        return self._sick.get(place.origin, 0.0) > self._clock()

    def _mark(self, place: Place) -> None:
        self._sick[place.origin] = self._clock() + SICK_FOR
        self._sick.move_to_end(place.origin)
        while len(self._sick) > MAX_SICK:
            self._sick.popitem(last=False)


def _failure(goal: Goal, tried: list[tuple[Place, HttpFailed | ValueError]]) -> McpgError:
    """Return the one error for all that was tried; data that are wrong weigh more than a place that is down."""
    reasons = "; ".join(f"{place}: {error}" for place, error in tried)
    message = f"{goal.doing}: {reasons}"
    last = tried[-1][1]
    if any(isinstance(error, ValueError) for _, error in tried) or not isinstance(last, HttpFailed):
        return refusal(goal.step, message, where=goal.where, remedy=goal.remedy, code=goal.code)
    remedy = last.remedy or "check the address, the network and the proxy"
    return RegistryFailed(message, code=last.code, where=goal.where, remedy=remedy)
