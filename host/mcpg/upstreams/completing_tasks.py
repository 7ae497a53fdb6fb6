"""Tools of 2025-11-25 that must be called with a task: the task is begun, waited for and ended here, for every client.

Nobody but this room sees it: its result is the call's result. What the server asks meanwhile belongs to the call, and
progress goes on under the token of the request that began it. Tools whose tasks are optional are called without one.
It keeps no task beyond its call. Source: basic/utilities/tasks of 2025-11-25.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from mcpg.protocol.frames import Failure, Response
from mcpg.upstreams.asks import without_task
from mcpg.upstreams.clients import Client
from mcpg.upstreams.eras import shown
from mcpg.upstreams.faults import Fault, Lost
from mcpg.upstreams.inputs import Unfit
from mcpg.upstreams.tickets import progress_token

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcpg.upstreams.eras import Agreement
    from mcpg.upstreams.link import Link
    from mcpg.upstreams.tickets import Answer, Notify

__all__ = ["TaskTools", "call_as_task", "takes_tasks"]

VERSION: Final = "2025-11-25"
ENDED: Final = frozenset({"completed", "failed", "cancelled"})
STATUSES: Final = ENDED | {"working", "input_required"}
MAX_TOOLS: Final = 10_000
MAX_ID: Final = 1024
MAX_FETCHES: Final = 100
"""How often the result may be asked for: a server that does not wait is asked again whenever it wants input."""
POLL_SECONDS: Final = 1.0
MIN_POLL: Final = 0.05
MAX_POLL: Final = 10.0


def takes_tasks(agreement: Agreement) -> bool:
    """Return whether a server has declared `tasks.requests.tools.call`."""
    part: Any = agreement.capabilities
    for key in ("tasks", "requests", "tools", "call"):
        part = part.get(key) if isinstance(part, dict) else None
    return agreement.version == VERSION and isinstance(part, dict)


class TaskTools:
    """Which tools of one upstream want a task, as its `tools/list` said last; bounded. `ttl` is in milliseconds."""

    def __init__(self, seconds: float) -> None:
        self.ttl = int(seconds * 1000)
        self.names: OrderedDict[str, None] = OrderedDict()

    def wants(self, params: Mapping[str, Any]) -> bool:
        """Return whether the tool of a tools/call must be called with a task."""
        name = params.get("name")
        return isinstance(name, str) and name in self.names

    def learn(self, result: Mapping[str, Any], agreement: Agreement) -> None:
        """Take in a page of tools/list."""
        tools = result.get("tools")
        capable = takes_tasks(agreement)
        if not isinstance(tools, list) or not (self.names or capable):
            return
        for tool in tools:
            name = tool.get("name") if isinstance(tool, dict) else None
            if not isinstance(name, str):
                continue
            self.names.pop(name, None)
            execution = tool.get("execution")
            if capable and isinstance(execution, dict) and execution.get("taskSupport") == "required":
                self.names[name] = None
                if len(self.names) > MAX_TOOLS:
                    self.names.popitem(last=False)


async def call_as_task(
    link: Link, params: dict[str, Any], notify: Notify | None, client: Client | None, ttl: int
) -> Answer:
    """Call a tool with a task and return what the call would have answered; raises `Fault` and `Unfit`.

    Whatever ends this before the task has ended cancels the task.
    """
    sink = client.sink if client is not None else None
    with link.asks.holding(sink) as held:
        begun = await link.exchange("tools/call", {**params, "task": {"ttl": ttl}}, notify, client)
        if isinstance(begun, Failure) or ("task" not in begun.result and "content" in begun.result):
            return begun  # refused, or done at once
        run = _Run(link, _task_of(begun.result.get("task"), "began"))
        held(run.id)
        token = progress_token(params)
        if notify is not None and token is not None and type(begun.id) is int:
            client = replace(client or Client(), progress=(begun.id, token))
        try:
            return await run.finish(notify, client)
        except Fault as fault:
            run.cancel()
            raise fault if fault.processed else Lost(str(fault)) from fault  # never again: the task has begun
        except BaseException:
            run.cancel()
            raise


class _Run:
    """One task that has begun."""

    def __init__(self, link: Link, task: Mapping[str, Any]) -> None:
        self.id: str = task["taskId"]
        self._link = link
        self._ended = task["status"] in ENDED
        self._pause = _pause(task)

    def cancel(self) -> None:
        """Ask the server in passing to end the task, unless it has ended."""
        capability = self._link.agreement.capabilities.get("tasks")
        if not self._ended and isinstance(capability, dict) and "cancel" in capability:
            self._link.request_soon("tasks/cancel", {"taskId": self.id})

    async def finish(self, notify: Notify | None, client: Client | None) -> Answer:
        """Return the result, waiting in `tasks/result`, or with `tasks/get` where that does not wait."""
        for _ in range(MAX_FETCHES):
            answer = await self._link.exchange("tasks/result", {"taskId": self.id}, notify, client)
            if isinstance(answer, Response) and not _is_task(answer.result):
                self._ended = True
                return Response(answer.id, dict(without_task(answer.result)))
            if self._ended:
                return _final(answer)
            await self._wait(notify, client)
        raise Unfit("wants the result of a task to be asked for again and again")

    async def _wait(self, notify: Notify | None, client: Client | None) -> None:
        """Return once the task has ended or wants input; raises `Unfit` when the server does not say."""
        while True:
            answer = await self._link.exchange("tasks/get", {"taskId": self.id}, notify, client)
            if isinstance(answer, Failure):
                raise Unfit(f"does not say how its task goes on (error {answer.code})")
            task = _task_of(answer.result, "told of")
            if task["taskId"] != self.id:
                raise Unfit("told of another task than the one it was asked for")
            self._pause = _pause(task)
            self._ended = task["status"] in ENDED
            if self._ended:
                return
            await asyncio.sleep(self._pause)
            if task["status"] == "input_required":
                return


def _final(answer: Answer) -> Answer:
    if isinstance(answer, Response):
        raise Unfit("answered with a task where its result was due")
    return answer


def _task_of(task: Any, did: str) -> Mapping[str, Any]:
    """Return a task if it is one; raises `Unfit`."""
    if not isinstance(task, dict):
        raise Unfit(f"{did} a task, but did not say which")
    task_id, status = task.get("taskId"), task.get("status")
    if not isinstance(task_id, str) or not 0 < len(task_id) <= MAX_ID:
        raise Unfit(f"{did} a task without a sound `taskId`")
    if not isinstance(status, str) or status not in STATUSES:
        raise Unfit(f"{did} a task with the status `{shown(status)}`, which {VERSION} does not know")
    return task


def _is_task(result: Mapping[str, Any]) -> bool:
    return "content" not in result and ("taskId" in result or "task" in result)


def _pause(task: Mapping[str, Any]) -> float:
    given = task.get("pollInterval")
    sound = isinstance(given, int | float) and not isinstance(given, bool)
    return min(max(given / 1000, MIN_POLL), MAX_POLL) if sound and given is not None else POLL_SECONDS
