from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mcpg.contract.documents import RunFacts
from mcpg.contract.manifest import Manifest, decode_manifest
from mcpg.sandbox import PassLimits, Pool, Sandbox, SandboxSettings, manifest_section

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from mcpg.contract.verdicts import Case, Effect

ROOT = Path(__file__).resolve().parents[2]
BUNDLE = ROOT / "host" / "mcpg" / "plugins" / "builtin"
BUILT = ROOT / "plugins-src" / "out"
FACTS = RunFacts(id="run-1", now=1_800_000_000_000, seed="00" * 32)
MAGIC = b"\0asm"


def _components() -> dict[str, bytes]:
    """Every component by name: those of the committed bundle, else those built beside their sources.

    `MCPG_TEST_COMPONENTS=built` takes the latter first, for who works on a component.
    """
    bundled = os.environ.get("MCPG_TEST_COMPONENTS") != "built"
    blobs = [path for path in BUNDLE.glob("blobs/sha256/*") if bundled and path.read_bytes()[:4] == MAGIC]
    found = {}
    for path in blobs or sorted(BUILT.glob("*.wasm")):
        wasm = path.read_bytes()
        found[decode_manifest(manifest_section(wasm)).id.removeprefix("mcpg/")] = wasm
    return found


@dataclass
class Plugin:
    """A configured component, and how to ask it."""

    pool: Pool
    manifest: Manifest

    async def ask(self, function: str, *documents: Any, replies: list[Case] | None = None) -> Case:
        """Ask once; documents that are not text are sent as JSON."""
        asked = [doc if isinstance(doc, str) else json.dumps(doc) for doc in documents]
        arguments = asked if replies is None else [*asked, replies]
        return await self.pool.ask(function, tuple(arguments), FACTS, "default")

    async def run(self, function: str, *documents: Any, serve: Callable[[Effect], Case]) -> tuple[Case, list[Effect]]:
        """Ask until there is an answer; `serve` answers each effect. Returns the answer and all effects."""
        replies: list[Case] = []
        effects: list[Effect] = []
        for _ in range(64):
            answer = await self.ask(function, *documents, replies=replies)
            if answer.tag != "perform":
                return answer, effects
            assert answer.value[: len(effects)] == effects, "perform names all effects of the run from its start"
            new = answer.value[len(effects) :]
            assert new, "a pass asks for something new"
            effects += new
            replies += [serve(effect) for effect in new]
        raise AssertionError("no answer after 64 passes")


@pytest.fixture(scope="session")
def components() -> dict[str, bytes]:
    found = _components()
    if not found:
        pytest.fail("there are no components: run `make plugins` or `python3 plugins-src/build.py`")
    return found


@pytest.fixture
async def sandbox(compiled: Path) -> AsyncIterator[Sandbox]:
    box = Sandbox(SandboxSettings(cache=compiled, repeat_share=1.0))
    await box.start()
    yield box
    await box.stop()


@pytest.fixture
def plugin(components: dict[str, bytes], sandbox: Sandbox) -> Callable[[str, Any], Awaitable[Plugin]]:
    """Configure a component by name. Every pass is repeated in a fresh instance, so impure ones are found out."""

    async def configure(name: str, config: Any) -> Plugin:
        wasm = components[name]
        manifest = decode_manifest(manifest_section(wasm))
        component = await sandbox.load(wasm, label=name)
        pool = await sandbox.guest(
            component,
            use=name,
            manifest=manifest,
            config=json.dumps(config),
            config_digest="sha256:0",
            isolation="shared",
            memo=manifest.memo,
            limits=PassLimits.of(manifest.limits),
        )
        await pool.prepare()
        return Plugin(pool, manifest)

    return configure
