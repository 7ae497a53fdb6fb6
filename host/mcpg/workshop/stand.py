"""One component on its own, ready to be asked: the sandbox, a configuration, documents cut to what it reads. No I/O.

There is no gateway here: nobody performs effects and no verdict counts. What is checked is what the gateway checks: the
manifest, the configuration against the manifest's schema, documents on the way in, answers on the way out.
"""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mcpg.contract.problems import PluginRefused
from mcpg.pipeline.projection import compile_reads
from mcpg.plugins.components import describe_component
from mcpg.plugins.configuration import check_binding, configure
from mcpg.sandbox import PassLimits, Sandbox, SandboxSettings
from mcpg.workshop.documents import RUN, complete, function_of, guest_facts, texts_of
from mcpg.workshop.judging import Asked, judge

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from mcpg.contract.documents import RunFacts
    from mcpg.contract.manifest import Manifest
    from mcpg.contract.verdicts import Case
    from mcpg.plugins.configuration import Configuration
    from mcpg.sandbox import Component, Inspection, Pool

__all__ = ["Prepared", "Stand", "Workbench", "open_workbench", "stand"]

TENANT = "default"


@dataclass(frozen=True, slots=True)
class Prepared:
    """One question, ready to be asked as often as one likes: the texts of its documents, and what they came from."""

    asked: Asked
    texts: tuple[str, ...]
    replies: bool
    run: RunFacts


class Stand:
    """A component under one configuration: `kept` makes its passes in one instance, `fresh` each in a new one."""

    def __init__(self, manifest: Manifest, configuration: Configuration, kept: Pool, fresh: Pool) -> None:
        self.manifest = manifest
        self.configuration = configuration
        self.kept = kept
        self.fresh = fresh
        self._reads = compile_reads(manifest.reads)

    def prepare(self, function: str, documents: Mapping[str, Any], run: RunFacts = RUN) -> Prepared:
        """Return a question with its documents whole, valid and cut to what is read.

        `documents` are by WIT's parameter name; what is left out gets a default. Raises `Misfit`, and `ConfigError` for
        a binding outside the manifest's schema.
        """
        asks = function_of(self.manifest.kind, function).replies
        whole = complete(self.manifest.kind, function, documents)
        if self.manifest.kind == "backend" and "call" in whole:
            check_binding(self.manifest, whole["call"]["binding"], use=self.manifest.id)
        texts, blobs = texts_of(
            whole, self._reads, run, whole=self.manifest.whole_bodies, shrinks=self.manifest.kind == "transform"
        )
        return Prepared(Asked(function, whole, blobs), texts, asks, run)

    async def make(self, question: Prepared, replies: Sequence[Case] = (), *, fresh: bool = False) -> Case:
        """Make one pass and return its answer, which nobody has judged; raises what `Pool.ask` raises."""
        arguments = (*question.texts, list(replies)) if question.replies else question.texts
        pool = self.fresh if fresh else self.kept
        return await pool.ask(question.asked.function, arguments, guest_facts(question.run), TENANT)

    async def ask(
        self, function: str, documents: Mapping[str, Any], replies: Sequence[Case] = (), run: RunFacts = RUN
    ) -> Case:
        """Make one pass and return its answer, judged unless it is `perform`.

        Raises `Misfit` for documents, `PluginTrapped` and `BadDocument` (with document and place) for the plugin.
        """
        question = self.prepare(function, documents, run)
        answer = await self.make(question, replies)
        if answer.tag != "perform":
            judge(answer, question.asked)
        return answer

    async def close(self) -> None:
        """Let go of both pools."""
        await self.kept.close()
        await self.fresh.close()


class Workbench:
    """A sandbox with one component in it, to be stood up under any configuration."""

    def __init__(self, sandbox: Sandbox, component: Component, manifest: Manifest, limits: PassLimits) -> None:
        self._sandbox = sandbox
        self._component = component
        self._limits = limits
        self.manifest = manifest

    @property
    def inspection(self) -> Inspection:
        """What was read off the component."""
        return self._component.inspection

    async def stand(self, config: Mapping[str, Any], base: Path | None = None) -> Stand:
        """Return the component under `config`, whose files are sought below `base`.

        Raises `ConfigError` (outside the manifest's schema) and `PluginRefused` with code `bad-plugin-config` (the
        component itself does not like it) or `plugin-not-started`.
        """
        use = self.manifest.id.rpartition("/")[2]
        made = await asyncio.to_thread(configure, self.manifest, config, base or Path.cwd(), use=use)
        kept, fresh = [
            await self._sandbox.guest(
                self._component,
                use=use,
                manifest=self.manifest,
                config=made.text,
                config_digest=made.digest,
                isolation=isolation,
                memo=False,
                limits=self._limits,
            )
            for isolation in ("shared", "call")
        ]
        return Stand(self.manifest, made, kept, fresh)


@asynccontextmanager
async def open_workbench(
    wasm: Path | bytes,
    *,
    limits: PassLimits | None = None,
    cache: Path | None = None,
    say: Callable[[str], None] | None = None,
    on_output: Callable[[str, str, bytes], None] | None = None,
    lines: bool = False,
    manifest: Manifest | None = None,
) -> AsyncIterator[Workbench]:
    """Open a component: its manifest is read, its imports and exports are checked, it is compiled, and nothing runs.

    `limits` are those of the manifest unless given. Compiled forms are kept in `cache`, else thrown away. `say` gets a
    line when something is compiled. With `lines`, traces of traps name source lines; `manifest` stands for one that the
    component does not carry itself. Raises `PluginRefused`.
    """
    label = wasm.name if isinstance(wasm, Path) else "the component"
    data = await asyncio.to_thread(_read, wasm) if isinstance(wasm, Path) else wasm
    manifest = manifest or (await asyncio.to_thread(describe_component, data, label)).manifest
    async with AsyncExitStack() as stack:
        folder = cache
        if folder is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mcpg-stand-")))
        settings = SandboxSettings(cache=folder, repeat_share=0.0, shared_instances=1, ready_instances=1, lines=lines)
        sandbox = Sandbox(settings, on_output=on_output)
        await sandbox.start()
        stack.push_async_callback(sandbox.stop)
        component = await sandbox.load(data, label=label, progress=say)
        yield Workbench(sandbox, component, manifest, limits or PassLimits.of(manifest.limits))


@asynccontextmanager
async def stand(
    wasm: Path | bytes,
    config: Mapping[str, Any],
    *,
    base: Path | None = None,
    limits: PassLimits | None = None,
    cache: Path | None = None,
) -> AsyncIterator[Stand]:
    """Open one component under one configuration; raises as `open_workbench` and `Workbench.stand` do."""
    async with open_workbench(wasm, limits=limits, cache=cache) as bench:
        yield await bench.stand(config, base)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise PluginRefused(
            f"cannot be read: {error.strerror or error}", where=str(path), remedy="build it first", code="no-component"
        ) from None
