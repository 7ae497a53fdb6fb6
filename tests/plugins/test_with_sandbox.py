"""The room with the real sandbox: small guests from text, and one of the components that ship."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.plugins.kitchen import loader_of
from tests.registry.artifacts import component
from tests.sandbox.world import guest_bytes

from mcpg.contract.documents import RunFacts
from mcpg.contract.problems import NondeterministicPlugin, PluginRefused
from mcpg.plugins.catalog import State
from mcpg.plugins.loader import Loader
from mcpg.plugins.specs import UseSpec
from mcpg.plugins.uses import PluginCatalog
from mcpg.sandbox import Sandbox, SandboxSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from mcpg.plugins.handle import Handle
    from mcpg.plugins.making import Places

POLICY = {"kind": "policy", "world": "mcpg:plugin/policy-plugin@1.0.0", "id": "acme/good"}


@pytest.fixture
async def real(tmp_path: Path) -> AsyncIterator[Sandbox]:
    box = Sandbox(SandboxSettings(cache=tmp_path / "cache", repeat_share=1.0))
    await box.start()
    yield box
    await box.stop()


def run(number: int) -> RunFacts:
    return RunFacts(id=str(number), now=1, seed="00")


def catalog_of(loader: Loader, real: Sandbox) -> PluginCatalog:
    return PluginCatalog(loader, real, on_event=lambda _kind, _facts: None)


def guest_file(tmp_path: Path, name: str, **changes: Any) -> str:
    (tmp_path / f"{name}.wasm").write_bytes(component(guest_bytes(name), **(POLICY | changes)))
    return f"file:{name}.wasm"


async def test_a_swap_under_traffic_with_real_guests(places: Places, real: Sandbox, tmp_path: Path) -> None:
    catalog = catalog_of(loader_of(real, places, development=True), real)
    source = guest_file(tmp_path, "good")
    guest = await catalog.add(UseSpec("rules", source, {}, tmp_path))
    assert catalog.states()[0].isolation == "call"
    answers = 0
    stop = asyncio.Event()

    async def client(first: int) -> None:
        nonlocal answers
        while not stop.is_set():
            answer = await guest.ask("decide", ("{}", f'"{first}"', []), run(answers), "t")
            assert answer.value.message == f'"{first}"'
            answers += 1
            await asyncio.sleep(0)

    clients = [asyncio.create_task(client(number)) for number in range(4)]
    for isolation in ("shared", "tenant", "call"):
        before = answers
        await catalog.swap(UseSpec("rules", source, {"new": isolation}, tmp_path, isolation=isolation))
        while answers < before + 20 and not any(task.done() for task in clients):  # noqa: ASYNC110 - no event
            await asyncio.sleep(0)
    stop.set()
    await asyncio.gather(*clients)
    await catalog.close()


async def test_a_forbidden_import_is_step_12(places: Places, real: Sandbox, tmp_path: Path) -> None:
    loader = loader_of(real, places, development=True)
    catalog = catalog_of(loader, real)
    source = guest_file(tmp_path, "forbidden_function")
    with pytest.raises(PluginRefused, match=r"step 12, compilation: .*imports") as caught:
        await catalog.add(UseSpec("bad", source, {}, tmp_path))
    assert caught.value.code == "forbidden-import"
    assert [state.state for state in catalog.states()] == [State.FAILED]
    await catalog.close()


async def test_a_component_of_another_kind_than_its_manifest(places: Places, real: Sandbox, tmp_path: Path) -> None:
    catalog = catalog_of(loader_of(real, places, development=True), real)
    source = guest_file(tmp_path, "good", kind="sink", world="mcpg:plugin/sink-plugin@1.0.0")
    with pytest.raises(PluginRefused, match="policy") as caught:
        await catalog.add(UseSpec("odd", source, {}, tmp_path))
    assert caught.value.code == "wrong-world"
    await catalog.close()


async def ask_until_it_fails(guest: Handle) -> None:
    for number in range(50):
        await guest.ask("decide", ("{}", "{}", []), run(number), "t")


async def test_a_guest_with_two_answers_is_quarantined(places: Places, real: Sandbox, tmp_path: Path) -> None:
    catalog = catalog_of(loader_of(real, places, development=True), real)
    source = guest_file(tmp_path, "counter")
    guest = await catalog.add(UseSpec("odd", source, {}, tmp_path, isolation="shared"))
    with pytest.raises(NondeterministicPlugin):
        await ask_until_it_fails(guest)
    with pytest.raises(PluginRefused, match="in two ways"):
        await guest.ask("decide", ("{}", "{}", []), run(99), "t")
    assert catalog.states()[0].state is State.FENCED
    await catalog.close()


async def test_a_component_that_ships_answers(real: Sandbox, tmp_path: Path) -> None:
    loader = Loader(real)
    assert len(await loader.verify_builtin()) >= 1
    catalog = catalog_of(loader, real)
    config = {"tools": [{"name": "hello", "mock": {"text": "hi"}}]}
    guest = await catalog.add(UseSpec("mock", "builtin:backend-mock", config, tmp_path))
    answer = await guest.ask("describe", ([],), run(1), "t")
    assert answer.tag == "catalog"
    assert json.loads(answer.value)["tools"][0]["name"] == "hello"
    assert catalog.states()[0].isolation == "shared"
    await catalog.close()
