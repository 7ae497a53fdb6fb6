"""One dev session: a plugin in a gateway of its own, exchanged whenever it is saved, its runs shown, its cases run.

A save, step by step: what was built is copied under its digest's name, the gateway is given a file that names the copy,
and exchanges the plugin as it does after any reload: calls under way end with the component that they began with. An
error leaves what was there in force. It prints nothing: a `Teller` does.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import os
import shutil
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import watchfiles

from mcpg.config import load
from mcpg.contract.problems import ConfigError, LedgerUnavailable, McpgError
from mcpg.edge.front import front_doors
from mcpg.edge.listeners import open_listener
from mcpg.edge.public import public_app
from mcpg.edge.serving import Running, Site, serve
from mcpg.gateway.served import Served
from mcpg.plugins.configuration import configure
from mcpg.workshop.dev.arranging import EVERYTHING, PERMIT, arranged, replaced, use_name
from mcpg.workshop.dev.calling import Calling
from mcpg.workshop.dev.casing import run_all
from mcpg.workshop.dev.examining import Examiner, Known
from mcpg.workshop.dev.origin import Origin, Taken
from mcpg.workshop.dev.recording import Recorder
from mcpg.workshop.dev.settings import Given, read_given
from mcpg.workshop.dev.watching import Eyes
from mcpg.workshop.dev.witness import shown_headers

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from mcpg.config import Loaded
    from mcpg.contract.ports import RunSeen
    from mcpg.edge.listeners import Listener
    from mcpg.workshop.dev.options import Options, Teller

__all__ = ["Session"]

FOLDER: Final = Path("out", "dev")
"""Where in a project the session keeps its state."""
BESIDE: Final = Path(".mcpg-dev")
"""Where it does beside a component that has no project."""
SHOWN: Final = 5.0
"""Seconds that the runs of a call are waited for before the cases are run."""
LOOK: Final = 500
"""Milliseconds after which a folder that has just been watched is looked at for what was saved before."""


class Session:
    """`await run()` until a signal, or until `stop()`; `ready` is set once calls are answered."""

    def __init__(self, options: Options, teller: Teller) -> None:
        self.options = options
        self.origin = Origin(options.plugin, builds=options.build)
        self.ready = asyncio.Event()
        self.address = ""
        self.good = True
        """Whether the newest call and cases were good."""
        self._teller = teller
        self._eyes = Eyes()
        self._recorder = Recorder(options.record, teller.note) if options.record is not None else None
        self._running = Running()
        self._folder: Path
        self._base: Path
        self._port = 0
        self._taken: Taken | None = None
        self._state = ""
        self._granted: dict[str, Any] | None = None
        self._served: Served
        self._examiner: Examiner

    def stop(self) -> None:
        """Begin to end, as a signal does."""
        self._running.stop()

    async def run(self) -> bool:
        """Run the session; return whether its newest call and cases were good. Raises `McpgError` if it cannot run."""
        async with AsyncExitStack() as stack:
            listener = _loopback(self.options.listen)
            stack.callback(listener.close)
            self.address = f"http://{listener.name}"
            await asyncio.to_thread(self._make_folder, stack)
            if self.options.config is not None:  # no save of the plugin would mend it
                await self._replaced(self.options.config, self.origin.path)
            self._port = await stack.enter_async_context(shown_headers())
            self._examiner = Examiner(self._folder / "compiled")
            await self._examiner.start()
            stack.push_async_callback(self._examiner.stop)
            showing = asyncio.create_task(self._eyes.show(self._show))
            stack.push_async_callback(_end, showing)
            if await self._begin(stack):
                await self._serve(listener, showing)
        return self.good

    async def _begin(self, stack: AsyncExitStack) -> bool:
        """Build the plugin and start the gateway; what goes wrong is told, and tried again after the next save.

        Returns whether there is a gateway; else it was stopped. Raises `McpgError` with `once`.
        """
        while True:
            try:
                taken = await self._take()
                loaded = await self._loaded(taken)
                served = Served(loaded, loopback=True, progress=self._teller.note, watcher=self._eyes)
                await stack.enter_async_context(served.lifespan())
            except McpgError as error:
                await self._all_shown()
                if self.options.once or isinstance(error, LedgerUnavailable):
                    raise
                self._teller.problem(error)
            else:
                self._served, self._taken = served, taken
                return True
            self._teller.note("waiting for a change")
            if not await self._next_save():
                return False

    async def _next_save(self) -> bool:
        """Wait for a save, and return true; false when the session is stopped before."""
        async with contextlib.aclosing(self._saves()) as saves:
            saved = asyncio.ensure_future(anext(saves))
            stopped = asyncio.create_task(self._running.stopping.wait())
            await asyncio.wait([saved, stopped], return_when=asyncio.FIRST_COMPLETED)
            await _end(stopped)
            if not saved.done():
                await _end(saved)
                return False
            saved.result()
            return True

    async def _show(self, run: RunSeen, briefly: bool) -> None:  # noqa: FBT001 - `Eyes.show` calls it
        self._teller.run(run, await self._examiner.examine(run, briefly=briefly))
        if self._recorder is not None:
            await self._recorder.take(run, self._examiner.config_of(run.digest))

    async def _serve(self, listener: Listener, showing: asyncio.Task[None]) -> None:
        gateway = self._served.gateway
        app = front_doors(
            self._served.resolve, public_app(lambda: gateway.ready), root=gateway.loaded.config.server.path
        )
        site = Site(app, listener)
        serving = asyncio.create_task(serve([site], drain=self._served.hub.drain, running=self._running, grace=2.0))
        working = asyncio.create_task(self._work())
        try:
            done, _ = await asyncio.wait([serving, working, showing], return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            await _end(working)
            self._running.stop()
            await serving

    async def _work(self) -> None:
        """Try the plugin, then follow what is saved."""
        await self._running.started.wait()
        self._teller.note(f"serving {self.address}{self._served.gateway.loaded.config.server.path}")
        await self._try()
        self.ready.set()
        if not self.options.once:
            async with contextlib.aclosing(self._saves()) as saves:
                async for saved in saves:
                    await self._follow(saved)

    async def _take(self) -> Taken:
        self._state = await asyncio.to_thread(self.origin.state)
        taken = await self.origin.take(self._folder / "components", self._teller.note)
        for warning in taken.warnings:
            self._teller.note(f"warning: {warning}")
        return taken

    async def _loaded(self, taken: Taken) -> Loaded:
        """Return the file that the gateway is to obey with this component; say what is granted where that is new."""
        if self.options.config is not None:
            loaded, names = await self._replaced(self.options.config, taken.wasm)
            uses = {name: loaded.config.plugins[name].config for name in names}
        else:
            given = await asyncio.to_thread(
                read_given, taken.manifest, self._root, self.origin.cases,
                config_of=self.options.config_of, grant=self.options.grant,
            )  # fmt: skip
            loaded = arranged(
                taken.manifest, given, taken.wasm, base=self._base, state=self._folder, listen=self.options.listen,
                port=self._port,
            )  # fmt: skip
            uses = {use_name(taken.manifest): dict(given.config)}
            self._say_granted(given)
        self._eyes.uses = frozenset(uses)
        for name, config in uses.items():
            text = (await asyncio.to_thread(configure, taken.manifest, config, loaded.base, use=name)).text
            self._examiner.know(Known(taken, config, text, loaded.base))
        return loaded

    async def _replaced(self, config: Path, wasm: Path) -> tuple[Loaded, tuple[str, ...]]:
        operators = await asyncio.to_thread(load, config)
        return replaced(operators, self.origin.sources, wasm, state=self._folder)

    @property
    def _root(self) -> Path | None:
        return self.origin.root if self.origin.project is not None else None

    def _say_granted(self, given: Given) -> None:
        said = {"grants": dict(given.grants), "withheld": given.withheld, "source": given.source}
        if said == self._granted:
            return
        self._granted = said
        self._teller.note(f"configured from {given.source}")
        for driver, grant in given.grants.items():
            self._teller.note(f"granted: {driver} {json.dumps(grant)}")
        for line in given.withheld:
            self._teller.note(f"not granted: {line} (give it with `--grant`, or under `grants` in dev.yaml)")

    async def _follow(self, saved: float) -> None:
        """Do what a save asks for; whatever goes wrong, the plugin that was there goes on."""
        try:
            state = await asyncio.to_thread(self.origin.state)
            before = self._taken
            taken = await self._take() if state != self._state or before is None else before
            loaded = await self._loaded(taken)
            await self._served.gateway.reload(loaded)
        except McpgError as error:
            self._teller.problem(error)
            self.good = False
            return
        self._taken = taken
        if before is None or taken.digest != before.digest:
            self._teller.note(
                f"exchanged for {taken.digest[:19]}, {max(0.0, time.time() - saved):.2f} s after the save"
            )
        await self._try()

    async def _try(self) -> None:
        """Ask the gateway for something, so that there is something to see, and run the cases."""
        assert self._taken is not None  # noqa: S101 - nothing is tried before it is there
        calling = Calling(self._served.gateway, self.options.key, self.options.headers)
        call, self.good = self.options.call, True
        try:
            if call is None:
                self._teller.note(f"tools: {', '.join(await calling.tools()) or 'none'}")
                await self._all_shown()
            else:
                result = await calling.call(*call)
                await self._all_shown()
                self._teller.result(call[0], result)
                self.good = not result.get("isError")
        except McpgError as error:
            await self._all_shown()
            self._teller.problem(error)
            self.good = False
        try:
            await self._run_cases(self._taken)
        except McpgError as error:
            self._teller.problem(error)
            self.good = False

    async def _all_shown(self) -> None:
        with contextlib.suppress(TimeoutError):  # other clients may keep it busy
            async with asyncio.timeout(SHOWN):
                await self._eyes.all_shown()
        if self._eyes.lost:
            self._teller.note(f"{self._eyes.lost} runs came too fast to be shown")
            self._eyes.lost = 0

    async def _run_cases(self, taken: Taken) -> None:
        files = self.origin.cases
        if files:
            cases = await run_all(taken.wasm, taken.traced, files, self._folder / "compiled")
            self._teller.cases(cases)
            self.good = self.good and cases.good

    async def _saves(self) -> AsyncGenerator[float, None]:
        """Yield the time of each save (seconds since 1970) that may concern the plugin."""
        while True:
            folders = await asyncio.to_thread(self.origin.folders)
            looked = False
            async for changes in watchfiles.awatch(
                *folders, recursive=False, step=50, debounce=400, rust_timeout=LOOK, yield_on_timeout=True
            ):
                paths = [path for _, path in changes]
                if self.origin.matters(paths):
                    yield await asyncio.to_thread(_saved, paths)
                if not looked:  # what was saved before the folders were watched
                    looked = True
                    if await asyncio.to_thread(self.origin.state) != self._state:
                        yield time.time()
                if paths and set(await asyncio.to_thread(self.origin.folders)) != set(folders):
                    break

    def _make_folder(self, stack: AsyncExitStack) -> None:
        self._base = self.origin.root
        self._folder = self._base / (FOLDER if self._root is not None else BESIDE)
        try:
            _make_own(self._folder)
        except OSError:  # not ours to write to
            self._base = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mcpg-dev-")))
            self._folder = self._base / BESIDE
            _make_own(self._folder)
        (self._folder / PERMIT).write_text(EVERYTHING)
        if self.options.cache is not None:
            _share(self.options.cache, self._folder / "compiled")


def _make_own(folder: Path) -> None:
    """Make the session's folder; what may have come with the project and must not be trusted is taken out of it.

    That is compiled code, which would run outside the sandbox, and links, through which others' files would be written.
    Raises `OSError`, too where the folder itself is a link.
    """
    if folder.is_symlink():
        raise NotADirectoryError(errno.ENOTDIR, "is a link", str(folder))
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for path in folder.iterdir():
        if path.is_symlink():
            path.unlink()
    if (folder / "compiled").exists():
        shutil.rmtree(folder / "compiled")
    (folder / "components").mkdir(exist_ok=True, mode=0o700)
    folder.chmod(0o700)


def _share(cache: Path, place: Path) -> None:
    """Let `place` be the shared folder of compiled components, unless it is there or the folder is not ours alone."""
    with contextlib.suppress(OSError):  # then this session compiles for itself
        cache.mkdir(parents=True, exist_ok=True, mode=0o700)
        facts = cache.stat()
        if facts.st_uid == os.geteuid() and not facts.st_mode & 0o077 and not place.exists():
            place.symlink_to(cache.resolve())


def _loopback(address: str) -> Listener:
    """Open the listener; `ConfigError` where others than this machine could reach it: what is shown may be personal."""
    listener = open_listener(address)
    if not listener.loopback:
        listener.close()
        raise ConfigError(
            f"`{address}` is not on the loopback interface",
            where="--listen",
            remedy="a dev session shows documents and has no real policy: listen on `127.0.0.1:PORT`",
        )
    return listener


def _saved(paths: list[str]) -> float:
    """Return when the newest of these files was written; now where they are gone."""
    times = []
    for path in paths:
        with contextlib.suppress(OSError):
            times.append(Path(path).stat().st_mtime)
    return max(times, default=time.time())


async def _end(task: asyncio.Task[Any]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
