"""Which digest a reference of the operator's file stands for, and how it comes into the store before it is loaded.

A digest comes from the reference or from the lock; a registry's tag alone is for development. What is in the store is
not fetched again, whatever is wrong with it: the load that follows refuses it then. It verifies nothing of a shelf.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mcpg.plugins.pulling import Puller, Wish, repository_of
from mcpg.plugins.receiving import on_disk
from mcpg_registry.references import FileReference, LayoutReference, RegistryReference
from mcpg_registry.steps import AGAIN, at_step, refusal

if TYPE_CHECKING:
    from collections.abc import Callable
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
        raise _unlocked(message, where, f"{LOCK}, or write its digest: {repository_of(reference)}@sha256:...")
    return Pin(text, reference, tag=reference.tag, warnings=("its tag is not locked, which is for development only",))


async def bring(
    pinned: Pin,
    supply: Supply,
    revocations: Revocations,
    sandbox: Sandboxing,
    base: Path,
    *,
    clock: Callable[[], float],
    progress: Callable[[str], None] | None,
) -> None:
    """Have a registry's plugin in the store; `PluginRefused` or `RegistryFailed` when it is not there and cannot be."""
    reference, store = pinned.reference, supply.store
    where = f"plugin `{reference}`"
    assert isinstance(reference, RegistryReference)  # noqa: S101 - nothing else is brought
    if store is None:
        raise refusal(2, "there is no store to load it from", where=where, remedy="name a store", code="not-pulled")
    with at_step(2, where=where, remedy=AGAIN, code="bad-store"), on_disk(where):
        if await asyncio.to_thread(_is_there, pinned, supply):
            return
    if supply.offline:
        remedy = f"pull it where there is a network, with `mcpg plugin pull {pinned.text}`, or import a mirror"
        raise refusal(
            2, "it is not in the store, and nothing may be pulled", where=where, remedy=remedy, code="not-pulled"
        )
    say = progress or (lambda _line: None)
    say(f"pulling {reference}")
    wish = Wish(pinned.text, base, locked=pinned.locked, at_least=supply.at_least)
    async with supply.client(say) as client:
        puller = Puller(
            store, supply.trust, revocations, sandbox, client, clock=clock, tell=say, progress=_Quarters(say).show
        )
        done = await puller.pull(wish)
    say(f"pulled {reference}: {done.receipt.id} {done.receipt.version}, {done.receipt.digest}")


def _is_there(pinned: Pin, supply: Supply) -> bool:
    """Whether there is a receipt, or what was one: a broken one is for the load to refuse."""
    reference, store = pinned.reference, supply.store
    assert isinstance(reference, RegistryReference)  # noqa: S101 - as above
    assert store is not None  # noqa: S101 - as above
    repository = repository_of(reference)
    if pinned.digest is not None:
        return store.holds(repository, pinned.digest)
    return any(each.repository == repository and reference.tag in each.tags for each in store.receipts())


class _Quarters:
    """Tells each quarter of a download once."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._told = 0

    def show(self, reference: str, done: int, total: int) -> None:
        quarter = 4 * done // total if total else 4
        if quarter > self._told:
            self._told = quarter
            self._say(f"pulling {reference}: {quarter * 25} % of {total / 1e6:.1f} MB")


def _unlocked(message: str, where: str, remedy: str) -> PluginRefused:
    return refusal(8, message, where=where, remedy=remedy, code="not-locked")
