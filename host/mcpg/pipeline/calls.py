"""The way of one call through stages 4 to 12. It frames no MCP and holds no state between calls.

 4 resolve the name          7 reserve charges           10 cache, breaker, backend
 5 schema, transforms in     8 obligations can be met    11 obligations, transforms out, output schema
 6 policy on final arguments 9 ledger: the intent        12 ledger: the outcome; settle

Whether a caller may know that a name exists is asked only when a call is refused before stage 9: a permitted call
proves it, and a refused one is answered as unknown unless some arguments could have been permitted.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from mcpg.contract.ports import Refusal
from mcpg.contract.problems import McpgError, PluginRefused, RunFailed
from mcpg.contract.verdicts import Problem
from mcpg.pipeline import obligations as duties
from mcpg.pipeline import records
from mcpg.pipeline.backends import Asked
from mcpg.pipeline.refusals import INTERNAL, INVALID_PARAMS, denied, unavailable, unknown
from mcpg.protocol.mirrors import check_mirrors

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mcpg.contract.ports import Ledger, McpCall
    from mcpg.pipeline.backends import Backends
    from mcpg.pipeline.limits import Held, LimitChain
    from mcpg.pipeline.policy import Judgement, PolicyChain
    from mcpg.pipeline.routes import Route, RouteKind
    from mcpg.pipeline.stages import Plan, Stage
    from mcpg.pipeline.suspend import Suspender
    from mcpg.pipeline.transforms import TransformChain
    from mcpg.pipeline.views import Views
    from mcpg.pipeline.work import Work

__all__ = ["Calls"]

CALL_META = "dev.mcpg/call"
_UNKNOWN = frozenset({"outcome-unknown", "upstream-unknown"})
"""Problems after which the effect may have happened."""
_encode = msgspec.json.Encoder(order="deterministic").encode


class _Bad(Exception):  # noqa: N818 - an answer, not an error
    """Arguments outside the tool's schema; carries the faults."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


@dataclass(slots=True)
class Flight:
    """One call under way: what it is, under which plan, and what has been decided and reserved for it."""

    plan: Plan
    route: Route
    call: McpCall
    work: Work
    arguments: dict[str, Any]
    judgement: Judgement | None = None
    held: Held | None = None

    @property
    def transforms(self) -> tuple[Stage, ...]:
        """The transforms of this call: those for all, then the tool's own."""
        return (*self.plan.transforms, *self.route.transforms)

    def action(self) -> dict[str, Any]:
        """Return the action document with the arguments as they are now."""
        action = {**self.route.action(session=self.call.session, era=self.call.version), "arguments": self.arguments}
        if self.route.kind == "template":
            action["name"] = self.work.name
        return action

    def document(self) -> dict[str, Any]:
        """Return the call document with the arguments as they are now."""
        route = self.route
        target = self.work.name if route.kind == "template" else route.target or route.name
        return {
            "method": self.call.method,
            "name": route.name,
            "target": target,
            "arguments": self.arguments,
            "binding": route.binding,
        }


