"""One upstream from start to stop: one task that enters and leaves its link, again and again while it is down.

It makes no call of its own beyond handshakes, listening and a sign of life; `calls` does those of others.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from mcpg.upstreams.breaker import backoff
from mcpg.upstreams.eras import KINDS
from mcpg.upstreams.faults import Fault, Lost, Rejected, SessionGone
from mcpg.upstreams.handshake import negotiate
from mcpg.upstreams.watching import Watches

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mcpg.upstreams.eras import Agreement
    from mcpg.upstreams.link import Link
    from mcpg.upstreams.specs import UpstreamSpec

__all__ = ["Supervisor", "UpstreamState"]

COALESCE_SECONDS = 0.05
STABLE_SECONDS = 60.0
LISTEN_SECONDS = 2.0
"""How long a link waits for its listener before it takes calls."""
MIN_FRESH_SECONDS = 30.0
MAX_FRESH_SECONDS = 24 * 3600.0
LISTS = {
    "tools/list": "tools",
    "prompts/list": "prompts",
    "resources/list": "resources",
    "resources/templates/list": "resources",
}
_log = logging.getLogger("mcpg.upstreams")


@dataclass(frozen=True, slots=True)
class UpstreamState:
    """How one upstream is, for operators: `last_error` and `stderr` may hold the upstream's own words."""

    name: str
    state: Literal["connecting", "ready", "broken", "stopped"]
    era: Literal["", "legacy", "modern"] = ""
    version: str = ""
    server: Mapping[str, Any] = field(default_factory=dict)
    capabilities: Mapping[str, Any] = field(default_factory=dict)
    instructions: str = ""
    last_error: str = ""
    in_flight: int = 0
    waiting: int = 0
    parked: int = 0
    """Calls that wait for an answer of their client."""
    links: int = 0
    restarts: int = 0
    nonsense: int = 0
    stderr: tuple[str, ...] = ()


