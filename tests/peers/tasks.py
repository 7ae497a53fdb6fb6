"""Tasks of a modern server: begun by tools, asked for until they end. Independent of the gateway's protocol room.

Source: ext-tasks, specification/draft/tasks (SEP-2663).
"""

from __future__ import annotations

import asyncio
import secrets
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tests.peers.record import PeerError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.peers.features import Call

__all__ = ["EXTENSION", "TASK_METHODS", "Book", "Task"]

EXTENSION = "io.modelcontextprotocol/tasks"
TASK_METHODS = frozenset({"tasks/get", "tasks/update", "tasks/cancel"})


class Task:
    """One task: `ask` waits for its client's answers."""

    def __init__(self, ttl: int | None) -> None:
        self.id = secrets.token_hex(8)
        self.ttl = ttl
        self.status = "working"
        self.message = ""
        self.asked: dict[str, dict[str, Any]] = {}
        self.end: dict[str, Any] = {}
        self.running: asyncio.Task[None] | None = None
        self._answers: dict[str, Any] = {}
        self._changed = asyncio.Event()
        self._created = self._updated = _now()

    async def ask(self, requests: dict[str, tuple[str, dict[str, Any]]]) -> dict[str, Any]:
        """Return the answers by key, once all have come."""
        self.asked = {key: {"method": method, "params": params} for key, (method, params) in requests.items()}
        while self.asked:
            self.set("input_required")
            self._changed.clear()
            await self._changed.wait()
        self.set("working")
        return {key: self._answers[key] for key in requests}

    def give(self, answers: dict[str, Any]) -> None:
        """Take answers; those to nothing that is open are ignored."""
        for key, answer in answers.items():
            if self.asked.pop(key, None) is not None:
                self._answers[key] = answer
        self._changed.set()

    def set(self, status: str, **end: Any) -> None:
        if self.status not in {"completed", "failed", "cancelled"}:
            self.status, self.end, self._updated = status, end, _now()

    def shown(self, *, detailed: bool = False) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "taskId": self.id, "status": self.status, "createdAt": self._created, "lastUpdatedAt": self._updated,
            "ttlMs": self.ttl, "pollIntervalMs": 50,
        }  # fmt: skip
        if self.message:
            shown["statusMessage"] = self.message
        if detailed:
            shown |= self.end
            if self.status == "input_required":
                shown["inputRequests"] = dict(self.asked)
        return shown


class Book:
    """The tasks of one server."""

    def __init__(self) -> None:
        self.tasks: dict[str, Task] = {}

    def declared(self, call: Call) -> bool:
        return EXTENSION in (call.capabilities.get("extensions") or {})

    def need(self, call: Call) -> None:
        """Raise -32021 for a client that has not declared the extension."""
        if not self.declared(call):
            data = {"requiredCapabilities": {"extensions": {EXTENSION: {}}}}
            raise PeerError(-32021, "tasks are needed", data)

    def begin(
        self, work: Callable[[Task], Awaitable[dict[str, Any]]], *, ttl: int | None = 60_000, message: str = ""
    ) -> dict[str, Any]:
        """Begin a task and return what its call is answered with."""
        task = Task(ttl)
        task.message = message
        self.tasks[task.id] = task
        task.running = asyncio.ensure_future(_run(task, work))
        return {"resultType": "task", **task.shown()}

    async def answer(self, method: str, call: Call) -> dict[str, Any]:
        """Answer one of the extension's requests; raises `PeerError`."""
        self.need(call)
        task = self.tasks.get(call.params.get("taskId", ""))
        if task is None:
            raise PeerError(-32602, "unknown task: internal table `jobs` has no such row")
        if method == "tasks/get":
            return task.shown(detailed=True)
        if method == "tasks/update":
            task.give(call.params["inputResponses"])
        else:
            task.set("cancelled")
            if task.running is not None:
                task.running.cancel()
        return {}

    async def close(self) -> None:
        """End all of them."""
        for task in self.tasks.values():
            if task.running is not None:
                task.running.cancel()
                with suppress(asyncio.CancelledError):
                    await task.running


async def _run(task: Task, work: Callable[[Task], Awaitable[dict[str, Any]]]) -> None:
    try:
        task.set("completed", result=await work(task))
    except PeerError as error:
        task.set("failed", error=error.body())


def _now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")