class Calls:
    """Runs calls of tools, prompts and resources under one plan each."""

    def __init__(
        self,
        *,
        views: Views,
        policy: PolicyChain,
        limits: LimitChain,
        transforms: TransformChain,
        backends: Backends,
        suspender: Suspender,
        ledger: Ledger,
        background: Callable[[Awaitable[Any]], None],
    ) -> None:
        self._views = views
        self._policy = policy
        self._limits = limits
        self._transforms = transforms
        self._backends = backends
        self._suspender = suspender
        self._ledger = ledger
        self._background = background

    async def run(
        self, plan: Plan, kind: RouteKind, call: McpCall, arguments: dict[str, Any], work: Work
    ) -> dict[str, Any]:
        """Answer one call with its MCP result; raises `Refusal`."""
        entry = (await self._views.view(plan, work)).find(kind, work.name)
        if entry is None:  # 4
            refused = unknown(kind, work.name, call.version)
            await self._refuse(work, call, "catalog", refused, reason="no such name")
            raise refused
        flight = Flight(plan, entry.route, call, work, {**entry.route.defaults, **arguments})
        try:
            if call.mirrored is not None and flight.route.mirrors:
                check_mirrors(flight.route.mirrors, arguments, call.mirrored)
            await self._before(flight)
        except _Bad as bad:
            return await self._invalid(flight, bad)
        except Refusal as refused:
            raise await self._hidden_or(flight, refused) from None
        await self._reserve(flight)
        return await self._perform(flight)

    async def _before(self, flight: Flight) -> None:
        plan, work = flight.plan, flight.work
        _check(flight)  # 5
        if flight.transforms:
            changed = await self._transforms.inbound(flight.transforms, flight.document(), work)
            if changed is not None:
                flight.arguments = changed
                _check(flight)
        judgement = await self._policy.decide(plan.policy, plan.combine, flight.action(), work)  # 6
        if not judgement.permitted:
            problem = judgement.problem or Problem("denied", "not permitted")
            raise denied(problem.message, work.call_id, code=problem.code)
        why = duties.unmet(judgement.obligations)  # 8
        if why is not None:
            raise denied(why, work.call_id, code="unmet-obligation")
        flight.judgement = judgement
        if work.notices is not None and (judgement.obligations or flight.transforms or flight.route.check_output):
            work.notices.quiet = True

    async def _reserve(self, flight: Flight) -> None:
        plan, work = flight.plan, flight.work
        if not plan.limits:
            return
        try:  # 7
            flight.held = await self._limits.reserve(
                plan.limits, flight.action(), work, fail_open=plan.limits_fail_open
            )
        except Refusal as refused:
            await self._refuse(work, flight.call, "limit", refused)
            raise

    async def _perform(self, flight: Flight) -> dict[str, Any]:
        work = flight.work
        since = len(work.trace)
        text = _encode(flight.arguments).decode()
        await self._write(work, records.intent(work, flight.call, flight.route, text))  # 9
        outcome: dict[str, Any] = {"status": "unknown", "result": None, "problem": "interrupted"}
        try:
            result = await self._backend(flight, text)  # 10
            if result.get("resultType") == "input_required":
                outcome = {"status": "ok", "result": None, "problem": "input-required"}
                return result
            outcome = {
                "status": "tool-error" if result.get("isError") is True else "ok",
                "result": result,
                "problem": "",
            }
            result = await self._after(flight, outcome)  # 11
            outcome["result"] = result
            return {**result, "_meta": {**(result.get("_meta") or {}), CALL_META: work.call_id}}
        except (RunFailed, PluginRefused) as error:
            status = "unknown" if error.code in _UNKNOWN else "failed"
            outcome = {"status": status, "result": None, "problem": error.code, "message": error.message}
            return _failure(flight.route, error, work)
        except Refusal as refused:
            outcome = {"status": "failed", "result": None, "problem": str(refused.code), "message": str(refused)}
            raise
        finally:
            await self._finish(flight, outcome, since)  # 12

    async def _finish(self, flight: Flight, outcome: dict[str, Any], since: int) -> None:
        task = asyncio.current_task()
        closing = self._close(flight, outcome, since)
        if task is not None and task.cancelling():
            self._background(closing)  # the client is gone, the record is still owed
        else:
            await closing

    async def _close(self, flight: Flight, outcome: dict[str, Any], since: int) -> None:
        work = flight.work
        text = _encode(outcome["result"]).decode() if outcome["result"] is not None else ""
        if flight.held is not None:
            shown = {"status": outcome["status"], "result": outcome["result"], "problem": outcome["problem"]}
            await self._limits.settle(flight.held, shown, work)
        ended = records.Ended(outcome["status"], text, outcome["problem"], outcome.get("message", ""))
        await self._write(work, records.outcome(work, ended, since=since))

    async def _backend(self, flight: Flight, text: str) -> dict[str, Any]:
        call, work, route = flight.call, flight.work, flight.route
        stage = flight.plan.backends[route.backend]
        document = flight.document()
        key = self._backends.cache_key(route, stage, document, work)
        cached = self._backends.cached(key)
        if cached is not None:
            work.trace.append({"stage": "cache", "use": stage.use, "verdict": "hit"})
            return cached
        history = await self._suspender.resumed(call, stage, text, work)
        answer = await self._backends.call(stage, document, work, history)
        if isinstance(answer, Asked):
            return await self._suspender.suspend(call, stage, answer, text, work)
        if history is None and answer.get("isError") is not True:
            self._backends.keep(key, answer, route.cache_ttl, stage.use)
        return answer

    async def _after(self, flight: Flight, outcome: dict[str, Any]) -> dict[str, Any]:
        work, route = flight.work, flight.route
        result: dict[str, Any] = outcome["result"]
        if flight.judgement is not None and flight.judgement.obligations:
            try:
                result = duties.apply(flight.judgement.obligations, result)
            except ValueError as error:
                raise denied(str(error), work.call_id, code="unmet-obligation") from error
        if flight.transforms:
            shown = {**outcome, "result": result}
            result = await self._transforms.outbound(flight.transforms, flight.document(), shown, work)
        if route.check_output is not None and result.get("isError") is not True:
            faults = route.check_output(result.get("structuredContent"))
            if faults:
                raise RunFailed(f"the result does not fit the output schema: {faults[0]}", code="bad-output")
        return result

    async def _invalid(self, flight: Flight, bad: _Bad) -> dict[str, Any]:
        invalid = Refusal(INVALID_PARAMS, f"invalid arguments: {bad}")
        refused = await self._hidden_or(flight, invalid, stage="schema")
        if refused is not invalid or flight.route.kind != "tool":
            raise refused
        lines = "\n".join(f"- {fault}" for fault in bad.faults)
        block = {"type": "text", "text": f"the arguments do not fit the tool's input schema:\n{lines}"}
        return {"content": [block], "isError": True, "_meta": {CALL_META: flight.work.call_id}}

    async def _hidden_or(self, flight: Flight, refused: Refusal, *, stage: str = "") -> Refusal:
        """Record the refusal and return it, or `unknown` in its place when the caller may not know of the name."""
        work, call, route = flight.work, flight.call, flight.route
        reason = str(refused)
        stage = stage or (work.trace[-1]["stage"] if work.trace else "policy")
        if not await self._views.sees(flight.plan, route, work, session=call.session, era=call.version):
            refused = unknown(route.kind, work.name, call.version)
            reason = f"hidden: {reason}"
        await self._refuse(work, call, stage, refused, reason=reason)
        return refused

    async def _refuse(self, work: Work, call: McpCall, stage: str, refused: Refusal, *, reason: str = "") -> None:
        await self._write(work, records.refusal(work, call.method, stage, refused, reason=reason))

    async def _write(self, work: Work, record: dict[str, Any]) -> None:
        try:
            await self._ledger.append(work.known.caller.tenant, record)
        except McpgError as error:
            raise unavailable("the ledger cannot be written, so nothing is done", work.call_id) from error


def _check(flight: Flight) -> None:
    faults = flight.route.check(flight.arguments) if flight.route.check is not None else None
    if faults:
        raise _Bad(faults)


def _failure(route: Route, error: McpgError, work: Work) -> dict[str, Any]:
    if route.kind != "tool":
        raise Refusal(INTERNAL, f"the backend failed: {error.code}", data={"call": work.call_id}) from error
    block = {"type": "text", "text": f"the call failed ({error.code}): {error.message}"}
    return {"content": [block], "isError": True, "_meta": {CALL_META: work.call_id}}
