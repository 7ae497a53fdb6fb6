"""What the tests of the sandbox share: guests from text, and a sandbox with a good guest beside the bad one."""

from __future__ import annotations

import asyncio
import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wasmtime import wat2wasm

from mcpg.contract.documents import RunFacts
from mcpg.contract.manifest import EffectWish, Manifest
from mcpg.contract.worlds import PluginKind
from mcpg.sandbox import Component, PassLimits, Pool, Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable

GUESTS = Path(__file__).parent / "guests"
RUN = RunFacts(id="run-1", now=1_700_000_000_000, seed="5eed")
ROOMY = PassLimits(memory=8 * 1024 * 1024, time=5.0, output=64 * 1024)


def expand(text: str) -> bytes:
    """Turn component text into bytes, with `;; include name` lines replaced by `guests/name.inc.wat`."""
    lines = []
    for line in text.splitlines():
        marker = line.strip()
        if marker.startswith(";; include "):
            lines.append((GUESTS / f"{marker.removeprefix(';; include ')}.inc.wat").read_text())
        else:
            lines.append(line)
    return bytes(wat2wasm("\n".join(lines)))


@functools.cache
def guest_bytes(name: str) -> bytes:
    return expand((GUESTS / f"{name}.wat").read_text())


def manifest(kind: PluginKind = PluginKind.POLICY) -> Manifest:
    return Manifest(
        schema=1,
        id="test/guest",
        version="1.0.0",
        kind=kind,
        world=kind.world,
        summary="a guest",
        licence="Apache-2.0",
        config={},
        effects=(EffectWish(driver="http", why="to see how far it comes"),),
    )


async def pool_of(sandbox: Sandbox, component: Component, **changes: Any) -> Pool:
    settings: dict[str, Any] = {
        "use": "bad",
        "manifest": manifest(component.kind),
        "config": "{}",
        "config_digest": "sha256:0",
        "isolation": "shared",
        "memo": False,
        "limits": ROOMY,
    }
    return await sandbox.guest(component, **(settings | changes))


async def guest(sandbox: Sandbox, name: str, **changes: Any) -> Pool:
    return await pool_of(sandbox, await sandbox.load(guest_bytes(name), label=name), **changes)


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - what is waited for has no event of its own
        await asyncio.sleep(0)
