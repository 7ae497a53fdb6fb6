"""The tools with which the official conformance suite tries tasks (extension `io.modelcontextprotocol/tasks`).

A client that has not declared the extension gets what a tool comes to in the end, where it can wait for that.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from tests.peers.features import text
from tests.peers.record import PeerError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.peers.features import Call
    from tests.peers.server import Server
    from tests.peers.tasks import Book, Task

__all__ = ["TASK_TOOLS", "TaskTools"]

Arguments = dict[str, Any]

TASK_TOOLS: dict[str, dict[str, Any]] = {
    "greet": {"name": {"type": "string"}},
    "slow_compute": {"seconds": {"type": "number"}, "label": {"type": "string"}},
    "failing_job": {},
    "protocol_error_job": {},
    "confirm_delete": {"filename": {"type": "string"}},
    "multi_input": {},
    "test_tool_with_task": {},
}
"""The properties of each tool's arguments."""


def _form(message: str, name: str, kind: str) -> tuple[str, dict[str, Any]]:
    schema = {"type": "object", "properties": {name: {"type": kind}}, "required": [name]}
    return "elicitation/create", {"message": message, "requestedSchema": schema}


class TaskTools:
    """Tools that begin tasks, for the features of the suite's server."""

    _server: Server

    def _book(self, call: Call, *, required: bool = False) -> Book | None:
        """Return where tasks are kept if this call may be answered with one."""
        book = self._server.tasks
        if book is not None and required:
            book.need(call)
        return book if book is not None and book.declared(call) else None

    async def do_greet(self, call: Call, given: Arguments) -> dict[str, Any]:
        return text(f"Hello, {given.get('name')}!")

    async def do_slow_compute(self, call: Call, given: Arguments) -> dict[str, Any]:
        async def work(_: Task | None) -> dict[str, Any]:
            await asyncio.sleep(given.get("seconds", 0))
            return text(f"computed {given.get('label')}")

        return await self._begun(call, work)

    async def do_failing_job(self, call: Call, given: Arguments) -> dict[str, Any]:
        async def work(_: Task | None) -> dict[str, Any]:
            await asyncio.sleep(0.2)
            return text("the job failed", error=True)

        return await self._begun(call, work, required=True)

    async def do_protocol_error_job(self, call: Call, given: Arguments) -> dict[str, Any]:
        async def work(_: Task | None) -> dict[str, Any]:
            await asyncio.sleep(0.1)
            raise PeerError(-32603, "the job broke", {"trace": "secret"})

        return await self._begun(call, work)

    async def do_confirm_delete(self, call: Call, given: Arguments) -> dict[str, Any]:
        async def work(task: Task | None) -> dict[str, Any]:
            answers = await (task or call).ask({"confirm": _form("Delete it?", "confirm", "boolean")})
            return text(f"{given.get('filename')}: {answers['confirm'].get('action')}")

        return await self._begun(call, work)

    async def do_multi_input(self, call: Call, given: Arguments) -> dict[str, Any]:
        async def work(task: Task | None) -> dict[str, Any]:
            both = {"who": _form("Who?", "name", "string"), "sure": _form("Sure?", "confirm", "boolean")}
            answers = await (task or call).ask(both)
            return text(str(sorted(answers)))

        return await self._begun(call, work)

    async def do_test_tool_with_task(self, call: Call, given: Arguments) -> dict[str, Any]:
        """Ask first, in rounds of the call itself, then begin a task."""
        if self._server.tasks is not None:
            self._server.tasks.need(call)
        answers = await call.ask({"user_name": _form("What is your name?", "name", "string")})
        content = answers["user_name"].get("content") or {}

        async def work(_: Task | None) -> dict[str, Any]:
            return text(f"Hello, {content.get('name')}!")

        return await self._begun(call, work)

    async def _begun(
        self, call: Call, work: Callable[[Task | None], Awaitable[dict[str, Any]]], *, required: bool = False
    ) -> dict[str, Any]:
        book = self._book(call, required=required)
        return await work(None) if book is None else book.begin(work)
