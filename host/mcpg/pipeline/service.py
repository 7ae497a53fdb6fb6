"""MCP methods onto the pipeline: the port that both edges call. It frames nothing and knows no transport.

Who was identified carries what established it to the answer; a flood of unauthenticated refusals is counted in one
record a second.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from mcpg import __version__
from mcpg.contract.documents import Caller
from mcpg.contract.ports import CannotAsk, McpCall, Party, Refusal
from mcpg.pipeline.completing import COMPLETION, reference
from mcpg.pipeline.distrust import Distrust
from mcpg.pipeline.identity import NOBODY
from mcpg.pipeline.notices import Notices
from mcpg.pipeline.refusals import fenced, unavailable, unknown
from mcpg.pipeline.told import RESERVED
from mcpg.pipeline.watching import Watcher
from mcpg.pipeline.work import Known, Work, unheard
from mcpg.protocol.frames import INVALID_PARAMS
from mcpg.protocol.methods import TASKS_EXTENSION
from mcpg.protocol.refusals import unknown_method
from mcpg.protocol.tasks import METHODS as TASK_METHODS
from mcpg.protocol.versions import MODERN

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcpg.contract.documents import Credentials
    from mcpg.contract.ports import Channel, Ledger, UpstreamCalls, Watching
    from mcpg.pipeline.calls import Calls
    from mcpg.pipeline.floods import Floods
    from mcpg.pipeline.identity import IdentityChain
    from mcpg.pipeline.listing import Listing
    from mcpg.pipeline.routes import RouteKind
    from mcpg.pipeline.stages import Plan
    from mcpg.pipeline.tasks import Tasks

__all__ = ["PipelineService"]

IDENTITY_SECONDS = 10.0
LIST_SECONDS = 30.0
_CALLS: dict[str, tuple[RouteKind, str]] = {
    "tools/call": ("tool", "name"),
    "prompts/get": ("prompt", "name"),
    "resources/read": ("resource", "uri"),
}
SUBSCRIBE = "resources/subscribe"
ROOTS_CHANGED = "notifications/roots/list_changed"
_NOTES = frozenset({ROOTS_CHANGED})
_TOKEN = "progressToken"  # noqa: S105 - no secret, a member of `_meta`


class _Identified(Caller, frozen=True, kw_only=True):
    """A caller as the edges hold it: with its projections and the trace of what established it, for as long as it."""

    known: Any
    trace: tuple[dict[str, Any], ...]
    since: int


class _Asker(NamedTuple):
    """Who asks, under which plan, and how the caller was established."""

    plan: Plan
    known: Known
    trace: list[dict[str, Any]]
    since: int


class PipelineService:
    """Implements `mcpg.contract.ports.Service` under the plan of the moment."""

    def __init__(
        self,
        *,
        plan: Callable[[], Plan],
        identity: IdentityChain,
        calls: Calls,
        listing: Listing,
        ledger: Ledger,
        floods: Floods,
        distrust: Distrust | None = None,
        upstreams: UpstreamCalls | None = None,
        tasks: Tasks | None = None,
        about: Callable[[], dict[str, Any]] = lambda: _NOTHING_SAID,
    ) -> None:
        self._plan = plan
        self._identity = identity
        self._calls = calls
        self._listing = listing
        self._ledger = ledger
        self._floods = floods
        self._distrust = distrust or Distrust()
        self._upstreams = upstreams
        self._tasks = tasks
        self._about = about

    async def identify(self, credentials: Credentials) -> Caller:
        """Run the identity chain; raises `Refusal` (401, 503)."""
        loop = asyncio.get_running_loop()
        digest = partial(self._ledger.keyed_digest, "default")
        since = self._distrust.count
        work = Work(
            known=NOBODY,
            method="identify",
            name="",
            deadline=loop.time() + IDENTITY_SECONDS,
            notify=unheard,
            digest=digest,
        )
        try:
            known = await self._identity.identify(self._plan().identity, credentials, work)
        except Refusal as refused:
            await self._floods.note(refused, credentials.peer.address, work)
            raise
        caller = known.caller
        return _Identified(
            id=caller.id,
            kind=caller.kind,
            how=caller.how,
            trust=caller.trust,
            issuer=caller.issuer,
            tenant=caller.tenant,
            groups=caller.groups,
            roles=caller.roles,
            scopes=caller.scopes,
            attributes=caller.attributes,
            known=known,
            trace=tuple(work.trace),
            since=since,
        )

    async def respond(self, caller: Caller, call: McpCall, channel: Channel) -> dict[str, Any]:
        """Answer one MCP request; raises `Refusal`."""
        asker = self._asker(self._plan(), caller)
        if call.method in _CALLS:
            return await self._call(asker, call, channel)
        if call.method in TASK_METHODS and self._tasks is not None and call.version in MODERN:
            offered = TASKS_EXTENSION in self._about()["capabilities"].get("extensions", {})
            work = self._work(asker, call, "", LIST_SECONDS, channel)
            return await self._tasks.answer(asker.plan, call, work, offered=offered)
        if call.method == "ping":
            return {}
        if call.method == COMPLETION:
            kind, name, arguments = reference(call.params)
            work = self._work(asker, call, name, LIST_SECONDS, channel)
            return await self._calls.run(asker.plan, kind, call, arguments, work)
        work = self._work(asker, call, "", LIST_SECONDS, channel)
        listed = await self._listing.answer(asker.plan, call, work)
        if listed is None:
            raise unknown_method(call.method, call.version)
        if work.since != self._distrust.count and (use := self._distrust.found(work.trace, work.since)):
            raise fenced(use, work.call_id)
        return listed

    def _asker(self, plan: Plan, caller: Caller) -> _Asker:
        if isinstance(caller, _Identified):
            return _Asker(plan, caller.known, list(caller.trace), caller.since)
        return _Asker(plan, Known(caller), [], self._distrust.count)  # a configured caller, such as that of stdio

    async def _call(self, asker: _Asker, call: McpCall, channel: Channel) -> dict[str, Any]:
        kind, field = _CALLS[call.method]
        name = call.params.get(field)
        arguments = call.params.get("arguments")
        if not isinstance(name, str) or not name:
            raise Refusal(INVALID_PARAMS, f"params.{field} is missing or no text")
        if arguments is None:
            arguments = {}
        if not isinstance(arguments, dict):
            raise Refusal(INVALID_PARAMS, "params.arguments is no object")
        route = asker.plan.routes.get(kind, name)
        work = self._work(asker, call, name, route.timeout if route else LIST_SECONDS, channel)
        return await self._calls.run(asker.plan, kind, call, arguments, work)

    def _work(self, asker: _Asker, call: McpCall, name: str, seconds: float, channel: Channel) -> Work:
        notices = Notices(channel, call, quiet=bool(asker.plan.transforms))
        work = Work(
            known=asker.known,
            method=call.method,
            name=name,
            deadline=asyncio.get_running_loop().time() + seconds,
            notify=notices.send,
            digest=partial(self._ledger.keyed_digest, asker.known.caller.tenant),
        )
        work.endpoint = asker.plan.endpoint
        work.trace = asker.trace
        work.since = asker.since
        work.notices = notices
        work.channel = channel
        meta = call.params.get("_meta")
        work.party = Party(
            asker.known.caller.identity,
            call.session,
            call.version,
            call.capabilities,
            call.log_level,
            _own_meta(meta) if meta and (len(meta) > 1 or _TOKEN not in meta) else _NOTHING,
        )
        return work

    async def watch(
        self, caller: Caller, call: McpCall, uri: str, updated: Callable[[dict[str, Any]], None]
    ) -> Watching:
        """Watch one resource, judged and recorded as `resources/subscribe`; raises `Refusal`."""
        if self._upstreams is None:
            raise unknown("resource", uri, call.version)
        asked = replace(call, method=SUBSCRIBE, params={"uri": uri}, mirrored=None)

        def work() -> Work:
            return self._work(self._asker(self._plan(), caller), asked, uri, LIST_SECONDS, _NOBODY)

        watcher = Watcher(uri, updated, calls=self._calls, distrust=self._distrust, plan=self._plan, work=work)
        await watcher.begin(asked, self._upstreams)
        return watcher

    async def note(
        self,
        caller: Caller,
        method: str,
        params: dict[str, Any],  # noqa: ARG002 - the port's; nothing of it goes on
        *,
        version: str,
        session: str,
    ) -> None:
        """Pass on that a client's roots have changed, unless policy denies it; what is recorded is that it was told."""
        if self._upstreams is None or method not in _NOTES:
            return
        call = McpCall(method=method, params={}, version=version, request_id=0, session=session)
        asker = self._asker(self._plan(), caller)
        work = self._work(asker, call, method, LIST_SECONDS, _NOBODY)
        if await self._calls.may_note(asker.plan, call, work):
            await self._upstreams.note(method, {}, work.party)

    async def release(self, caller: Caller, *, session: str) -> None:
        """Let go of what upstreams hold for a session that has ended."""
        if self._upstreams is not None:
            await self._upstreams.release(Party(caller.identity, session))

    async def fingerprint(self, caller: Caller, kind: str, *, version: str, session: str) -> str:
        """Return what changes when the caller's list of `tools`, `prompts` or `resources` does; raises `Refusal`."""
        plan = self._plan()
        asker = self._asker(plan, caller)
        work = Work(
            known=asker.known,
            method="fingerprint",
            name=kind,
            deadline=asyncio.get_running_loop().time() + LIST_SECONDS,
            notify=unheard,
            digest=partial(self._ledger.keyed_digest, asker.known.caller.tenant),
        )
        if plan.halted:
            raise unavailable(plan.halted, work.call_id)
        return await self._listing.fingerprint(plan, kind, work, session=session, era=version)

    def describe(self) -> dict[str, Any]:
        """Return the endpoint's name for itself, its capabilities and instructions."""
        return self._about()


_NOTHING: dict[str, Any] = {}


class _Nobody:
    """The channel of work that no request began."""

    async def notify(self, method: str, params: dict[str, Any]) -> None:
        """Drop it."""

    async def ask(self, method: str, params: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002 - the port's
        """Refuse: there is nobody."""
        raise CannotAsk("no request of a client is being answered")


_NOBODY = _Nobody()


def _own_meta(meta: dict[str, Any]) -> dict[str, Any]:
    """Return what is the client's own in its request's `_meta`: it goes to the upstream, the protocol's does not."""
    return {name: value for name, value in meta.items() if name != _TOKEN and not name.startswith(RESERVED)}


_NOTHING_SAID: dict[str, Any] = {"serverInfo": {"name": "mcpg", "version": __version__}, "capabilities": {}}
