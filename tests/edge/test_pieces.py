"""Long messages leave piece by piece: a client that is slow, and takes something all the time, gets them whole."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from mcpg.edge.outlet import Outlet, OutletClosed
from mcpg.edge.wires import Wire

LONG = bytes(range(256)) * 4000
PIECE = 64 * 1024


class Slow:
    """A connection that takes what it is given once `taken` says so; it takes nothing after `most` pieces."""

    def __init__(self, most: int = 1000) -> None:
        self.most = most
        self.parts: list[bytes] = []

    async def send(self, message: Any) -> None:
        await self.take(message.get("body", b""))

    async def take(self, data: bytes) -> None:
        if len(self.parts) >= self.most:
            await asyncio.Event().wait()
        if data:
            self.parts.append(data)


async def test_an_event_of_any_length_is_written_in_pieces_each_in_its_time() -> None:
    slow = Slow()
    wire = Wire(slow.send, [], 5.0)
    await wire.write(LONG)
    await wire.end(LONG)
    assert b"".join(slow.parts) == LONG * 2
    assert max(map(len, slow.parts)) <= PIECE
    with pytest.raises(TimeoutError):
        await Wire(Slow(3).send, [], 0.01).write(LONG)


async def test_what_is_said_on_a_line_is_pushed_in_pieces_and_not_mixed() -> None:
    slow, given_up = Slow(), asyncio.Event()
    outlet = Outlet(slow.take, limit=2 * len(LONG), timeout=5.0, given_up=given_up.set)
    await asyncio.gather(outlet.write(LONG), outlet.write(b"short"), outlet.write(LONG))
    assert b"".join(slow.parts) == LONG + b"short" + LONG
    assert max(map(len, slow.parts)) <= PIECE
    outlet = Outlet(Slow(3).take, limit=10, timeout=0.01, given_up=given_up.set)
    with pytest.raises(OutletClosed):
        await outlet.write(LONG)
    assert given_up.is_set()


async def test_a_long_message_on_its_way_makes_no_other_one_too_much() -> None:
    slow = Slow(0)
    outlet = Outlet(slow.take, limit=10, timeout=5.0, given_up=asyncio.Event().set)
    long = asyncio.create_task(outlet.write(LONG))
    await asyncio.sleep(0)
    short = asyncio.create_task(outlet.write(b"12345"))
    await asyncio.sleep(0)
    assert (outlet.closed, outlet.waiting) == (False, 5)
    with pytest.raises(OutletClosed):
        await outlet.write(b"678901")
    assert (outlet.closed, outlet.choked) == (True, True)
    for task in (long, short):
        task.cancel()
    await asyncio.gather(long, short, return_exceptions=True)
    assert outlet.waiting == 0
