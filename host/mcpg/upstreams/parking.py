"""Exchanges that wait for answers of their clients: bounded in number and time, each taken once. It sends nothing."""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcpg.contract.ports import Party
    from mcpg.upstreams.exchanges import Exchange

__all__ = ["MAX_PARKED", "Parking"]

MAX_PARKED = 4096
"""Exchanges of all upstreams that may wait at once."""


class _Place:
    __slots__ = ("exchange", "freed", "timer")

    def __init__(self, exchange: Exchange, freed: Callable[[], None], timer: asyncio.TimerHandle) -> None:
        self.exchange = exchange
        self.freed = freed
        self.timer = timer


class Parking:
    """The parked exchanges of all upstreams by an unguessable name."""

    def __init__(self, most: int = MAX_PARKED) -> None:
        self._most = most
        self._places: dict[str, _Place] = {}
        self._ending: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._places)

    def park(self, exchange: Exchange, seconds: float, freed: Callable[[], None]) -> str:
        """Keep an exchange for so long and return its place's name, empty if there is no room.

        `freed` is called once it has left, whoever took it.
        """
        if len(self._places) >= self._most:
            return ""
        name = secrets.token_urlsafe(18)
        timer = asyncio.get_running_loop().call_later(seconds, self._expire, name)
        self._places[name] = _Place(exchange, freed, timer)
        return name

    def find(self, name: str) -> Exchange | None:
        """Return what is parked there."""
        place = self._places.get(name)
        return place.exchange if place is not None else None

    def take(self, name: str, party: Party) -> Exchange | None:
        """Return what is parked there for this party's caller, once."""
        place = self._places.get(name)
        if place is None or place.exchange.delivery.party.caller != party.caller:
            return None
        return self._leave(name)

    def _leave(self, name: str) -> Exchange | None:
        place = self._places.pop(name, None)
        if place is None:
            return None
        place.timer.cancel()
        place.freed()
        return place.exchange

    def abandon(self, name: str) -> None:
        """End what is parked there: its client will not answer."""
        if (exchange := self._leave(name)) is not None:
            self._end(exchange)

    def release(self, party: Party) -> None:
        """End what is parked for this party's session."""
        for name, place in list(self._places.items()):
            theirs = place.exchange.delivery.party
            if theirs.session == party.session and theirs.caller == party.caller:
                self.abandon(name)

    async def stop(self) -> None:
        """End everything."""
        for name in list(self._places):
            self.abandon(name)
        if self._ending:
            await asyncio.wait(self._ending)

    def _expire(self, name: str) -> None:
        self.abandon(name)

    def _end(self, exchange: Exchange) -> None:
        task = asyncio.create_task(exchange.expire(), name="upstream call given up")
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)
