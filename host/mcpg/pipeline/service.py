"""MCP methods onto the pipeline: the port that both edges call. It frames nothing and knows no transport.

Who was identified carries what established it to the answer; a flood of unauthenticated refusals is counted in one
record a second.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from mcpg import __version__
from mcpg.contract.documents import Caller
from mcpg.contract.ports import Refusal
from mcpg.pipeline.distrust import Distrust
from mcpg.pipeline.identity import NOBODY
from mcpg.pipeline.notices import Notices
from mcpg.pipeline.refusals import fenced, unavailable
from mcpg.pipeline.work import Known, Work, unheard
from mcpg.protocol.frames import INVALID_PARAMS
from mcpg.protocol.refusals import unknown_method

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcpg.contract.documents import Credentials
    from mcpg.contract.ports import Channel, Ledger, McpCall
    from mcpg.pipeline.calls import Calls
    from mcpg.pipeline.floods import Floods
    from mcpg.pipeline.identity import IdentityChain
    from mcpg.pipeline.listing import Listing
    from mcpg.pipeline.routes import RouteKind
    from mcpg.pipeline.stages import Plan

__all__ = ["PipelineService"]

IDENTITY_SECONDS = 10.0
LIST_SECONDS = 30.0
_CALLS: dict[str, tuple[RouteKind, str]] = {
    "tools/call": ("tool", "name"),
    "prompts/get": ("prompt", "name"),
    "resources/read": ("resource", "uri"),
}


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
        about: Callable[[], dict[str, Any]] = lambda: _NOTHING_SAID,
    ) -> None:
        self._plan = plan
        self._identity = identity
        self._calls = calls
        self._listing = listing
        self._ledger = ledger
        self._floods = floods
        self._distrust = distrust or Distrust()
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
        if call.method == "ping":
            return {}
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
        return work

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


_NOTHING_SAID: dict[str, Any] = {"serverInfo": {"name": "mcpg", "version": __version__}, "capabilities": {}}
