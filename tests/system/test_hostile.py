"""Components that do their worst, beside tools that are used all the time."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.registry.artifacts import component
from tests.sandbox import world
from tests.system.kit import Gateway, document, text_of, tool
from tests.system.load import Connection, load_on, reached
from wasmtime import wat2wasm

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.real

GUESTS = Path(__file__).parent / "guests"
HOSTILE = {
    "endless": "plugin-deadline",
    "bomb": "plugin-trapped",
    "garbled": "bad-document",
    "greedy": "`not-granted.example` is not granted",
}


def build(name: str) -> bytes:
    """Return the guest as a component with its manifest, which names the effect that it will ask for."""
    text = (GUESTS / f"{name}.wat").read_text()
    for include, folder in (("common", world.GUESTS), ("backend", GUESTS)):
        text = text.replace(f";; include {include}\n", (folder / f"{include}.inc.wat").read_text())
    effects = [{"driver": "http", "why": "to see how far it comes"}]
    return component(bytes(wat2wasm(text)), id=f"test/{name}", effects=effects)


def _file(gateway: Gateway, *names: str) -> dict[str, Any]:
    for name in names:
        (gateway.folder / f"{name}.wasm").write_bytes(build(name))
    granted = {"http": {"hosts": ["granted.example"]}}
    uses = {name: {"from": f"file:{name}.wasm", "grants": granted} for name in names}
    return document(development=True, plugins=uses, tools={name: tool(name) for name in names})


@pytest.fixture(scope="module")
def besieged(new_gateway: Callable[[str], Gateway]) -> Gateway:
    gateway = new_gateway("hostile")
    gateway.write(_file(gateway, *HOSTILE))
    return gateway.start()


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_component_is_contained_under_load(besieged: Gateway, name: str) -> None:
    async with load_on(besieged.url, "echo", q="on") as load:
        await reached(load, 50)
        for _ in range(3):
            async with Connection(besieged.url) as client:
                result = (await client.call(name))["result"]
            assert result["isError"] is True
            assert HOSTILE[name] in text_of(result)
            await reached(load, 50)
    assert load.bad == []


async def test_many_calls_of_a_hostile_component_at_once(besieged: Gateway) -> None:
    async with load_on(besieged.url, "echo", q="on") as load:
        await reached(load, 50)

        async def call(name: str) -> Any:
            async with Connection(besieged.url) as client:
                return (await client.call(name))["result"]

        results = await asyncio.gather(*(call(name) for name in HOSTILE for _ in range(25)))
        await reached(load, 200)
    assert load.bad == []
    assert all(result["isError"] for result in results)


async def test_a_component_with_a_forbidden_import_is_refused_and_the_plan_stays(gateway: Gateway) -> None:
    gateway.write(_file(gateway))
    await asyncio.to_thread(gateway.start)
    async with load_on(gateway.url, "echo", q="on") as load:
        await reached(load, 50)
        gateway.write(_file(gateway, "forbidden"))
        gateway.send(signal.SIGHUP)
        await asyncio.to_thread(gateway.until, lambda: "to do:" in gateway.log())
        await reached(load, 50)
        async with Connection(gateway.url) as client:
            assert (await client.call("forbidden"))["error"]["message"] == "unknown tool: forbidden"
    assert load.bad == []
    assert "`wasi:http/outgoing-handler@0.2.12`" in gateway.log()
    assert "file:forbidden.wasm" in gateway.log()


def test_a_gateway_does_not_start_with_a_forbidden_import(gateway: Gateway) -> None:
    gateway.write(_file(gateway, "forbidden"))
    assert gateway.spawn().wait(60) == 3
    assert "`wasi:http/outgoing-handler@0.2.12`" in gateway.log()
