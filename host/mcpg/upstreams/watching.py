"""Which resources of one upstream are watched, and by whom: one subscription for each, however many ask.

It keeps no link: the supervisor tells it of each main link that comes up and goes. On a new link everything is asked
for again, and every watcher is told once, because something may have been missed. It judges nobody.

A legacy server is sent `resources/subscribe` and `resources/unsubscribe`. A modern one gets one `subscriptions/listen`
stream for all watched resources beside the one for lists: when the set changes, a stream with the new set is opened
first and the old one closed once the new one is acknowledged, so that nothing is missed between the two.
Source: server/resources of 2025-11-25, basic/patterns/subscriptions of 2026-07-28.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from mcpg.contract.problems import UpstreamFailed
from mcpg.protocol.frames import Response
from mcpg.upstreams.breaker import backoff
from mcpg.upstreams.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from mcpg.upstreams.link import Link
    from mcpg.upstreams.tickets import Answer

    Updated = Callable[[dict[str, Any]], None]

__all__ = ["MAX_URIS", "MAX_WATCHERS", "Watch", "Watches"]

MAX_URIS = 1000
"""Resources of one upstream that are watched at once."""
MAX_WATCHERS = 10_000
MAX_URI = 4096
ANSWER_SECONDS = 10.0
"""How long an upstream may take to say that it watches."""
_log = logging.getLogger("mcpg.upstreams")


class Watch:
    """One watcher of one resource until `close`."""

    __slots__ = ("_watches", "updated", "uri")

    def __init__(self, watches: Watches, uri: str, updated: Updated) -> None:
        self._watches: Watches | None = watches
        self.uri = uri
        self.updated = updated

    def close(self) -> None:
        """Watch no more; may be called twice."""
        if self._watches is not None:
            watches, self._watches = self._watches, None
            watches.forget(self)


class _Resource:
    """One watched resource: its watchers, and whether the upstream has taken it."""

    __slots__ = ("missed", "taken", "watchers")

    def __init__(self) -> None:
        self.watchers: list[Watch] = []
        self.taken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.missed = False


class Watches:
    """The watched resources of the upstream `name`, on whichever link is up."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._resources: dict[str, _Resource] = {}
        self._count = 0
        self._link: Link | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._sign = asyncio.Event()

    async def watch(self, uri: str, updated: Updated, link: Link | None) -> Watch:
        """Watch `uri` over `link`, the one that is ready; raises `UpstreamFailed` when it cannot be watched.

        `updated` gets the params of each `notifications/resources/updated` for the resource or one below it; it is
        called on the event loop and must not wait.
        """
        if link is None:
            raise self._failed("is not connected", "upstream-unavailable")
        resources = link.agreement.capabilities.get("resources")
        if not isinstance(resources, dict) or resources.get("subscribe") is not True:
            raise self._failed("offers no `resources.subscribe`, so nothing of it can be watched", "cannot-watch")
        if len(uri) > MAX_URI or self._count >= MAX_WATCHERS or len(self._resources) >= MAX_URIS:
            raise self._failed("is watched as much as it may be", "cannot-watch")
        watch = Watch(self, uri, updated)
        resource = self._resources.setdefault(uri, _Resource())
        resource.watchers.append(watch)
        self._count += 1
        if self._keeper is None:
            self._link = link
            self._keep(link)
        self._sign.set()
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await asyncio.shield(resource.taken)
        except BaseException as error:
            watch.close()
            if isinstance(error, TimeoutError):
                raise self._failed(f"did not say within {ANSWER_SECONDS:g} s that it watches", "cannot-watch") from None
            raise
        return watch

    def forget(self, watch: Watch) -> None:
        """Take a watcher off; the last one takes the resource with it."""
        resource = self._resources.get(watch.uri)
        if resource is None or watch not in resource.watchers:
            return
        resource.watchers.remove(watch)
        self._count -= 1
        if not resource.watchers:
            del self._resources[watch.uri]
            resource.taken.cancel()
            self._sign.set()

    def heard(self, params: dict[str, Any]) -> bool:
        """Hand `notifications/resources/updated` on to who watches that resource, or one above it.

        Returns whether anybody does. Without params anything may have been missed: every watcher is told.
        """
        if not params:
            for each, watched in list(self._resources.items()):
                if watched.taken.done():
                    self._tell(watched, {"uri": each})
            return True
        uri = params.get("uri")
        if not isinstance(uri, str) or len(uri) > MAX_URI:
            return False
        shown = {key: value for key, value in params.items() if key != "_meta"}
        found = [resource for above in _self_and_above(uri) if (resource := self._resources.get(above)) is not None]
        for resource in found:
            self._tell(resource, shown)
        return bool(found)

    def came_up(self, link: Link) -> None:
        """Watch over this link from now on."""
        if self._link is link:
            return
        self.went_down()
        self._link = link
        if self._resources:
            self._keep(link)

    def went_down(self) -> None:
        """Note that no link is up: what is watched is asked for again on the next one."""
        self._link = None
        if self._keeper is not None:
            self._keeper.cancel()
            self._keeper = None
        self.missed(self._resources)

    def missed(self, uris: Iterable[str]) -> None:
        """Note that updates of these may have been missed: once they are watched again their watchers are told."""
        for uri in uris:
            resource = self._resources.get(uri)
            if resource is not None and resource.taken.done():
                resource.missed = True
                resource.taken = asyncio.get_running_loop().create_future()

    def _keep(self, link: Link) -> None:
        keeper = _Streams(self, link) if link.agreement.modern else _Subscriptions(self, link)
        self._keeper = asyncio.create_task(keeper.run(), name=f"upstream {self._name} watches")

    def wanted(self) -> frozenset[str]:
        """Return what is to be watched now."""
        return frozenset(self._resources)

    async def changes(self) -> None:
        """Return once what is to be watched has changed."""
        await self._sign.wait()
        self._sign.clear()

    def took(self, uri: str) -> None:
        """Note that the upstream watches `uri`; who watched it on a link before is told that it may have changed."""
        resource = self._resources.get(uri)
        if resource is None or resource.taken.done():
            return
        resource.taken.set_result(None)
        if resource.missed:
            resource.missed = False
            self._tell(resource, {"uri": uri})

    def refused(self, uri: str, why: str) -> None:
        """Give up `uri`, which the upstream does not watch; its watchers hear no more of it."""
        resource = self._resources.pop(uri, None)
        if resource is None:
            return
        self._count -= len(resource.watchers)
        _log.warning("upstream `%s` does not watch a resource: %s", self._name, why)
        if not resource.taken.done():
            resource.taken.set_exception(self._failed(f"does not watch this resource: {why}", "cannot-watch"))
            resource.taken.exception()  # whoever waited has it; nobody may wait any more

    def _tell(self, resource: _Resource, params: dict[str, Any]) -> None:
        for watch in tuple(resource.watchers):
            try:
                watch.updated(dict(params))
            except Exception:  # noqa: BLE001 - one watcher's fault is not another's
                _log.exception("upstream `%s`: an update could not be told", self._name)

    def _failed(self, what: str, code: str) -> UpstreamFailed:
        return UpstreamFailed(f"upstream `{self._name}` {what}", code=code, where=f"upstreams.{self._name}")


