"""Tasks (extension `io.modelcontextprotocol/tasks`): asked for, answered and cancelled where they live. It keeps none.

1 the id is opened: it leads to one upstream's task, for this caller at this endpoint only
2 the request is judged as an action of its own (`tasks/get`, ...) on the tool that began the task, and only for who may
still use that tool; limits are charged, the ledger has the intent
3 the upstream is asked under its own id
4 what a task asks of its client is judged, redacted and recorded like the questions of a call; what is refused is
declined, and its client sees nothing of it
5 a result passes what the call's own would have passed: the obligations of that call and of this request, transforms,
the output schema

Policies and transforms see no arguments: those of the call are not kept. Source: ext-tasks, specification/draft/tasks.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from mcpg.contract.ports import Refusal
from mcpg.contract.problems import RunFailed
from mcpg.pipeline.backends import names_of
from mcpg.pipeline.refusals import denied, unavailable, unknown
from mcpg.pipeline.task_ids import for_client, own_meta
from mcpg.pipeline.told import signed, told
from mcpg.protocol.frames import INTERNAL_ERROR, INVALID_PARAMS, MISSING_CAPABILITY
from mcpg.protocol.refusals import missing_capability, unknown_method
from mcpg.protocol.tasks import NEEDED, declares_tasks

if TYPE_CHECKING:
    from mcpg.contract.ports import McpCall, UpstreamCalls
    from mcpg.pipeline.calls import Calls
    from mcpg.pipeline.flight import Flight
    from mcpg.pipeline.routes import Route
    from mcpg.pipeline.stages import Plan
    from mcpg.pipeline.task_ids import TaskIds, Ticket
    from mcpg.pipeline.work import Work

__all__ = ["Tasks"]


class Tasks:
    """Answers the extension's requests."""

    def __init__(self, calls: Calls, ids: TaskIds, upstreams: UpstreamCalls) -> None:
        self._calls = calls
        self._ids = ids
        self._upstreams = upstreams

    async def answer(self, plan: Plan, call: McpCall, work: Work, *, offered: bool) -> dict[str, Any]:
        """Return the result of one request; raises `Refusal`. `offered`: whether the endpoint says that it has tasks.

        An id that opens is served also while its upstream is away, and nothing is offered for that time.
        """
        ticket = self._ids.open(call.params.get("taskId"), work)
        if ticket is None and not offered:
            raise unknown_method(call.method, call.version)
        if not declares_tasks(call.version, call.capabilities):
            raise missing_capability(NEEDED)
        if ticket is None:
            absent = _no_task()
            await self._calls.refuse(work, call, "task", absent)
            raise absent
        work.name, work.task = ticket.shown, ticket.origin
        fit = partial(self._fit, plan, call, work, ticket)
        ask = partial(self._ask, call, ticket)
        flight, answer = await self._calls.open(plan, "tool", call, work, ask, fit=fit)
        await self._calls.refuse_fenced(flight)
        return answer

    async def _fit(self, plan: Plan, call: McpCall, work: Work, ticket: Ticket, route: Route) -> Route:
        """Return the route of the tool for a request that has none of its arguments; raises `Refusal`, recorded."""
        refused = None
        if route.name != ticket.name or route.upstream != ticket.upstream:
            refused = unknown("tool", work.name, call.version)
        elif route.backend in plan.fenced:
            refused = unavailable(f"plugin `{route.backend}` has been fenced", work.call_id)
        elif not await self._calls.sees(plan, route, call, work):
            refused = unknown("tool", work.name, call.version)
        if refused is not None:
            await self._calls.refuse(work, call, "task", refused)
            raise refused
        return replace(route, check=None, defaults={}, mirrors=())

    async def _ask(self, call: McpCall, ticket: Ticket, flight: Flight) -> dict[str, Any]:
        stage = flight.plan.backends[flight.route.backend]
        passed = {"stage": "backend", "use": stage.use, "verdict": "passed", "component": stage.guest.digest}
        flight.work.trace.append(passed)  # whoever fences the backend fences what came by it
        if flight.judgement is not None:
            obligations = (*flight.judgement.obligations, *ticket.duties)
            flight.judgement = flight.judgement._replace(obligations=obligations)
        params: dict[str, Any] = {}
        if call.method == "tasks/update":
            given = call.params.get("inputResponses") or {}
            params["inputResponses"] = await self._calls.asking.taken(flight, given, ticket.origin)
        answer = await self._send(flight, ticket, call.method, params)
        if call.method != "tasks/get":
            return {}
        if answer["taskId"] != ticket.inner:
            raise Refusal(INTERNAL_ERROR, "the backend failed: bad-task", data={"call": flight.work.call_id})
        return await self._detailed(flight, ticket, answer, str(call.params["taskId"]))

    async def _send(self, flight: Flight, ticket: Ticket, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """Ask the upstream; raises `Refusal` for its error, `UpstreamFailed` where it gave no answer."""
        work = flight.work
        sent = {"taskId": ticket.inner, **params}
        answer = await self._upstreams.request(ticket.upstream, method, sent, deadline=work.deadline, party=work.party)
        error = answer.get("error")
        if error is None:
            result: dict[str, Any] = answer["result"]
            return result
        code = error.get("code")
        if code == INVALID_PARAMS:
            raise _no_task()
        if code == MISSING_CAPABILITY and (required := names_of(error.get("data"))):
            raise missing_capability(required)
        raise Refusal(INTERNAL_ERROR, "the backend failed: mcp-error", data={"call": work.call_id})

    async def _detailed(self, flight: Flight, ticket: Ticket, answer: dict[str, Any], token: str) -> dict[str, Any]:
        """Return a DetailedTask as its client may see it."""
        task = for_client(flight, answer, token)
        status = task["status"]
        if status == "completed":
            task["result"] = await self._result(flight, answer["result"])
        elif status == "failed":
            task["error"] = _error(flight, answer["error"])
        elif status == "input_required":
            del task["inputRequests"]
            task |= await self._asked(flight, ticket, answer["inputRequests"])
        return signed(task, flight.work)

    async def _result(self, flight: Flight, result: dict[str, Any]) -> dict[str, Any]:
        own = replace(flight, call=replace(flight.call, method="tools/call"))
        result = own_meta(result)
        try:
            return await self._calls.finished(own, result)
        except RunFailed as error:
            quiet = flight.redacts or flight.transforms
            text = f"the call failed ({error.code})" + ("" if quiet else f": {error.message}")
            return told(text)

    async def _asked(self, flight: Flight, ticket: Ticket, requests: dict[str, Any]) -> dict[str, Any]:
        """Return what changes in a task that asks: its questions, as far as they may be put."""
        shown, refused = await self._calls.asking.of_task(flight, requests, ticket.origin)
        untold = [requests[key]["method"] for key, response in refused.items() if "result" not in response]
        if untold:  # there is no way to tell a server that these are refused
            what = f"the task asks for `{untold[0]}`, which is not permitted: cancel it"
            raise denied(what, flight.work.call_id, code="ask-refused")
        if refused:
            answers = {key: response["result"] for key, response in refused.items()}
            await self._send(flight, ticket, "tasks/update", {"inputResponses": answers})
        if shown:
            return {"inputRequests": shown}
        return {"status": "working"}  # for this client nothing is open


def _no_task() -> Refusal:
    return Refusal(INVALID_PARAMS, "unknown task")


def _error(flight: Flight, error: dict[str, Any]) -> dict[str, Any]:
    """Return a task's error without its server's words where those would have to be judged."""
    words = "the task failed" if flight.redacts or flight.transforms else error["message"][:1000]
    return {"code": error["code"], "message": "".join(c if c.isprintable() else " " for c in words)}
