"""Step 9 and 11 of a pull: the layer on its way into the store, once for all who want it at the same time.

It judges nothing: who receives a layer decides whether it is installed, and what is not leaves nothing behind.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from mcpg.contract.problems import McpgError, PluginRefused, reason_of
from mcpg_registry import media
from mcpg_registry.steps import AGAIN, at_step

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from mcpg.plugins.sources import Source
    from mcpg_registry.claims import Claim
    from mcpg_registry.durable import Landing
    from mcpg_registry.ingest import Ingest
    from mcpg_registry.manifests import Descriptor
    from mcpg_registry.proving import Proven
    from mcpg_registry.receipts import Receipt
    from mcpg_registry.store import Store

__all__ = ["Received", "on_disk", "received", "to_its_end"]

T = TypeVar("T")

WAIT = 0.1
"""Seconds between two looks whether another process has the layer by now."""


@dataclass(slots=True)
class Received:
    """A layer that is whole: its bytes, and how many of them came over now."""

    wasm: bytes
    fetched: int
    store: Store
    proven: Proven
    ingest: Ingest | None
    landing: Landing | None = None

    def install(self, receipt: Receipt) -> Receipt:
        """Commit the layer and install the plugin; it blocks. `ValueError`, `OSError`."""
        return self.store.install(self.proven.claim, receipt, self.ingest, self.landing)


@asynccontextmanager
async def received(
    store: Store,
    source: Source,
    proven: Proven,
    *,
    where: str,
    progress: Callable[[int], None],
    tell: Callable[[str], None] | None,
) -> AsyncIterator[Received]:
    """Yield the layer: from the store if it is there, else from `source`; `PluginRefused`, `RegistryFailed`.

    Meanwhile nobody removes blobs. A body that raises `PluginRefused` drops what came; with any other end it stays.
    """
    async with AsyncExitStack() as stack:
        with on_disk(where):
            await asyncio.to_thread(stack.enter_context, store.writing())
            wasm, ingest = await _begin(store, proven.layer, where, tell)
        if ingest is None:
            progress(proven.layer.size)
            yield Received(wasm, 0, store, proven, None)
            return
        stack.enter_context(ingest)
        try:
            begun = ingest.offset
            async with _prepared(store, proven.claim) as preparing:
                with at_step(9, where=where, remedy=AGAIN, code="bad-digest"), on_disk(where):
                    wasm = await source.layer(proven.claim, proven.layer, ingest, progress)
                with on_disk(where):
                    landing = await asyncio.shield(preparing)
                yield Received(wasm, proven.layer.size - begun, store, proven, ingest, landing)
        except PluginRefused:
            ingest.drop()
            raise


@asynccontextmanager
async def _prepared(store: Store, claim: Claim) -> AsyncIterator[asyncio.Future[Landing]]:
    """Write the small blobs while the layer comes in; what does not land is removed."""
    task = asyncio.ensure_future(asyncio.to_thread(store.prepare, claim))
    try:
        yield task
    finally:
        await asyncio.wait([task])
        if task.exception() is None:
            task.result().__exit__()


async def to_its_end(work: Callable[[], T]) -> T:
    """Run in a thread what cannot be stopped; who is cancelled waits for it, for what it uses is closed after that."""
    task = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # nobody waits for it any more
        raise


@contextmanager
def on_disk(where: str) -> Iterator[None]:
    """Turn what is wrong with the disk under the store into an `McpgError`: nobody is distrusted for it."""
    try:
        yield
    except OSError as error:
        reason = reason_of(error)
        message = f"the store of plugins cannot be used: {reason}"
        remedy = "look at the disk and the rights of the store's folder"
        raise McpgError(message, where=where, remedy=remedy, code="store-unavailable") from error


async def _begin(
    store: Store, layer: Descriptor, where: str, tell: Callable[[str], None] | None
) -> tuple[bytes, Ingest | None]:
    """Return the layer's bytes if they are there, else the partial file for them; wait for whoever has it now."""
    told = False
    while True:
        ingest = await _open(store, layer)
        wasm = await asyncio.to_thread(_read, store, layer)  # whoever had the partial before us may have committed it
        if wasm is not None:
            if ingest is not None:
                with ingest:
                    ingest.drop()
            return wasm, None
        if ingest is not None:
            return b"", ingest
        if not told and tell is not None:
            tell(f"{where}: another process is pulling it, waiting")
        told = True
        await asyncio.sleep(WAIT)


async def _open(store: Store, layer: Descriptor) -> Ingest | None:
    """Open the partial in a thread; if we are cancelled meanwhile, let others have it."""
    task = asyncio.ensure_future(asyncio.to_thread(store.ingest, layer))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        task.add_done_callback(_close)
        raise


def _close(task: asyncio.Future[Ingest | None]) -> None:
    if not task.cancelled() and task.exception() is None and (ingest := task.result()) is not None:
        ingest.close()


def _read(store: Store, layer: Descriptor) -> bytes | None:
    try:
        return store.read(layer, media.MAX_LAYER)
    except ValueError:
        return None
