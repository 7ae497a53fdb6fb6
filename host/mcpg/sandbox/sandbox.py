"""The sandbox of this process: engine, ticker, threads, compile cache; from wasm bytes to plugin uses that answer.

It does not fetch or verify components, and decides nothing about what they may do: they can do nothing.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import weakref
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from typing import TYPE_CHECKING, Final, TypeVar

from wasmtime import WasmtimeError
from wasmtime import component as wc

from mcpg.contract.problems import PluginRefused
from mcpg.sandbox.cache import CompileCache
from mcpg.sandbox.component import Component
from mcpg.sandbox.engine import Ticker, new_engine
from mcpg.sandbox.inspection import survey
from mcpg.sandbox.instances import Maker
from mcpg.sandbox.passes import Workers
from mcpg.sandbox.pool import Pool
from mcpg.sandbox.sections import require_component

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcpg.contract.manifest import Manifest
    from mcpg.sandbox.inspection import Inspection, Survey
    from mcpg.sandbox.settings import Isolation, PassLimits, SandboxSettings

__all__ = ["Sandbox"]

_T = TypeVar("_T")
_SMALL: Final = 1 << 18
_LINE: Final = 300
_log = logging.getLogger(__name__)


class Sandbox:
    """The only way to run guests. One for each process and event loop.

    `on_output` gets what guests print (use, `stdout` or `stderr`, bytes), bounded per pass and possibly from a thread;
    without it the output is dropped, because it may hold what the guest was asked about.
    """

    def __init__(
        self, settings: SandboxSettings, *, on_output: Callable[[str, str, bytes], None] | None = None
    ) -> None:
        self.settings = settings
        self._on_output = on_output
        self._engine = new_engine(lines=settings.lines)
        self._ticker = Ticker(self._engine)
        self._cache = CompileCache(settings.cache, settings.cache_bytes)
        self._threads = ThreadPoolExecutor(max(1, settings.pool_threads), thread_name_prefix="mcpg-pass")
        self._compiler = ThreadPoolExecutor(1, thread_name_prefix="mcpg-compile")
        self._workers = Workers(settings, self._ticker, self._threads)
        self._loading: dict[str, asyncio.Task[tuple[wc.Component, Survey]]] = {}
        self._loaded: weakref.WeakValueDictionary[str, Component] = weakref.WeakValueDictionary()
        self._pools: weakref.WeakSet[Pool] = weakref.WeakSet()
        self._running = False

    async def start(self) -> None:
        """Start the epoch ticker; a second call does nothing."""
        self._ticker.start()
        self._running = True

    async def stop(self) -> None:
        """Close every pool, then the threads and the ticker. A stopped sandbox cannot be started again."""
        self._running = False
        for pool in list(self._pools):
            await pool.close()
        for task in list(self._loading.values()):
            await asyncio.wait([task])
        await asyncio.to_thread(self._threads.shutdown)
        await asyncio.to_thread(self._compiler.shutdown)
        await asyncio.to_thread(self._ticker.stop)

    async def load(self, wasm: bytes, *, label: str = "", progress: Callable[[str], None] | None = None) -> Component:
        """Check and compile a component, or load its compiled form; the same bytes are compiled once.

        `label` names it in messages. `progress` gets a line before and after a compilation. Raises `PluginRefused` with
        code `bad-component`, `forbidden-import` (the import is named) or `wrong-world`.
        """
        digest = await self._digest(wasm)
        loaded = self._loaded.get(digest)
        if loaded is not None:
            return loaded
        label = label or digest[:19]
        native, found = await self._compiled(wasm, digest, label, progress)
        self._require(found.inspection, label)
        component = await self._in_compiler(lambda: Component(self._engine, native, found, label))
        return self._loaded.setdefault(digest, component)

    async def inspect(
        self, wasm: bytes, *, label: str = "", progress: Callable[[str], None] | None = None
    ) -> Inspection:
        """Read imports, exports and world off a component, also off one that `load` refuses. No code of it runs.

        Raises `PluginRefused` with code `bad-component` for bytes that are no component.
        """
        digest = await self._digest(wasm)
        return (await self._compiled(wasm, digest, label or digest[:19], progress))[1].inspection

    async def guest(
        self,
        component: Component,
        *,
        use: str,
        manifest: Manifest,
        config: str,
        config_digest: str,
        isolation: Isolation,
        memo: bool,
        limits: PassLimits,
        on_quarantine: Callable[[str, str], None] | None = None,
    ) -> Pool:
        """Return a configured plugin use; `config` is the JSON text that `configure` gets.

        `limits` are capped by the settings. `on_quarantine` is called with the use and the reason. Raises
        `PluginRefused` with code `wrong-world`, `bad-plugin-config` or `plugin-not-started`.
        """
        if not self._running:
            raise RuntimeError("the sandbox is not running, so no pass could be stopped")
        if component.kind is not manifest.kind:
            raise PluginRefused(
                f"`{component.label}` fills `{component.kind.world}`, its manifest says `{manifest.kind.world}`",
                code="wrong-world",
                remedy="correct `kind` and `world` in the manifest",
            )
        limits = self.settings.capped(limits)
        maker = Maker(component, limits, config, self._output_of(use), self.settings.output_log)
        pool = Pool(
            component,
            self._workers,
            maker,
            use=use,
            manifest=manifest,
            config_digest=config_digest,
            isolation=isolation,
            memo=memo,
            limits=limits,
            on_quarantine=on_quarantine,
        )
        await pool.prepare()
        self._pools.add(pool)
        return pool

    def _output_of(self, use: str) -> Callable[[str, bytes], None]:
        receiver = self._on_output

        def log(stream: str, data: bytes) -> None:
            if receiver is None:
                return
            try:
                receiver(use, stream, data)
            except Exception:  # noqa: BLE001 - a receiver that fails must not look like a guest that fails
                _log.exception("what `%s` printed could not be passed on", use)

        return log

    async def _digest(self, wasm: bytes) -> str:
        """Return the digest after the cheap checks, off the loop for large components."""
        if len(wasm) > self.settings.max_component:
            raise PluginRefused(
                f"the component has {len(wasm)} bytes, at most {self.settings.max_component} are allowed",
                code="bad-component",
            )
        require_component(wasm)
        if len(wasm) <= _SMALL:
            return _digest(wasm)
        return await self._in_compiler(lambda: _digest(wasm))

    async def _compiled(
        self, wasm: bytes, digest: str, label: str, progress: Callable[[str], None] | None
    ) -> tuple[wc.Component, Survey]:
        """Compile once for all who ask at the same time, even if the first of them gives up."""
        task = self._loading.get(digest)
        if task is None:
            task = asyncio.create_task(self._compile(wasm, digest, label, progress))
            self._loading[digest] = task
            task.add_done_callback(lambda done: self._compiled_or_not(digest, done))
        return await asyncio.shield(task)

    def _compiled_or_not(self, digest: str, done: asyncio.Task[tuple[wc.Component, Survey]]) -> None:
        """Forget a finished compilation; its error is looked at even if everybody who asked has gone."""
        self._loading.pop(digest, None)
        if not done.cancelled():
            done.exception()

    async def _compile(
        self, wasm: bytes, digest: str, label: str, progress: Callable[[str], None] | None
    ) -> tuple[wc.Component, Survey]:
        native = await self._in_compiler(lambda: self._cached(digest))
        if native is None:
            _say(progress, f"compiling `{label}` ({len(wasm) / 1e6:.1f} MB), once for this version")
            begin = perf_counter()
            native = await self._in_compiler(lambda: self._fresh(wasm, digest, label))
            _say(progress, f"compiled `{label}` in {perf_counter() - begin:.1f} s")
        made = native
        found = await self._in_compiler(lambda: survey(made, self._engine, digest=digest, size=len(wasm)))
        return made, found

    async def _in_compiler(self, work: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._compiler, work)

    def _cached(self, digest: str) -> wc.Component | None:
        """Return the component from its compiled form, if there is a verified one that this engine takes."""
        body = self._cache.read(digest)
        if body is None:
            return None
        try:
            return wc.Component.deserialize(self._engine, body)
        except WasmtimeError as error:
            _log.warning("the compiled form of `%s` is for another machine: compiling again (%s)", digest, error)
            self._cache.forget(digest)
            return None

    def _fresh(self, wasm: bytes, digest: str, label: str) -> wc.Component:
        try:
            native = wc.Component(self._engine, wasm)
        except WasmtimeError as error:
            reason = " ".join(str(error).split())[:_LINE]
            raise PluginRefused(f"`{label}` cannot be compiled: {reason}", code="bad-component") from None
        self._cache.write(digest, native.serialize())
        return native

    def _require(self, inspection: Inspection, label: str) -> None:
        if not inspection.faults:
            return
        forbidden = any(each.kind == "forbidden" for each in inspection.imports)
        raise PluginRefused(
            f"`{label}`: {'; '.join(inspection.faults)}",
            code="forbidden-import" if forbidden else "wrong-world",
            remedy="build it without that import" if forbidden else "build it for one world of `mcpg:plugin`",
        )


def _digest(wasm: bytes) -> str:
    return "sha256:" + hashlib.sha256(wasm).hexdigest()


def _say(progress: Callable[[str], None] | None, line: str) -> None:
    if progress is not None:
        progress(line)
