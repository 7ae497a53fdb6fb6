"""The desk: lifecycle, and that a driver's bug or slowness harms one effect only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from tests.effects.kit import Use

from mcpg.contract.problems import ConfigError
from mcpg.contract.verdicts import Case, ok
from mcpg.effects.desk import Desk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcpg.contract.ports import EffectContext
    from mcpg.effects.secrets import Keyring


class Ask(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    what: str


class Odd:
    """A third party's driver."""

    request = Ask

    def __init__(self, name: str, log: list[str], *, fails: str = "") -> None:
        self.name, self.log, self.fails = name, log, fails

    async def start(self) -> None:
        self.log.append(f"start {self.name}")
        if self.fails == "start":
            raise ConfigError("no")

    async def stop(self) -> None:
        self.log.append(f"stop {self.name}")
        if self.fails == "stop":
            raise RuntimeError

    def grant(self, document: Mapping[str, Any], keyring: Keyring) -> Any:
        return document

    def check(self, request: Any, grant: Any) -> None:
        pass

    async def perform(self, request: Any, grant: Any, context: EffectContext) -> Case:
        if request.what == "bug":
            raise RuntimeError("password=hunter22")
        return ok("{}")


async def test_drivers_start_in_order_and_stop_in_reverse() -> None:
    log: list[str] = []
    desk = Desk([Odd("a", log), Odd("b", log, fails="stop"), Odd("c", log)], {})
    await desk.start()
    await desk.stop()
    await desk.stop()
    assert log == ["start a", "start b", "start c", "stop c", "stop b", "stop a"]


async def test_a_driver_that_cannot_start_stops_those_that_did() -> None:
    log: list[str] = []
    with pytest.raises(ConfigError):
        await Desk([Odd("a", log), Odd("b", log, fails="start")], {}).start()
    assert log == ["start a", "start b", "stop a"]


def test_names_are_unique() -> None:
    for names in (("a", "a"), ("secrets",)):
        with pytest.raises(ConfigError):
            Desk([Odd(name, []) for name in names], {})


async def test_a_bug_fails_one_effect_without_its_text(caplog: pytest.LogCaptureFixture) -> None:
    use = Use(Desk([Odd("a", [])], {}).granted("use", {"a": {}}), "a")
    code, said = await use.failed(what="bug")
    assert (code, "hunter22" in said + caplog.text) == ("outcome-unknown", False)
    assert await use.ok(what="fine") == {}
    assert (await use.failed(why="x"))[0] == "effect-denied"
