"""The revocations of a running gateway: what is offered is judged off the loop, put in force at once, and told.

It knows no source (`revocation_sources` has them) and no plugin: `bind` gives it what fences them. Nothing that it is
given can be older than what it has: the standing refuses that, also after a restart.
"""

from __future__ import annotations

import asyncio
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from mcpg.contract.problems import McpgError, reason_of
from mcpg_revocations.envelopes import refused

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from mcpg_revocations.freshness import Freshness
    from mcpg_revocations.index import RevocationIndex
    from mcpg_revocations.lists import Override
    from mcpg_revocations.standing import Offered, Standing

__all__ = ["Applied", "Revoking"]

log = logging.getLogger("mcpg.revocations")
MAX_SHOWN = 32
"""Entries that one record names; how many there are is always told."""
MAX_UNTOLD = 64
MAX_TEXT = 1024
"""Characters of a refusal that a record keeps."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Applied:
    """What came of a list: whether it was news, and the uses that were fenced for it."""

    offered: Offered
    fenced: tuple[str, ...]


class Revoking:
    """Takes lists and puts them in force; belongs to one event loop. `now` of `clock` is in seconds since 1970."""

    def __init__(
        self, standing: Standing, *, on_dead: str = "deny-new", feed: str = "", clock: Callable[[], float] = time.time
    ) -> None:
        self._standing = standing
        self._on_dead = on_dead
        self._feed = feed
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="mcpg-revocations")
        self._under_way: set[asyncio.Task[Any]] = set()
        self._untold: list[tuple[str, dict[str, Any]]] = []
        self._enforce: Callable[[RevocationIndex], tuple[str, ...]] = lambda _: ()
        self._fence: Callable[[RevocationIndex], tuple[str, ...]] = lambda _: ()
        self._tell: Callable[[str, dict[str, Any]], None] = self._keep
        self._on_state: Callable[[], None] = lambda: None
        self._index = standing.index(self._now())
        self._freshness = standing.freshness(self._now())
        self._overrides: tuple[Override, ...] = ()
        self._faults: tuple[str, ...] = ()
        self._complaints: dict[str, str] = {}
        self._told_state = "fresh"
        self.taken: dict[tuple[str, str], int] = {}
        """How often what was offered, by source and outcome."""

    def bind(
        self,
        enforce: Callable[[RevocationIndex], tuple[str, ...]],
        fence: Callable[[RevocationIndex], tuple[str, ...]],
        tell: Callable[[str, dict[str, Any]], None],
        on_state: Callable[[], None],
    ) -> None:
        """Give it what puts an index in force, what records events, and who wants to know that `halted` may be another.

        `fence` stops what an index kills and does nothing else: it need not wait until a verified list is remembered.
        What came before is made up for: plugins are fenced and events are told.
        """
        self._enforce, self._fence, self._tell, self._on_state = enforce, fence, tell, on_state
        untold, self._untold = self._untold, []
        for kind, facts in untold:
            tell(kind, facts)
        self._review(again=True)

    async def close(self) -> None:
        """Let what is under way end, then the thread."""
        while self._under_way:
            await asyncio.wait(tuple(self._under_way))
        self._thread.shutdown(wait=False)

    def for_loading(self, now: int, *, locked: bool, at_least: int = 0, shipped_at_least: int = 0) -> RevocationIndex:
        """Return the index for a load; any thread may ask. `PluginRefused` at step 4 when the lists do not allow one.

        See `Standing.for_loading`; where the operator wants an alarm only, the state of the list refuses nothing.
        """
        if self._on_dead != "warn" or self._standing.freshness(now).state == "fresh":
            return self._standing.for_loading(now, locked=locked, at_least=at_least, shipped_at_least=shipped_at_least)
        index = self._standing.index(now)
        if 0 < index.version < at_least:
            message = f"found version {index.version}, wanted at least {at_least}, which the lock was made with"
            raise refused(message, "revocation-rollback", remedy="bring the newer list, or lock anew on purpose")
        return index

    @property
    def halted(self) -> str:
        """Why nothing is answered, if that is so: the list is dead and the operator wants a stop."""
        if self._on_dead == "stop-all" and self._freshness.state == "dead":
            return "the revocation list is dead, so nothing is permitted"
        return ""

    @property
    def freshness(self) -> Freshness:
        """The state of the list, as of the last look."""
        return self._freshness

    @property
    def version(self) -> int:
        """The version of the list that the site goes by."""
        return self._index.version

    def age(self) -> float:
        """Return the seconds since the feed last confirmed its list; 0 where no feed is."""
        found = self._freshness
        return max(0.0, self._clock() - found.checked) if found.source == "feed" and found.checked else 0.0

    async def offer(self, text: bytes, source: str) -> Applied:
        """Judge a signed list and put it in force; raises `McpgError`, and then nothing has changed.

        It goes on when the caller is cancelled: what has been verified counts.
        """
        return await self._finish(self._offer(text, source))

    async def refresh(self, source: str) -> None:
        """Read again what people and other processes write, and put it in force; raises `McpgError`."""
        await self._finish(self._refresh(source))

    def review(self) -> None:
        """Put in force what time has changed: an override that begins or ends, a list that expires."""
        self._review()

    def confirm(self) -> None:
        """Note that the feed has no other list than the one in force; the next look at the clock tells."""
        self._standing.confirm(self._now())

    def complain(self, source: str, error: McpgError | None) -> None:
        """Log and record what goes wrong with a source, once as long as it is the same; None says that it is well."""
        if error is None:
            if self._complaints.pop(source, None) is not None:
                log.info("revocations: %s is well again", source)
            return
        if self._complaints.get(source) == error.code:
            return
        self._complaints[source] = error.code
        log.warning("revocations: nothing was taken from %s: %s", source, error.diagnostics()[:MAX_TEXT])
        self.tell_refused(source, error)

    def tell_refused(self, source: str, error: McpgError) -> None:
        """Record that a list was refused; what the list itself says of it may be long."""
        message = error.message[:MAX_TEXT]
        self._tell("revocations-refused", {"source": source, "code": error.code, "message": message})

    def status(self) -> dict[str, Any]:
        """Return what an operator asks: the list, its state, overrides in force, and what is wrong with sources."""
        found = self._freshness
        return {
            "version": self._index.version,
            "state": found.state,
            "reason": found.reason,
            "source": found.source,
            "feed": self._feed,
            "issuer": found.issuer,
            "issued": found.issued,
            "expires": found.expires,
            "dead_at": found.dead_at,
            "checked": found.checked,
            "emergency": found.emergency,
            "on_dead": self._on_dead,
            "halted": bool(self.halted),
            "entries": len(self._index),
            "overrides": [_told(each) for each in self._overrides],
            "faults": list(self._faults),
            "complaints": dict(self._complaints),
        }

    async def _finish(self, work: Coroutine[Any, Any, T]) -> T:
        task = asyncio.get_running_loop().create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._done)
        return await asyncio.shield(task)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # whoever waited has it; nobody may wait any more

    async def _offer(self, text: bytes, source: str) -> Applied:
        loop, first = asyncio.get_running_loop(), list[str]()

        def verified(index: RevocationIndex) -> None:
            loop.call_soon_threadsafe(lambda: first.extend(self._fence(index)))

        try:
            offered = await self._off_loop(lambda now: self._standing.offer(text, now, verified=verified))
        except McpgError as error:
            self._count(source, error.code)
            raise
        fenced = tuple(sorted({*first, *self._review(again=True)}))
        self._count(source, "taken" if offered.changed else "known")
        self.complain(source, None)
        if offered.changed:
            added, removed = await self._off_loop(lambda _: (offered.added(), offered.removed()))
            self._tell(
                "revocations-taken",
                {
                    "source": source,
                    "version": offered.version,
                    "list": offered.digest,
                    "emergency": offered.emergency,
                    "rotated": offered.rotated,
                    "added": len(added),
                    "removed": len(removed),
                    "entries": [entry.id for entry in added[:MAX_SHOWN]],
                    "fenced": list(fenced[:MAX_SHOWN]),
                },
            )
            log.warning("revocations: version %d is in force, from %s", offered.version, source)
        return Applied(offered, fenced)

    async def _refresh(self, source: str) -> None:
        changed = await self._off_loop(self._standing.refresh)
        fenced = self._review(again=changed)
        self.complain(source, None)
        if changed:
            self._tell("revocations-changed", {"source": source, "fenced": list(fenced[:MAX_SHOWN])})

    async def _off_loop(self, work: Callable[[int], T]) -> T:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._thread, work, self._now())
        except OSError as error:
            reason = reason_of(error)
            raise McpgError(
                f"what this site knows of revocations cannot be stored: {reason}",
                code="store-unavailable",
                remedy="look at the disk of the state folder",
            ) from error

    def _review(self, *, again: bool = False) -> tuple[str, ...]:
        """Go by the standing of this moment, and tell what that changes; return the uses that were fenced."""
        now = self._now()
        index = self._standing.index(now)
        fenced: tuple[str, ...] = ()
        if again or index is not self._index:
            self._index = index
            fenced = self._enforce(index)
            self._tell_overrides(self._standing.overrides(now))
        self._tell_faults(self._standing.faults())
        self._tell_state(self._standing.freshness(now))
        return fenced

    def _tell_overrides(self, overrides: tuple[Override, ...]) -> None:
        before, self._overrides = self._overrides, overrides
        for override in overrides:
            if override not in before:
                log.warning("revocations: an override of `%s` is in force: %s", override.entry, override.reason)
                self._tell("revocation-overridden", _told(override))
        for override in before:
            if override not in overrides:
                log.warning("revocations: `%s` counts again", override.entry)
                self._tell("revocation-override-ended", {"entry": override.entry, "digest": override.digest})

    def _tell_faults(self, faults: tuple[str, ...]) -> None:
        before, self._faults = self._faults, faults
        for fault in faults:
            if fault not in before:
                log.warning("revocations: %s", fault)

    def _tell_state(self, freshness: Freshness) -> None:
        before, self._freshness = self._freshness.state, freshness
        if freshness.state != self._told_state:
            self._told_state = freshness.state
            level = logging.INFO if freshness.state == "fresh" else logging.ERROR
            log.log(level, "revocations: the list is %s%s", freshness.state, _because(freshness.reason))
            facts = {"state": freshness.state, "version": freshness.version, "reason": freshness.reason}
            self._tell("revocations-state", facts)
        if freshness.state != before:
            self._on_state()

    def _keep(self, kind: str, facts: dict[str, Any]) -> None:
        if len(self._untold) < MAX_UNTOLD:
            self._untold.append((kind, facts))

    def _count(self, source: str, outcome: str) -> None:
        self.taken[source, outcome] = self.taken.get((source, outcome), 0) + 1

    def _now(self) -> int:
        return int(self._clock())


def _told(override: Override) -> dict[str, Any]:
    facts = {"entry": override.entry, "digest": override.digest, "by": override.by, "reason": override.reason}
    return {**facts, "until": override.expires}


def _because(reason: str) -> str:
    return f": {reason}" if reason else ""
