"""Plugins brought into the store one by one, and told to whoever waits. The pulling itself is the puller's."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from mcpg.cli.kit.engine import compiled_cache
from mcpg.cli.kit.origins import mirrored
from mcpg.plugins.pulling import Puller, Wish
from mcpg.sandbox import Sandbox, SandboxSettings
from mcpg_registry.references import LayoutReference, RegistryReference, parse_reference
from mcpg_registry.versions import version_key

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
    from pathlib import Path

    from mcpg.cli.kit.progress import Told
    from mcpg.cli.kit.site import Site
    from mcpg.plugins.pulling import Pulled
    from mcpg_registry.locking import Locked

    Pull = Callable[[Wish], Awaitable[Pulled]]

__all__ = ["open_puller", "wish_for"]


@asynccontextmanager
async def open_puller(
    site: Site, told: Told, references: Iterable[str]
) -> AsyncIterator[Callable[[Wish], Awaitable[Pulled]]]:
    """Open what pulls wishes for `references` into the site's store, from its mirrors first."""
    async with AsyncExitStack() as stack:
        cache = await asyncio.to_thread(_cache, site.state, stack)
        sandbox = Sandbox(SandboxSettings(cache=cache))
        stack.push_async_callback(sandbox.stop)
        client = await stack.enter_async_context(site.client(*map(parse_reference, references)))
        bars: dict[str, Callable[[int], None]] = {}

        def progress(reference: str, done: int, total: int) -> None:
            if reference not in bars and done < total:
                bars[reference] = told.bar(reference, total)
            if reference in bars:
                bars[reference](done)

        puller = Puller(
            site.store,
            site.trust,
            site.revocations,
            sandbox,
            client if site.online else None,
            clock=lambda: site.now,
            progress=progress,
            tell=told.line,
        )

        async def pull(wish: Wish) -> Pulled:
            place = await asyncio.to_thread(mirrored, site, wish.reference)
            return await puller.pull(replace(wish, mirror=place))

        yield pull


def _cache(state: Path, stack: AsyncExitStack) -> Path:
    """Return where compiled forms go: to where the gateway looks for them, if this can be written."""
    with suppress(OSError):
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        (state / "compiled").mkdir(mode=0o700, exist_ok=True)
    return compiled_cache(state / "compiled", stack)


def wish_for(site: Site, reference: str, *, relock: bool = False, allow_downgrade: bool = False) -> Wish:
    """Return the wish for a reference as the site's lock has it.

    With `relock` what is not locked under this very name is held against the newest that is locked of its repository.
    """
    locked = site.locked(reference)
    return Wish(
        reference=reference,
        base=site.base,
        locked=_newest(site, reference) if locked is None and relock else locked,
        relock=relock,
        allow_downgrade=allow_downgrade,
        at_least=site.lock.revocations if site.lock else 0,
    )


def _newest(site: Site, reference: str) -> Locked | None:
    """Return the newest version that the lock has of a reference's repository, under whatever name."""
    wanted = parse_reference(reference)
    if not isinstance(wanted, RegistryReference | LayoutReference):
        return None
    found = []
    for name, locked in site.lock.plugins.items() if site.lock else ():
        known = parse_reference(name)
        if isinstance(known, RegistryReference | LayoutReference) and known.full_name == wanted.full_name:
            found.append(locked)
    return max(found, key=lambda each: version_key(each.version), default=None)
