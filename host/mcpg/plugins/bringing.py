"""Which digest a reference of the operator's file stands for, and how it comes into the store before it is loaded.

A digest comes from the reference or from the lock; a registry's tag alone is for development. What is in the store is
not fetched again, whatever is wrong with it: the load that follows refuses it then. It verifies nothing of a shelf.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mcpg.plugins.pulling import Puller, Wish
from mcpg.plugins.receiving import on_disk
from mcpg_registry.references import FileReference, LayoutReference, RegistryReference
from mcpg_registry.steps import AGAIN, at_step, refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from mcpg.contract.problems import PluginRefused
    from mcpg.plugins.pulling import Revocations
    from mcpg.plugins.sandboxing import Sandboxing
    from mcpg.plugins.supply import Supply
    from mcpg_registry.digests import Digest
    from mcpg_registry.locking import Locked
    from mcpg_registry.references import Reference

__all__ = ["Pin", "bring", "pin"]

LOCK = "lock it with `mcpg plugin lock`"
AT_ONCE = 4
"""Plugins that are pulled at one time: each may hold its whole component in memory."""


@dataclass(frozen=True, slots=True)
class Pin:
    """A reference, as written and as parsed, and what it stands for; `tag` is what the operator calls it."""

    text: str
    reference: Reference
    locked: Locked | None = None
    digest: Digest | None = None
    tag: str | None = None
    warnings: tuple[str, ...] = ()


def pin(reference: Reference, text: str, supply: Supply, where: str, *, development: bool) -> Pin:
    """Return what a reference stands for; `PluginRefused` at step 8 when nothing says so, or the lock another thing."""
    if isinstance(reference, FileReference) and supply.locked:
        raise _unlocked("a bare file is never in the lock", where, "leave it out, or leave out --locked")
    if not isinstance(reference, RegistryReference | LayoutReference):
        return Pin(text, reference)
    locked = supply.find(text) or supply.find(str(reference))
    if locked is None and supply.locked:
        raise _unlocked("it is not in the lock, and nothing else is loaded", where, LOCK)
    if isinstance(reference, LayoutReference):
        return Pin(text, reference, locked, reference.digest, reference.tag)
    if locked is not None and reference.digest not in {None, locked.manifest}:
        message = f"the lock has `{locked.manifest}` for it"
        raise _unlocked(message, where, f"{LOCK} again, if that is what you want")
    digest = locked.digest if locked is not None else reference.digest
    if digest is not None:
        return Pin(text, reference, locked, digest, reference.tag)
    if not development:
        message = "it names a tag, and no lock says which digest that is"
        raise _unlocked(message, where, f"{LOCK}, or write its digest: {reference.full_name}@sha256:...")
    return Pin(text, reference, tag=reference.tag, warnings=("its tag is not locked, which is for development only",))


async def bring(
    pins: Iterable[Pin],
    supply: Supply,
    revocations: Revocations,
    sandbox: Sandboxing,
    base: Path,
    *,
    clock: Callable[[], float],
    progress: Callable[[str], None] | None,
) -> None:
    """Have registries' plugins in the store: what is missing comes with one client, a few at a time.

    `PluginRefused` or `RegistryFailed` when one is not there and cannot be; the others are given up then.
    """
    missing = [each for each in pins if not await _stored(each, supply)]
    if not missing:
        return
    assert supply.store is not None  # noqa: S101 - it has been looked into
    say = progress or (lambda _line: None)
    async with await asyncio.to_thread(supply.client, say) as client:  # what it imports takes a while
        puller = Puller(
            supply.store,
            supply.trust,
            revocations,
            sandbox,
            client,
            clock=clock,
            tell=say,
            progress=_Quarters(say).show,
        )
        few = asyncio.Semaphore(AT_ONCE)

        async def pull(pinned: Pin) -> None:
            async with few:
                say(f"pulling {pinned.reference}")
                done = await puller.pull(Wish(pinned.text, base, locked=pinned.locked, at_least=supply.at_least))
                say(f"pulled {pinned.reference}: {done.receipt.id} {done.receipt.version}, {done.receipt.digest}")

        await _all([asyncio.create_task(pull(each)) for each in missing])


async def _all(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Wait for all of them; the first that fails ends the others and is raised."""
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        for task in tasks:
            if task in done:
                task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _stored(pinned: Pin, supply: Supply) -> bool:
    """Whether a plugin is in the store; `PluginRefused` at step 2 when it is not and nothing may be pulled."""
    where = f"plugin `{pinned.reference}`"
    if supply.store is None:
        raise refusal(2, "there is no store to load it from", where=where, remedy="name a store", code="not-pulled")
    with at_step(2, where=where, remedy=AGAIN, code="bad-store"), on_disk(where):
        if await asyncio.to_thread(_is_there, pinned, supply):
            return True
    if supply.offline:
        remedy = f"pull it where there is a network, with `mcpg plugin pull {pinned.text}`, or import a mirror"
        raise refusal(
            2, "it is not in the store, and nothing may be pulled", where=where, remedy=remedy, code="not-pulled"
        )
    return False


def _is_there(pinned: Pin, supply: Supply) -> bool:
    """Whether there is a receipt, or what was one: a broken one is for the load to refuse."""
    reference, store = pinned.reference, supply.store
    assert isinstance(reference, RegistryReference)  # noqa: S101 - nothing else is brought
    assert store is not None  # noqa: S101 - the caller has looked
    repository = reference.full_name
    if pinned.digest is not None:
        return store.holds(repository, pinned.digest)
    return any(each.repository == repository and reference.tag in each.tags for each in store.receipts())


class _Quarters:
    """Tells each quarter of a download once."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._told: dict[str, int] = {}

    def show(self, reference: str, done: int, total: int) -> None:
        quarter = 4 * done // total if total else 4
        if quarter > self._told.get(reference, 0):
            self._told[reference] = quarter
            self._say(f"pulling {reference}: {quarter * 25} % of {total / 1e6:.1f} MB")


def _unlocked(message: str, where: str, remedy: str) -> PluginRefused:
    return refusal(8, message, where=where, remedy=remedy, code="not-locked")
