"""The way of one call through stages 4 to 12. It frames no MCP and holds no state between calls.

 4 resolve the name          7 reserve charges           10 cache, breaker, backend
 5 schema, transforms in     8 obligations can be met    11 obligations, transforms out, output schema
 6 policy on final arguments 9 ledger: the intent        12 ledger: the outcome; settle

Whether a caller may know that a name exists is asked only when a call is refused before stage 9: a permitted call
proves it, and a refused one is answered as unknown unless some arguments could have been permitted.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from mcpg.contract.ports import Refusal
from mcpg.contract.problems import McpgError, PluginRefused, RunFailed, UpstreamFailed
from mcpg.contract.verdicts import Problem
from mcpg.pipeline import obligations as duties
from mcpg.pipeline import records
from mcpg.pipeline.answers import named
from mcpg.pipeline.asking import Asking
from mcpg.pipeline.backends import Lacking, MayHaveHappened
from mcpg.pipeline.completing import COMPLETION, NO_VALUES, NOT_OFFERED
from mcpg.pipeline.distrust import Distrust
from mcpg.pipeline.flight import Flight
from mcpg.pipeline.hints import hinted
from mcpg.pipeline.refusals import denied, fenced, unavailable, unknown
from mcpg.pipeline.rounds import AskLimits, Round
from mcpg.pipeline.told import explained, signed, told
from mcpg.protocol.frames import INTERNAL_ERROR, INVALID_PARAMS
from mcpg.protocol.methods import EXTENDED
from mcpg.protocol.mirrors import check_mirrors
from mcpg.protocol.refusals import missing_capability
from mcpg.protocol.versions import Era, era_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mcpg.contract.ports import Ledger, McpCall
    from mcpg.pipeline.backends import Backends
    from mcpg.pipeline.limits import LimitChain
    from mcpg.pipeline.policy import PolicyChain
    from mcpg.pipeline.routes import Route, RouteKind
    from mcpg.pipeline.stages import Plan, Stage
    from mcpg.pipeline.suspend import Suspender
    from mcpg.pipeline.task_ids import TaskIds
    from mcpg.pipeline.transforms import TransformChain
    from mcpg.pipeline.views import Views
    from mcpg.pipeline.work import Work

__all__ = ["Calls"]

Opened = TypeVar("Opened")
_encode = msgspec.json.Encoder(order="deterministic").encode


class _Bad(Exception):  # noqa: N818 - an answer, not an error
    """Arguments outside the tool's schema; carries the faults."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


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
        tasks: TaskIds,
        ledger: Ledger,
        background: Callable[[Awaitable[Any]], None],
        distrust: Distrust | None = None,
        asks: AskLimits | None = None,
    ) -> None:
        self._views = views
        self._policy = policy
        self._limits = limits
        self._transforms = transforms
        self._backends = backends
        self._suspender = suspender
        self._tasks = tasks
        self._ledger = ledger
        self.background = background
        self._distrust = distrust or Distrust()
        self.asking = Asking(
            policy=policy,
            transforms=transforms,
            suspender=suspender,
            ledger=ledger,
            runner=backends.runner,
            limits=asks or AskLimits(),
        )

    async def run(
        self, plan: Plan, kind: RouteKind, call: McpCall, arguments: dict[str, Any], work: Work
    ) -> dict[str, Any]:
        """Answer one call with its MCP result; raises `Refusal`."""
        route = await self._resolve(plan, kind, call, work)  # 4
        flight = Flight(plan, route, call, work, {**route.defaults, **arguments})
        try:
            await self._judged(flight, arguments)
        except _Bad as bad:
            return await self._invalid(flight, bad)
        await self._reserve(flight)
        await self._intend(flight)
        result = await self._perform(flight)
        if not flight.failed:
            await self.refuse_fenced(flight)  # while the outcome was written
        return result

    async def open(
        self,
        plan: Plan,
        kind: RouteKind,
        call: McpCall,
        work: Work,
        begin: Callable[[Flight], Awaitable[Opened]],
        *,
        fit: Callable[[Route], Awaitable[Route]] | None = None,
    ) -> tuple[Flight, Opened]:
        """Begin what is no call, judged and recorded like one: a watch, a request about a task; raises `Refusal`.

        `begin` may raise `UpstreamFailed` and `RunFailed`; `fit` may put another route in place, or refuse.
        """
        route = await self._resolve(plan, kind, call, work)
        if fit is not None:
            route = await fit(route)
        flight = Flight(plan, route, call, work, {})
        await self._judged(flight, {})
        await self._reserve(flight)
        await self._intend(flight)
        flight.recorded = len(work.trace)
        outcome: dict[str, Any] = {"status": "unknown", "result": None, "problem": "interrupted"}
        try:
            opened = await begin(flight)
            outcome = {"status": "ok", "result": opened if isinstance(opened, dict) else None, "problem": ""}
        except (UpstreamFailed, RunFailed) as error:
            outcome = {"status": "failed", "result": None, "problem": error.code, "message": error.message}
            raise Refusal(INTERNAL_ERROR, f"the backend failed: {error.code}", data={"call": work.call_id}) from error
        except Refusal as refused:
            outcome = {"status": "failed", "result": None, "problem": str(refused.code), "message": str(refused)}
            raise
        finally:
            await self._finish(flight, outcome)
        return flight, opened

    async def still(self, plan: Plan, flight: Flight, work: Work) -> bool:
        """Whether what `open` began is still permitted under this plan; that it is not is recorded."""
        call = flight.call
        try:
            route = await self._resolve(plan, "resource", call, work)
            again = Flight(plan, route, call, work, {})
            await self._judged(again, {})
            await self.refuse_fenced(again)
        except Refusal:
            return False
        return True

    async def may_note(self, plan: Plan, call: McpCall, work: Work) -> bool:
        """Whether a client's own notification may go to upstreams; either answer is recorded."""
        names = {"method": call.method, "kind": "method", "name": call.method, "backend": "", "upstream": ""}
        facts = {"annotations": {}, "session": call.session, "era": call.version, "arguments": {}}
        action: dict[str, Any] = {**names, **facts}
        denies = bool(plan.halted) or await self._policy.forbids(plan.policy, plan.combine, action, work)
        if denies or self._fenced(work):
            await self.refuse(work, call, "policy", denied("not permitted", work.call_id))
            return False
        await self._write(work, records.noted(work, call))
        return True

    async def _judged(self, flight: Flight, arguments: dict[str, Any]) -> None:
        """Judge a call (5, 6, 8); raises `_Bad`, and `Refusal` as the caller may hear it."""
        work = flight.work
        try:
            if flight.call.mirrored is not None and flight.route.mirrors:
                check_mirrors(flight.route.mirrors, arguments, flight.call.mirrored)
            await self._before(flight)
        except _Bad:
            raise
        except Refusal as refused:
            raise await self._hidden_or(flight, refused) from None
        except Exception as error:
            code = error.code if isinstance(error, McpgError) else type(error).__name__
            undecided = unavailable(f"the call could not be judged: {code}", work.call_id)
            raise await self._hidden_or(flight, undecided) from error

    async def _resolve(self, plan: Plan, kind: RouteKind, call: McpCall, work: Work) -> Route:
        if plan.halted:
            refused = unavailable(plan.halted, work.call_id)
            await self.refuse(work, call, "policy", refused)
            raise refused
        try:
            view = await self._views.view(plan, work)
        except Refusal as refused:
            await self.refuse(work, call, "catalog", refused)
            raise
        found = view.find("template", work.name) if call.method == COMPLETION and kind == "resource" else None
        entry = found or view.find(kind, work.name)
        if entry is None:
            absent = unknown(kind, work.name, call.version)
            await self.refuse(work, call, "catalog", absent, reason="no such name")
            raise absent
        return entry.route

    async def _before(self, flight: Flight) -> None:
        plan, work = flight.plan, flight.work
        if flight.route.held:
            raise denied(flight.route.held, work.call_id, code="definition-held")
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
        if work.notices is None:
            return
        if plan.policy:
            work.notices.judge = partial(self._may_tell, flight)
        if judgement.obligations or flight.transforms or flight.route.check_output:
            work.notices.quiet = True

    async def _may_tell(self, flight: Flight, method: str) -> bool:
        """Whether policy lets the client be notified of what happens in its permitted call."""
        plan = flight.plan
        action = {**flight.action(), "method": method}
        return not await self._policy.forbids(plan.policy, plan.combine, action, flight.work)

    async def _reserve(self, flight: Flight) -> None:
        plan, work = flight.plan, flight.work
        if not plan.limits:
            return
        try:  # 7
            flight.held = await self._limits.reserve(
                plan.limits, flight.action(), work, fail_open=plan.limits_fail_open
            )
        except Refusal as refused:
            await self.refuse(work, flight.call, "limit", refused)
            raise

    async def _intend(self, flight: Flight) -> None:
        """Write the intent (9); what was reserved for a call that is not made after all is given back."""
        work = flight.work
        flight.text = _encode(flight.arguments).decode()
        try:
            await self.refuse_fenced(flight)
            await self._write(work, records.intent(work, flight.call, flight.route, flight.text))
        except BaseException:
            if flight.held is not None:
                self.background(self._limits.give_back(flight.held))
            raise

    async def refuse_fenced(self, flight: Flight) -> None:
        """Return if all that has judged this call may be believed; raises `Refusal`, recorded, otherwise."""
        if use := self._fenced(flight.work):
            refused = fenced(use, flight.work.call_id)
            await self.refuse(flight.work, flight.call, "fence", refused)
            raise refused

    def _fenced(self, work: Work) -> str:
        """Return a use that this request goes by and that has been fenced since it came, else ''."""
        return "" if work.since == self._distrust.count else self._distrust.found(work.trace, work.since)

    def _still_trusted(self, work: Work) -> None:
        """Return if all that has answered may be believed; else the effect may have happened and no result is told."""
        if use := self._fenced(work):
            raise MayHaveHappened(f"`{use}` has been fenced, and its answer does not count", code="plugin-fenced")

    async def _perform(self, flight: Flight) -> dict[str, Any]:
        work = flight.work
        flight.recorded = len(work.trace)
        outcome: dict[str, Any] = {"status": "unknown", "result": None, "problem": "interrupted"}
        try:
            result = await self._backend(flight)  # 10
            if result.get("resultType", "complete") != "complete":
                self._still_trusted(work)
                if result["resultType"] == EXTENDED:
                    result = self._tasks.begun(flight, result)
                    outcome = {"status": "ok", "result": result, "problem": "task"}
                else:
                    outcome = {"status": "ok", "result": None, "problem": "input-required"}
                return signed(result, work)
            if flight.route.uris is not None:
                result = flight.route.uris.result(flight.call.method, result)
            outcome = {
                "status": "tool-error" if result.get("isError") is True else "ok",
                "result": result,
                "problem": "",
            }
            result = await self._after(flight, outcome)  # 11
            self._still_trusted(work)
            outcome["result"] = result
            if flight.call.method == "resources/read":
                result = hinted(result, flight)
            return signed(result, work)
        except (RunFailed, PluginRefused) as error:
            status = "unknown" if isinstance(error, MayHaveHappened) else "failed"
            outcome = {"status": status, "result": None, "problem": error.code, "message": error.message}
            flight.failed = True
            return await self._failure(flight, error)
        except Refusal as refused:
            outcome = {"status": "failed", "result": None, "problem": str(refused.code), "message": str(refused)}
            raise
        except Exception as error:
            outcome = {"status": "unknown", "result": None, "problem": "internal", "message": type(error).__name__}
            raise
        finally:
            await self._finish(flight, outcome)  # 12

    async def _finish(self, flight: Flight, outcome: dict[str, Any]) -> None:
        """Write the outcome; it is owed also when the client goes away, before this or meanwhile."""
        loop = asyncio.get_running_loop()
        closing = loop.create_task(self._close(flight, outcome))
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            self.background(closing)
            return
        closed = loop.create_future()  # `asyncio.shield` in a third of its time: nobody else waits for `closing`
        closing.add_done_callback(lambda _: None if closed.done() else closed.set_result(None))
        try:
            await closed
        except asyncio.CancelledError:
            self.background(closing)
            raise
        closing.result()

    async def _close(self, flight: Flight, outcome: dict[str, Any]) -> None:
        work = flight.work
        if work.notices is not None:
            work.notices.close()
        text = _encode(outcome["result"]).decode() if outcome["result"] is not None else ""
        if flight.held is not None:
            shown = {"status": outcome["status"], "result": outcome["result"], "problem": outcome["problem"]}
            await self._limits.settle(flight.held, shown, work)
        ended = records.Ended(outcome["status"], text, outcome["problem"], outcome.get("message", ""))
        try:
            await self._ledger.append(work.known.caller.tenant, records.outcome(work, ended, since=flight.recorded))
        except McpgError as error:
            message = "the call was made, but what came of it cannot be recorded and is not shown"
            raise unavailable(message, work.call_id) from error

    async def _backend(self, flight: Flight) -> dict[str, Any]:
        """Return the backend's result, or the `input_required` one of a run that waits for a modern client."""
        call, work, route = flight.call, flight.work, flight.route
        stage = flight.plan.backends[route.backend]
        document = flight.document()
        key = self._backends.cache_key(route, stage, document, work)
        cached = self._backends.cached(key)
        if cached is not None:
            hit = {"stage": "cache", "use": stage.use, "verdict": "hit", "component": stage.guest.digest}
            work.trace.append(hit)
            return cached
        waits = await self._suspender.resumed(call, stage, flight.text, work)
        try:
            if waits is None:
                answer = await self._backends.call(stage, document, work)
                if not isinstance(answer, Round):
                    if answer.get("isError") is not True and answer.get("resultType") != EXTENDED:
                        self._backends.keep(key, answer, route.cache_ttl, stage.use)
                    return answer
                waits, ready = answer, False
            else:
                await self.asking.take(flight, waits)
                ready = not waits.open()
            return await self._rounds(flight, stage, document, waits, ready=ready)
        except RunFailed as error:
            if call.method == COMPLETION and error.code in NOT_OFFERED:
                return dict(NO_VALUES)
            raise

    async def _rounds(
        self, flight: Flight, stage: Stage, document: dict[str, Any], waits: Round, *, ready: bool
    ) -> dict[str, Any]:
        """Have the client asked, and go on with what it answers, until there is a result or it is asked by one."""
        while True:
            try:
                if not ready and (asking := await self.asking.put(flight, stage, waits)) is not None:
                    return asking
                self._still_trusted(flight.work)
                answer = await self._backends.call(stage, document, flight.work, waits.go_on())
            except BaseException as error:
                waits.abandon(stage.effects)
                if isinstance(error, RunFailed) and not isinstance(error, MayHaveHappened) and waits.history.replies:
                    raise MayHaveHappened(error.message, code=error.code) from error
                raise
            if not isinstance(answer, Round):
                flight.asked = True
                return answer
            answer.number = waits.number + 1
            waits, ready = answer, False

    async def _failure(self, flight: Flight, error: McpgError) -> dict[str, Any]:
        """Return the error that the client is told; its text passes what a result would pass, or stays inside."""
        work = flight.work
        happened = " It may have happened." if isinstance(error, MayHaveHappened) else ""
        if isinstance(error, Lacking):
            if era_of(flight.call.version) is Era.MODERN:
                raise missing_capability(error.required) from error
            error = RunFailed(f"the client has not declared what is needed: {named(error.required)}", code=error.code)
        error = explained(error, flight.route)
        if flight.route.kind != "tool":
            if error.code == "mcp-not-found":
                raise unknown(flight.route.kind, work.name, flight.call.version) from error
            if error.code == "mcp-invalid-params":
                raise Refusal(INVALID_PARAMS, "the backend did not take these params", data={"call": work.call_id})
            raise Refusal(INTERNAL_ERROR, f"the backend failed: {error.code}", data={"call": work.call_id}) from error
        result = told(f"the call failed ({error.code}): {error.message}{happened}")
        if flight.redacts:
            result = told(f"the call failed ({error.code}){happened}")
        elif flight.transforms:
            shown = {"status": "tool-error", "result": result, "problem": error.code}
            try:
                result = await self._transforms.outbound(flight.transforms, flight.document(), shown, work)
            except (Refusal, McpgError):
                result = told(f"the call failed ({error.code}){happened}")
        return signed(result, work)

    async def finished(self, flight: Flight, result: dict[str, Any]) -> dict[str, Any]:
        """Return the result of a tool call as its client may see it; raises `Refusal` and `RunFailed`."""
        if flight.route.uris is not None:
            result = flight.route.uris.result(flight.call.method, result)
        status = "tool-error" if result.get("isError") is True else "ok"
        return await self._after(flight, {"status": status, "result": result, "problem": ""})

    async def sees(self, plan: Plan, route: Route, call: McpCall, work: Work) -> bool:
        """Whether some arguments of the tool, prompt or resource could be permitted for this caller."""
        return await self._views.sees(plan, route, work, session=call.session, era=call.version)

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
        return signed(told(f"the arguments do not fit the tool's input schema:\n{lines}"), flight.work)

    async def _hidden_or(self, flight: Flight, refused: Refusal, *, stage: str = "") -> Refusal:
        """Record the refusal and return it, or `unknown` in its place when the caller may not know of the name."""
        work, call, route = flight.work, flight.call, flight.route
        reason = str(refused)
        stage = stage or (work.trace[-1]["stage"] if work.trace else "policy")
        if not await self.sees(flight.plan, route, call, work):
            refused = unknown(route.kind, work.name, call.version)
            reason = f"hidden: {reason}"
        await self.refuse(work, call, stage, refused, reason=reason)
        return refused

    async def refuse(self, work: Work, call: McpCall, stage: str, refused: Refusal, *, reason: str = "") -> None:
        """Record a refusal; `reason` is what the client is not told."""
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