class _Subscriptions:
    """Keeps a legacy server's subscriptions as they are wanted."""

    def __init__(self, watches: Watches, link: Link) -> None:
        self._watches = watches
        self._link = link
        self._held: set[str] = set()

    async def run(self) -> None:
        """Subscribe and unsubscribe until the link ends."""
        attempt = 0
        while not self._link.lost.done():
            again = await self._settle(self._watches.wanted())
            attempt = attempt + 1 if again else 0
            with suppress(TimeoutError):
                async with asyncio.timeout(backoff(attempt) if again else None):
                    await self._watches.changes()

    async def _settle(self, wanted: frozenset[str]) -> bool:
        """Ask for what is not held and give up what is not wanted; return whether something has to be tried again."""
        for uri in self._held - wanted:
            self._held.discard(uri)
            await self._ask("resources/unsubscribe", uri)
        again = False
        for uri in wanted - self._held:
            answer = await self._ask("resources/subscribe", uri)
            if isinstance(answer, Response):
                self._held.add(uri)
                self._watches.took(uri)
            elif answer is None:
                again = True
            else:
                self._watches.refused(uri, f"error {answer.code}")
        return again

    async def _ask(self, method: str, uri: str) -> Answer | None:
        """Return what the server says, None if it said nothing."""
        with suppress(Fault, TimeoutError):
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self._link.exchange(method, {"uri": uri})
        return None


class _Streams:
    """Keeps one stream of a modern server for all that is watched."""

    def __init__(self, watches: Watches, link: Link) -> None:
        self._watches = watches
        self._link = link
        self._stream: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Open a stream for each new set of resources, and close the one before it."""
        held: frozenset[str] = frozenset()
        try:
            while True:
                if (wanted := self._watches.wanted()) != held:
                    before, self._stream = self._stream, None
                    if wanted:
                        await self._open(sorted(wanted))
                    await _end(before)
                    held = wanted & self._watches.wanted()  # without what it refused, which may be asked for again
                await self._watches.changes()
        finally:
            await _end(self._stream)

    async def _open(self, uris: list[str]) -> None:
        """Open a stream and wait until it is acknowledged, or nothing more can be hoped for."""
        acknowledged = asyncio.Event()
        self._stream = asyncio.create_task(self._follow(uris, acknowledged))
        with suppress(TimeoutError):
            async with asyncio.timeout(ANSWER_SECONDS):
                await acknowledged.wait()

    async def _follow(self, uris: list[str], acknowledged: asyncio.Event) -> None:
        """Keep the stream open until it is cancelled; a server that ends it is asked again."""
        attempt = 0

        def take(params: Mapping[str, Any]) -> None:
            granted = params.get("notifications")
            honoured = granted.get("resourceSubscriptions") if isinstance(granted, dict) else None
            for uri in uris:
                if granted is None or (isinstance(honoured, list) and uri in honoured):
                    self._watches.took(uri)
                else:
                    self._watches.refused(uri, "it did not take it")
            acknowledged.set()

        while not self._link.lost.done():
            began = asyncio.get_running_loop().time()
            with suppress(Fault):
                if not await self._link.follow(uris, take):
                    for uri in uris:
                        self._watches.refused(uri, "it does not listen")
                    acknowledged.set()
                    return
            long = asyncio.get_running_loop().time() - began > ANSWER_SECONDS
            attempt = 1 if long else attempt + 1
            self._watches.missed(uris)
            await asyncio.sleep(backoff(attempt))


async def _end(task: asyncio.Task[None] | None) -> None:
    if task is not None:
        task.cancel()
        await asyncio.wait([task])


def _self_and_above(uri: str) -> Iterator[str]:
    """Yield `uri` and what it stands below: up to each slash, with it and without; then what is before `?` and `#`."""
    yield uri
    root = uri.find("://") + 3 if "://" in uri else 0
    for position, sign in enumerate(uri):
        if position >= root and sign == "/":
            if position + 1 < len(uri):
                yield uri[: position + 1]
            yield uri[:position]
        elif sign in "?#" and position:
            yield uri[:position]