class Supervisor:
    """Keeps one link to an upstream up. `link` is the one that is ready, None while there is none."""

    def __init__(
        self,
        spec: UpstreamSpec,
        make_link: Callable[[Callable[[str], None]], Link],
        on_change: Callable[[str, str], None],
    ) -> None:
        self.spec = spec
        self.link: Link | None = None
        self.agreement: Agreement | None = None
        self.state: Literal["connecting", "ready", "broken", "stopped"] = "connecting"
        self.last_error = ""
        self.restarts = 0
        self.useful = False
        """Whether the link that is ready has answered a call: only then the next failure starts from a short wait."""
        self.watches = Watches(spec.name)
        self._make_link = make_link
        self._on_change = on_change
        self._news = asyncio.Event()
        self._due: set[str] = set()
        self._task: asyncio.Task[None] | None = None
        self._check: asyncio.Task[None] | None = None
        self._stderr: tuple[str, ...] = ()
        self._nonsense = 0
        self._skip_probe = False
        self._elsewhere = False
        """Whether the link did not come up, but one over another transport may."""
        self._stale: dict[str, asyncio.TimerHandle] = {}

    def start(self) -> None:
        """Begin to connect, in a task of its own."""
        self._task = asyncio.create_task(self._run(), name=f"upstream {self.spec.name}")

    async def stop(self) -> None:
        """Leave the link, end the child, fail who waits."""
        self._forget_ages()
        tasks = [task for task in (self._check, self._task) if task is not None]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        self._turn("stopped")

    async def ready(self) -> Link | None:
        """Return the link once it is ready; None when the upstream is broken or stopped."""
        while self.link is None and self.state == "connecting":
            await self._news.wait()
        return self.link

    def suspect(self) -> None:
        """See whether the link is still alive: calls have failed in a row."""
        if self.link is not None and (self._check is None or self._check.done()):
            self._check = asyncio.create_task(self._look(self.link), name=f"upstream {self.spec.name} check")

    def drop(self, link: Link, fault: Fault) -> None:
        """Give up `link`, because a call found that it is of no more use."""
        link.lose(fault)
        if self.link is link:
            self.link = None
            self._turn("connecting")

    def changed_all(self, agreement: Agreement) -> None:
        """Tell that anything may have changed, as after a time without listening."""
        for kind in KINDS:
            if agreement.offers(kind):
                self._changed(kind)

    def listed(self, method: str, result: Mapping[str, Any]) -> None:
        """Note how long a list stays fresh, where nothing else tells that it has changed.

        That is the operator's `refresh`, else the `ttlMs` of a modern server (2026-07-28, caching), within bounds.
        """
        kind, agreement = LISTS.get(method), self.agreement
        if kind is None or agreement is None or agreement.announces(kind):
            return
        seconds = self.spec.refresh
        if not seconds:
            given = result.get("ttlMs") if agreement.modern else None
            if not isinstance(given, int | float) or isinstance(given, bool) or given <= 0:
                return
            seconds = min(max(given / 1000, MIN_FRESH_SECONDS), MAX_FRESH_SECONDS)
        if (before := self._stale.pop(kind, None)) is not None:
            before.cancel()
        self._stale[kind] = asyncio.get_running_loop().call_later(seconds, self._changed, kind)

    def _forget_ages(self) -> None:
        while self._stale:
            self._stale.popitem()[1].cancel()

    def nonsense(self) -> int:
        """Return how much came that was not MCP or not ours, over all links."""
        return self._nonsense + (self.link.nonsense if self.link is not None else 0)

    def stderr(self) -> tuple[str, ...]:
        """Return the last lines that the child of this link, or of the one before, wrote to standard error."""
        return (self.link.grumbles() if self.link is not None else ()) or self._stderr

    async def _run(self) -> None:
        attempt = 0
        while True:
            self.useful = False
            began = asyncio.get_running_loop().time()
            fault = await self._live()
            if self._elsewhere:
                continue
            long = asyncio.get_running_loop().time() - began > STABLE_SECONDS
            attempt = 1 if self.useful or long else attempt + 1
            self.restarts += 1
            self.last_error = str(fault)
            self._turn("broken" if attempt >= self.spec.failures else "connecting")
            _log.warning("upstream `%s` %s; connecting again", self.spec.name, fault)
            await asyncio.sleep(0 if isinstance(fault, SessionGone) and attempt == 1 else backoff(attempt))

    async def _live(self) -> Fault:
        """Live one link from start to end; return why it ended."""
        link = self._make_link(self._changed)
        link.updated = self.watches.heard
        self._elsewhere = False
        try:
            agreement = await self._connect(link)
            listener = asyncio.create_task(self._listen(link), name=f"upstream {self.spec.name} listener")
            try:
                await self._heard(link)
                if not link.lost.done():
                    self._up(link, agreement)
                return await link.lost
            finally:
                listener.cancel()
                await asyncio.wait([listener])
        except Fault as fault:
            self._elsewhere = link.elsewhere(fault)
            return fault
        except Exception:  # noqa: BLE001 - a bug must not end the supervision
            _log.exception("upstream `%s`: unexpected error", self.spec.name)
            return Fault("failed inside the gateway")
        finally:
            self.link = None
            self._forget_ages()
            self.watches.went_down()
            if self.state == "ready":
                self._turn("connecting")
            self._nonsense += link.nonsense
            self._stderr = link.grumbles() or self._stderr
            await link.close()
            self._stderr = link.grumbles() or self._stderr

    async def _heard(self, link: Link) -> None:
        """Wait a moment for the listener where a server may ask on its stream: what it says before that is lost."""
        if not self.spec.listen or not link.role.declared or link.role.describes or link.agreement.modern:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LISTEN_SECONDS):
                await link.listening.wait()

    async def _connect(self, link: Link) -> Agreement:
        """Open `link` and shake hands; raises `Fault`. Who was legacy, or died of the probe, is not probed."""
        mode = "legacy" if link.old or (self._skip_probe and self.spec.mode == "auto") else self.spec.mode
        self._skip_probe = mode != "legacy"
        try:
            async with asyncio.timeout(self.spec.connect_timeout):
                await link.open()
                agreement = await negotiate(link, mode)
        except TimeoutError:
            raise Fault(f"did not complete its handshake within {self.spec.connect_timeout:g} s") from None
        self._skip_probe = not agreement.modern
        return agreement

    def _up(self, link: Link, agreement: Agreement) -> None:
        self.link = link
        self.agreement = agreement
        self._turn("ready")
        _log.info("upstream `%s` is ready, MCP %s", self.spec.name, agreement.version)
        self.watches.came_up(link)
        self.changed_all(agreement)

    async def _listen(self, link: Link) -> None:
        if not self.spec.listen:
            return
        attempt = 0
        while True:
            began = asyncio.get_running_loop().time()
            try:
                again = await link.listen()
            except Rejected as fault:
                again = fault.processed
            except Fault:
                again = True
            finally:
                link.listening.set()
            if not again:
                return
            long = asyncio.get_running_loop().time() - began > STABLE_SECONDS
            attempt = 1 if long else attempt + 1
            await asyncio.sleep(backoff(attempt))

    async def _look(self, link: Link) -> None:
        method = "server/discover" if link.agreement.modern else "ping"
        try:
            async with asyncio.timeout(self.spec.connect_timeout):
                await link.exchange(method, {})
        except (Fault, TimeoutError):
            self.drop(link, Lost("does not answer any more"))

    def _turn(self, state: Literal["connecting", "ready", "broken", "stopped"]) -> None:
        self.state = state
        self._news.set()
        self._news = asyncio.Event()

    def _changed(self, kind: str) -> None:
        """Tell of a change soon; many at once are told once."""
        if kind not in self._due:
            self._due.add(kind)
            asyncio.get_running_loop().call_later(COALESCE_SECONDS, self._tell, kind)

    def _tell(self, kind: str) -> None:
        self._due.discard(kind)
        try:
            self._on_change(self.spec.name, kind)
        except Exception:  # noqa: BLE001 - the listener's fault is not the upstream's
            _log.exception("upstream `%s`: change of %s could not be told", self.spec.name, kind)
