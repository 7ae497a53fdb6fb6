"""Where a running gateway's lists come from by themselves: the feed, changed files, and time. It judges none.

The start waits for the feed only so long; what was stored counts until it answers.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import watchfiles

from mcpg.contract.problems import McpgError, RegistryFailed
from mcpg.gateway.revocation_site import STATE, feed_file, make_feed, network, open_standing
from mcpg.gateway.revoking import Revoking

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from contextlib import AsyncExitStack
    from typing import Any

    from mcpg.config import Loaded
    from mcpg_revocations.feeds import Feed

__all__ = ["Sources", "Watched", "open_revocations"]

log = logging.getLogger("mcpg.revocations")
FIRST_POLL = 5.0
"""Seconds that a start waits for the feed."""
TICK = 1.0
"""Seconds between two looks at the clock, for what begins or ends by itself."""
REMEMBER = 60.0
"""Seconds between two looks at the disk, which also remember the time."""
STEP = 10
"""Milliseconds in which no further change comes before one is told: how late a new file is noticed."""
DEBOUNCE = 50
"""Milliseconds after which a change is told although others follow."""
AGAIN = 5.0
"""Seconds after which watching is tried again, where it failed."""
MOUNTED = "..data"


@dataclass(frozen=True, slots=True)
class Watched:
    """The files that people and mirrors change under a running gateway: the feed, if it is one, and two folders."""

    feed: Path | None = None
    folders: tuple[Path, ...] = ()

    def places(self) -> set[Path]:
        """Return the folders to watch that are there now; for one that is not, the one that it would be made in."""
        wanted = (each if each.is_dir() else each.parent for each in self._folders())
        return {place for place in wanted if place.is_dir()}

    def hit(self, path: Path) -> bool:
        """Whether a changed path is one of these files, or may stand for it."""
        if path == self.feed or path.name == MOUNTED or path in self._folders():
            return True
        return path.suffix == ".json" and path.name[:1] != "." and path.parent in self.folders

    def lost(self, path: Path) -> bool:
        """Whether a path that was deleted is a folder that was watched."""
        return path in self._folders()

    def _folders(self) -> tuple[Path, ...]:
        return (*self.folders, *([self.feed.parent] if self.feed else []))


async def open_revocations(loaded: Loaded, stack: AsyncExitStack, *, offline: bool = False) -> tuple[Revoking, Sources]:
    """Read what is revoked here, and ask the feed once; raises `McpgError`. Their closing is left to `stack`.

    `offline`: only a feed that is a file is asked.
    """
    standing = await asyncio.to_thread(open_standing, loaded, int(time.time()))
    given, feed = loaded.config.revocations, None
    if given.feed is not None and offline and feed_file(loaded) is None:
        log.info("offline: the revocation feed is not asked")
    elif given.feed is not None:
        http = network()
        stack.push_async_callback(http.aclose)
        feed = make_feed(loaded, http)
    revoking = Revoking(standing, on_dead=given.on_dead, feed=feed.name if feed else "")
    stack.push_async_callback(revoking.close)
    folders = [loaded.resolve(folder) for folder in (given.additions, given.overrides) if folder]
    if given.anchor is not None:
        folders.append(loaded.state / STATE)  # where `mcpg revocations import` puts what it takes
    sources = Sources(revoking, feed, Watched(feed_file(loaded), tuple(folders)))
    stack.push_async_callback(sources.stop)
    await sources.first()
    return revoking, sources


class Sources:
    """The tasks that bring lists: `first`, then `start`, then `stop`."""

    def __init__(self, revoking: Revoking, feed: Feed | None, watched: Watched) -> None:
        self._revoking = revoking
        self._feed = feed
        self._watched = watched
        self._tasks: list[asyncio.Task[None]] = []
        self._hurried: set[asyncio.Task[None]] = set()

    async def first(self, patience: float = FIRST_POLL) -> None:
        """Ask the feed once and wait for it, but not for long; whatever goes wrong is logged and told."""
        if self._feed is None:
            return
        try:
            async with asyncio.timeout(patience):
                await self._feed.poll(self._take)
        except TimeoutError:
            late = RegistryFailed(f"it did not answer in {patience:g} s", remedy="look at the address of the feed")
            self._revoking.complain("feed", late)
        except McpgError as error:
            self._revoking.complain("feed", error)
        except Exception as error:  # noqa: BLE001 - a mistake with a feed may not keep a gateway down
            log.warning("asking the revocation feed failed with `%s`", type(error).__name__)

    def start(self) -> None:
        """Begin to poll, to watch and to look at the clock."""
        works = [self._tick()]
        if self._feed is not None:
            works.append(self._poll(self._feed))
        if self._watched.folders or self._watched.feed:
            works.append(self._watch())
        self._tasks = [asyncio.get_running_loop().create_task(work) for work in works]

    async def stop(self) -> None:
        """End all of it."""
        for task in (*self._tasks, *self._hurried):
            task.cancel()
        await asyncio.gather(*self._tasks, *self._hurried, return_exceptions=True)

    def watches(self, path: Path) -> bool:
        """Whether a changed path is a list's and of no concern to others."""
        return path.name != MOUNTED and self._watched.hit(path)

    def hurry(self, source: str) -> None:
        """Read every file again and ask the feed now."""
        if self._feed is not None:
            self._feed.wake()
        self._later(self._refresh(source))

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._hurried.add(task)
        task.add_done_callback(self._hurried.discard)

    async def _take(self, text: bytes) -> None:
        await self._revoking.offer(text, "feed")

    def _polled(self, error: McpgError | None) -> None:
        if error is None:
            self._revoking.confirm()
        self._revoking.complain("feed", error)

    async def _refresh(self, source: str) -> None:
        try:
            await self._revoking.refresh(source)
        except McpgError as error:
            self._revoking.complain(source, error)
        except Exception as error:  # noqa: BLE001 - no mistake may end the watching; its text may hold values
            log.warning("reading revocations again failed with `%s`", type(error).__name__)

    async def _poll(self, feed: Feed) -> None:
        while True:
            try:
                await feed.run(self._take, self._polled)
            except Exception as error:  # noqa: BLE001 - no mistake may end the polling; its text may hold values
                log.warning("polling the revocation feed failed with `%s`", type(error).__name__)
                await asyncio.sleep(AGAIN)

    async def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        remembered = loop.time()
        while True:
            await asyncio.sleep(TICK)
            try:
                self._revoking.review()
            except Exception as error:  # noqa: BLE001 - as above
                log.warning("looking at the clock failed with `%s`", type(error).__name__)
            if loop.time() - remembered > REMEMBER:
                remembered = loop.time()
                await self._refresh("disk")

    async def _watch(self) -> None:
        """Read again what has changed; folders that come or go are watched anew."""
        while True:
            places = await asyncio.to_thread(self._watched.places)
            try:
                await self._watch_these(places)
            except Exception as error:  # noqa: BLE001 - as above
                log.warning("revocation files cannot be watched: `%s`", type(error).__name__)
                await asyncio.sleep(AGAIN)

    async def _watch_these(self, places: set[Path]) -> None:
        if not places:
            await asyncio.sleep(AGAIN)
            return
        async with contextlib.aclosing(
            watchfiles.awatch(*places, recursive=False, step=STEP, debounce=DEBOUNCE)
        ) as watch:
            coming = asyncio.ensure_future(anext(watch))
            try:
                await asyncio.sleep(0)  # now it is watched, and what came before can be read
                await self._reread()
                while await self._obey(await coming, places):
                    coming = asyncio.ensure_future(anext(watch))
            finally:
                coming.cancel()
                await asyncio.gather(coming, return_exceptions=True)

    async def _obey(self, changes: set[tuple[watchfiles.Change, str]], places: set[Path]) -> bool:
        """Read again what has changed; return whether the same folders are still to be watched."""
        if any(self._watched.hit(Path(path)) for _, path in changes):
            await self._reread()
        if any(change is watchfiles.Change.deleted and self._watched.lost(Path(path)) for change, path in changes):
            return False
        return await asyncio.to_thread(self._watched.places) == places

    async def _reread(self) -> None:
        if self._feed is not None and self._watched.feed is not None:
            self._feed.wake()
        if self._watched.folders:
            await self._refresh("files")
