"""The extension points: our own drivers come through them, every hook says what it is, clashes are refused."""

from __future__ import annotations

import inspect
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from tests.effects.kit import Memory
from tests.effects.peer import Names

from mcpg.contract.problems import ConfigError
from mcpg.effects import builtin
from mcpg.effects.connector import GuardedConnector
from mcpg.effects.desk import Desk
from mcpg.hooks import Extensions, hookimpl, hookspecs

if TYPE_CHECKING:
    from pathlib import Path

HOOKS = [one for name, one in vars(hookspecs).items() if name.startswith("mcpg_")]


def wiring(**more: Any) -> hookspecs.Wiring:
    return hookspecs.Wiring(GuardedConnector(Names()), **more)


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook.__name__)
def test_each_hook_says_what_it_returns_and_when_it_is_called(hook: Any) -> None:
    said = inspect.getdoc(hook) or ""
    assert said.startswith("Return ")
    assert "Called once" in said
    assert hook.__name__ in hookspecs.__all__


async def test_our_own_drivers_come_through_the_hook(tmp_path: Path) -> None:
    extensions = Extensions([builtin], installed=False)
    few = extensions.drivers(wiring())
    assert [driver.name for driver in few] == ["http", "command", "notify", "log", "sign"]
    all_ = extensions.drivers(
        wiring(connections={"a": f"sqlite+aiosqlite:///{tmp_path}/a"}, upstreams=SimpleNamespace())
    )
    assert [driver.name for driver in all_] == ["http", "command", "notify", "log", "sign", "sql", "mcp"]
    sources = extensions.secret_sources(wiring(secrets_folder=tmp_path))
    assert sorted(sources) == ["env", "file"]
    desk = Desk(all_, sources)
    await desk.start()
    await desk.stop()
    assert extensions.names == ("mcpg.effects.builtin",)


def extension(driver: str = "", source: str = "") -> Any:
    class Made:
        @hookimpl
        def mcpg_drivers(self, wiring: hookspecs.Wiring) -> Any:
            return [SimpleNamespace(name=driver)] if driver else []

        @hookimpl
        def mcpg_secret_sources(self) -> Any:
            return {source: Memory()} if source else {}

    return Made()


def test_others_add_drivers_and_sources_after_ours() -> None:
    extensions = Extensions([builtin, extension("queue", "vault")], installed=False)
    assert [driver.name for driver in extensions.drivers(wiring())][-1] == "queue"
    assert list(extensions.secret_sources(wiring())) == ["env", "vault"]


def test_clashes_and_unknown_hooks_are_refused() -> None:
    with pytest.raises(ConfigError, match="`http`"):
        Extensions([builtin, extension("http")], installed=False).drivers(wiring())
    for name in ("env", "Vault", "a/b"):
        with pytest.raises(ConfigError, match="source of secrets"):
            Extensions([builtin, extension(source=name)], installed=False).secret_sources(wiring())

    class Misspelt:
        @hookimpl
        def mcpg_driver(self) -> None: ...

    with pytest.raises(Exception, match="mcpg_driver"):
        Extensions([Misspelt()], installed=False)


def test_wiring_does_not_show_passwords() -> None:
    assert "hunter22" not in repr(wiring(connections={"a": "postgresql://u:hunter22@h/d"}))
