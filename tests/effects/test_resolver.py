"""The system's resolver beside the loop: one question for many who wait, kept answers, failures that are not kept."""

from __future__ import annotations

import asyncio
import threading

import pytest

from mcpg.effects import resolver as module
from mcpg.effects.resolver import SystemResolver


async def test_localhost_is_loopback() -> None:
    resolver = SystemResolver()
    found = await resolver.resolve("localhost")
    assert found
    assert all(address.is_loopback for address in found)
    await resolver.stop()


async def test_many_wait_for_one_question_while_the_loop_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    go = threading.Event()

    def slow(host: str) -> list[str]:
        asked.append(host)
        assert go.wait(5)
        return ["192.0.2.1", "192.0.2.1", "2001:db8::1"]

    monkeypatch.setattr(module, "_lookup", slow)
    resolver = SystemResolver()
    waiting = [asyncio.create_task(resolver.resolve("a.example")) for _ in range(20)]
    await asyncio.sleep(0)  # the loop runs although the look-up does not end
    waiting[0].cancel()
    go.set()
    answers = await asyncio.gather(*waiting[1:])
    assert {tuple(map(str, answer)) for answer in answers} == {("192.0.2.1", "2001:db8::1")}
    await resolver.resolve("a.example")
    assert asked == ["a.example"]
    await resolver.stop()


async def test_a_failure_is_not_kept_and_names_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: dict[str, list[str]] = {}
    monkeypatch.setattr(module, "_lookup", lambda host: answers.get(host, []))
    resolver = SystemResolver(names=2)
    with pytest.raises(OSError, match="no address"):
        await resolver.resolve("a")
    answers.update(a=["192.0.2.1"], b=["192.0.2.2"], c=["192.0.2.3"])
    for host in "abc":
        await resolver.resolve(host)
    assert list(resolver._known) == ["b", "c"]
    await resolver.stop()
